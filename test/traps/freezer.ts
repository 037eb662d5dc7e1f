import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onCleanup } from '../helpers/cleanup.js';
import type { Requirement } from '../helpers/requirements.js';
import { until } from '../helpers/until.js';

/** A control group that can stop its processes wherever they are (cgroups(7)). */
interface Hierarchy {
  readonly type: 'cgroup' | 'cgroup2';
  /**
   * The file, and what is written to it to stop the group and to let it go. `frozen` checks the content of
   * `told`.
   */
  readonly file: string;
  readonly stop: string;
  readonly go: string;
  readonly told: string;
  readonly frozen: RegExp;
}

export const HIERARCHIES: readonly Hierarchy[] = [
  {
    type: 'cgroup',
    file: 'freezer.state',
    stop: 'FROZEN',
    go: 'THAWED',
    told: 'freezer.state',
    frozen: /^FROZEN$/m,
  },
  {
    type: 'cgroup2',
    file: 'cgroup.freeze',
    stop: '1',
    go: '0',
    told: 'cgroup.events',
    frozen: /^frozen 1$/m,
  },
];

/** Only an attempt to make a group shows whether it is allowed. */
export function canFreeze(hierarchy: Hierarchy): Requirement {
  const root = mountOf(hierarchy);
  if (root === undefined) return { available: false, reason: `no freezer of ${hierarchy.type} is mounted` };
  try {
    const group = join(root, `kernel-identity-try-${process.pid}`);
    mkdirSync(group);
    rmdirSync(group);
    return { available: true, reason: '' };
  } catch (error) {
    return { available: false, reason: `cannot make a ${hierarchy.type}: ${(error as Error).message}` };
  }
}

/** Stops a process of this machine until the test is over. */
export async function freeze(hierarchy: Hierarchy, hostPid: number): Promise<void> {
  const root = mountOf(hierarchy) as string;
  const group = join(root, `kernel-identity-test-${hostPid}`);
  const { file, stop, go, told, frozen } = hierarchy;
  mkdirSync(group);
  // This is undone before the process is killed, because a frozen process of the older kind does not die.
  onCleanup(async () => {
    writeFileSync(join(group, file), go);
    writeFileSync(join(root, 'cgroup.procs'), String(hostPid));
    await until('the control group is empty', () => readFileSync(join(group, 'cgroup.procs'), 'utf8') === '');
    rmdirSync(group);
  });
  writeFileSync(join(group, 'cgroup.procs'), String(hostPid));
  writeFileSync(join(group, file), stop);
  await until('the process is frozen', () => frozen.test(readFileSync(join(group, told), 'utf8')));
}

/** Returns where the hierarchy with the freezer is mounted. */
function mountOf({ type }: Hierarchy): string | undefined {
  const lines = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  for (const line of lines) {
    const [, path, kind, options = ''] = line.split(' ');
    if (kind === type && (type === 'cgroup2' || options.split(',').includes('freezer'))) return path;
  }
  return undefined;
}
