import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { TestedName } from '../helpers/backends.js';
import type { Box } from '../helpers/box.js';
import { startProcess, type TestProcess } from '../helpers/processes.js';
import type { Requirement } from '../helpers/requirements.js';

const WATCHER = fileURLToPath(new URL('watcher.mjs', import.meta.url));

/** ms within which a loop of reads sees a death. On an idle machine it takes a tenth of one. */
export const SEEN_MS = 3000;

/** A filesystem in memory, on which both backends can test a witness. */
export const MEMORY = '/dev/shm';

export function hasMemoryFilesystem(): Requirement {
  return { available: existsSync(MEMORY), reason: `no ${MEMORY}` };
}

interface WatcherOptions {
  /** Watches in a worker thread. */
  readonly thread?: boolean;
  /** A command that runs another one, which is appended to it. */
  readonly through?: readonly string[];
  readonly box?: Box;
}

/** The first answers of a new watch. */
export interface Watched {
  readonly alive: boolean;
  readonly event: boolean;
  readonly state: string;
}

export interface Spun {
  readonly alive: boolean;
  readonly reads: number;
  readonly ms: number;
}

/** A process that watches as its test asks (watcher.mjs). */
export class Watcher {
  readonly #process: TestProcess;

  static async start(backend: TestedName, options: WatcherOptions = {}): Promise<Watcher> {
    const { thread = false, through = [], box } = options;
    const command = [...through, process.execPath, WATCHER, thread ? 'thread' : 'main'];
    const env = { KERNEL_IDENTITY_BACKEND: backend };
    const started = await (box === undefined ? startProcess(command, { env }) : box.start(command, { env }));
    expect(await started.message()).toBe('ready');
    return new Watcher(started);
  }

  private constructor(started: TestProcess) {
    this.#process = started;
  }

  send(call: string, args: object = {}): void {
    this.#process.send({ call, ...args });
  }

  async answer<T>(): Promise<T> {
    const answer = await this.#process.message<{ value: T } | { error: string }>();
    if ('error' in answer) throw new Error(answer.error);
    return answer.value;
  }

  call<T>(call: string, args?: object): Promise<T> {
    this.send(call, args);
    return this.answer();
  }
}
