import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { AgentOptions } from './agent.js';
import { hasProgram, type Requirement } from './requirements.js';
import { tempDir } from './temp-dir.js';

const FIXTURES = new URL('../fixtures/other-systems/', import.meta.url);
const AS_ON = fileURLToPath(new URL('as-on.mjs', FIXTURES));

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
