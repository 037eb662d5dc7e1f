import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { ContainerHint, Seccomp } from './types.js';

const SECCOMP_MODES = ['disabled', 'strict', 'filter'] as const;

/** Files that runtimes put into their containers. */
const FILES: readonly (readonly [path: string, runtime: string])[] = [
  ['/.dockerenv', 'docker'],
  ['/run/.containerenv', 'podman'],
  ['/run/secrets/kubernetes.io', 'kubernetes'],
  ['/dev/lxd', 'lxd'],
  ['/run/host/container-manager', 'a container manager'],
];

/** Parts of cgroup paths by which runtimes are recognised. */
const CGROUPS: readonly (readonly [part: RegExp, runtime: string])[] = [
  [/\/docker[-/]/, 'docker'],
  [/\/kubepods/, 'kubernetes'],
  [/\/libpod-/, 'podman'],
  [/\/lxc[./]/, 'lxc'],
  [/\/machine\.slice\/systemd-nspawn/, 'systemd-nspawn'],
];

/** Inode numbers of this process's namespaces by name (`pid`, `mnt`, `user`, ...); empty if not readable. */
export function readNamespaces(): Record<string, string> {
  const inodes: Record<string, string> = {};
  try {
    for (const name of readdirSync('/proc/self/ns').sort()) {
      const inode = /\[(\d+)\]$/.exec(readlinkSync(`/proc/self/ns/${name}`))?.[1];
      if (inode !== undefined) inodes[name] = inode;
    }
  } catch {
    // There is no /proc, or it belongs to a PID namespace in which this process has no number.
  }
  return inodes;
}

export function readSeccomp(): Seccomp {
  return parseSeccomp(read('/proc/self/status'));
}

/** @param status text of /proc/self/status (proc_pid_status(5)). */
export function parseSeccomp(status: string): Seccomp {
  const mode = /^Seccomp:\s*(\d+)$/m.exec(status)?.[1];
  const filters = /^Seccomp_filters:\s*(\d+)$/m.exec(status)?.[1];
  return {
    mode: mode === undefined ? null : (SECCOMP_MODES[Number(mode)] ?? null),
    filters: filters === undefined ? null : Number(filters),
  };
}

export function readContainerHints(): ContainerHint[] {
  const hints: ContainerHint[] = [];
  for (const [path, runtime] of FILES) {
    if (isThere(path)) hints.push({ runtime, source: path });
  }
  // systemd's container interface defines this variable; podman and nspawn set it as well.
  const { container, KUBERNETES_SERVICE_HOST } = process.env;
  if (container !== undefined && /^[\w-]{1,32}$/.test(container)) {
    hints.push({ runtime: container, source: 'the environment variable container' });
  }
  if (KUBERNETES_SERVICE_HOST !== undefined) {
    hints.push({ runtime: 'kubernetes', source: 'the environment variable KUBERNETES_SERVICE_HOST' });
  }
  const cgroup = read('/proc/self/cgroup');
  for (const [part, runtime] of CGROUPS) {
    if (part.test(cgroup)) hints.push({ runtime, source: '/proc/self/cgroup' });
  }
  const version = read('/proc/version');
  if (/microsoft/i.test(version)) hints.push({ runtime: 'wsl', source: '/proc/version' });
  if (/gvisor/i.test(version)) hints.push({ runtime: 'gvisor', source: '/proc/version' });
  return hints;
}

/** False also where Node's permission model denies the check, because Node 20 throws then. */
function isThere(path: string): boolean {
  try {
    return existsSync(path);
  } catch {
    return false;
  }
}

/** The text of a file; empty when it cannot be read. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
