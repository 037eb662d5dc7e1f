import type { WaitReport } from '../lock/events.js';

/** What keeps a task from a lock. */
export type Hindrance = Pick<WaitReport, 'owner' | 'verdict' | 'description'>;

/** A task of this process that wants a lock, or has it. */
export interface Task {
  /** What keeps those behind it from the lock, while it is the first. null: the server has not said so yet. */
  readonly hindrance: Hindrance | null;
  /** Whether it wants to be woken when that changes for the first of the line. */
  readonly isListening: boolean;
  /** Its turn may have come. Gets what the first task knew, which may have left. */
  wake(known: Hindrance | null): void;
}

/**
 * The tasks of this process that want the same lock, one after the other. A session has one entry in the line of a lock,
 * so that two tasks would otherwise share it, and both hold the lock.
 */
export class Turns {
  readonly #lines = new Map<string, Task[]>();

  /** The task whose turn it is. */
  first(name: string): Task | undefined {
    return this.#lines.get(name)?.[0];
  }

  enter(name: string, task: Task): void {
    const line = this.#lines.get(name);
    if (line === undefined) this.#lines.set(name, [task]);
    else line.push(task);
  }

  /** Ends the turn of a task, or gives its place up before. It may be called again. */
  leave(name: string, task: Task): void {
    const line = this.#lines.get(name);
    const at = line?.indexOf(task) ?? -1;
    if (line === undefined || at < 0) return;
    line.splice(at, 1);
    if (line.length === 0) this.#lines.delete(name);
    else if (at === 0) line[0]?.wake(task.hindrance);
  }

  /** What keeps the first task of the line has changed. */
  hasChanged(name: string): void {
    const line = this.#lines.get(name) ?? [];
    const [first, ...others] = line.length > 1 ? line : [];
    for (const task of others) if (task.isListening) task.wake(first?.hindrance ?? null);
  }
}
