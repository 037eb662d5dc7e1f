import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inspectLockSync, type LockInspection } from '../../src/index.js';
import { onCleanup } from '../helpers/cleanup.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';

/** A command that knows nothing of locks, and lives until it is killed. */
export const SLEEP = ['sleep', '600'] as const;

/** Kills the process when the test is over, if it still lives. */
export function killAfterwards(pid: number): number {
  onCleanup(() => {
    if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  });
  return pid;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Kills the process, and waits until the kernel has dropped all that it held. */
export async function kill(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await until(`process ${pid} is gone, or a zombie`, () => {
    const status = statusOf(pid);
    // The state is that of the first thread, which need not be the last one to end.
    return status === null || (/^State:\tZ/m.test(status) && /^Threads:\t1$/m.test(status));
  });
}

function statusOf(pid: number): string | null {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return null;
  }
}

/** Waits until the lock has one of the states. */
export function untilState(path: string, ...states: LockInspection['state'][]): Promise<LockInspection> {
  return until(`${path} is ${states.join(' or ')}`, () => {
    const inspection = inspectLockSync(path);
    return states.includes(inspection.state) && inspection;
  });
}

interface Report {
  readonly pid: number;
  readonly [what: string]: unknown;
}

/** A program that adopts the lock. It reports in a file, because its parent may be killed. */
export class AdoptingHeir {
  readonly command: readonly string[];
  readonly #file: string;
  #read = 0;

  constructor() {
    this.#file = join(tempDir(), 'report');
    const script = fileURLToPath(new URL('fixtures/heir.mjs', import.meta.url));
    this.command = [process.execPath, script, this.#file];
  }

  /** What it reports next. */
  report(): Promise<Report> {
    return until('the heir reports', () => {
      const lines = this.#text().split('\n');
      if (lines.length - 1 <= this.#read) return undefined;
      const report = JSON.parse(lines[this.#read++] as string) as Report;
      killAfterwards(report.pid);
      return report;
    });
  }

  #text(): string {
    try {
      return readFileSync(this.#file, 'utf8');
    } catch {
      return '';
    }
  }
}
