import { isShortage } from './system-error.js';

/** Milliseconds that a program may take. Each of them asks the kernel or a log of this machine, and no server. */
const PATIENCE = 2_000;
/** Bytes. */
const MAX_OUTPUT = 1024 * 1024;

/**
 * What a program of the system prints. An empty text where it is missing, fails, hangs, or may not be started (a sandbox,
 * Node's permission model).
 * @param file its path, so that nothing of that name on PATH is started in its place.
 * @param env its whole environment.
 * @throws EMFILE, ENFILE or ENOMEM where descriptors or memory have run out.
 */
export function askProgram(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = { LC_ALL: 'C' },
): string {
  // The module is loaded only here, because on Linux nothing of this runs.
  const { execFileSync } = process.getBuiltinModule('node:child_process');
  try {
    return execFileSync(file, args, {
      encoding: 'utf8',
      timeout: PATIENCE,
      maxBuffer: MAX_OUTPUT,
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
      windowsHide: true,
    });
  } catch (error) {
    if (isShortage(error)) throw error;
    return '';
  }
}
