import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AgentOptions } from './agent.js';
import { hasProgram, type Requirement } from './requirements.js';
import { tempDir } from './temp-dir.js';

const FIXTURES = new URL('../fixtures/other-systems/', import.meta.url);
const AS_ON = fileURLToPath(new URL('as-on.mjs', FIXTURES));
const WITH_ADDON = fileURLToPath(new URL('with-addon.mjs', FIXTURES));

/** The systems on which plain Node takes a witness, one for each way in which it does that or finds a local disk. */
export const WITNESSED = ['darwin', 'freebsd', 'openbsd', 'win32'] as const;
export type Witnessed = (typeof WITNESSED)[number];

export function canActAsOtherSystem(): Requirement {
  return hasProgram('cc');
}

/**
 * Compiles the open(2) of other systems.
 * @returns the path of the library, which stands until the test, or the hook that called this, is over.
 */
export function compileOpenFlags(directory = tempDir()): string {
  const library = `${directory}/open-flags.so`;
  const source = fileURLToPath(new URL('open-flags.c', FIXTURES));
  const { status, stderr } = spawnSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`open-flags.c does not compile: ${stderr}`);
  return library;
}

/** The addon for macOS on x64 can be loaded here: its code is that of this processor. */
export function canLoadMachO(): Requirement {
  if (process.arch !== 'x64') return { available: false, reason: 'needs a processor of the kind x64' };
  return hasProgram('c++');
}

/**
 * Compiles what loads that addon on Linux.
 * @returns the path of an addon for Linux.
 */
export function compileMachOLoader(directory: string): string {
  const folder = fileURLToPath(new URL('mach-o/', FIXTURES));
  const addon = join(directory, 'mach-o.node');
  const sources = readdirSync(folder).filter((name) => name.endsWith('.cc'));
  const flags = ['-std=c++20', '-shared', '-fPIC', '-fvisibility=hidden', '-pthread', '-Wall', '-Wextra'];
  const { status, stderr } = spawnSync('c++', [...flags, '-o', addon, ...sources], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`mach-o/ does not compile: ${stderr}`);
  return addon;
}

/** The environment in which Node believes that it runs on macOS, with the addon for that. */
export function onMacosWithAddon(openFlags: string, loader: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    KI_TEST_PLATFORM: 'darwin',
    KI_TEST_MACH_O: loader,
    KERNEL_IDENTITY_BACKEND: 'native',
    LD_PRELOAD: openFlags,
    NODE_OPTIONS: `--import=${AS_ON} --import=${WITH_ADDON}`,
  };
}

/**
 * The command and the options with which a process of Node believes that it runs on that system.
 * @param library null: the process runs on a runtime that ignores the flags of open(2).
 * @param env more of its environment.
 */
export function asOn(
  platform: Witnessed,
  library: string | null,
  env: Readonly<Record<string, string>> = {},
): Required<Pick<AgentOptions, 'through' | 'nodeOptions'>> {
  const all = {
    ...env,
    KI_TEST_PLATFORM: platform,
    ...(library === null ? {} : { LD_PRELOAD: library }),
  };
  const settings = Object.entries(all).map(([name, value]) => `${name}=${value}`);
  return { through: ['env', ...settings], nodeOptions: ['--import', AS_ON] };
}
