import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const NS_PER_MS = 1e6;

/** Runs a script of bench/ in a process of its own, and returns the JSON that the script prints. */
export async function inFreshProcess(script, ...args) {
  const path = fileURLToPath(new URL(`../${script}`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [path, ...args]);
  return JSON.parse(stdout);
}

/** A subject that starts one process a turn; `run` returns the milliseconds that the process itself reported. */
export function reported(run) {
  return { batch: 1, turn: async () => [(await run()) * NS_PER_MS] };
}
