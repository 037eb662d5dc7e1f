import { join } from 'node:path';
import { expect } from 'vitest';
import { readLockTable } from '../../src/backend/procfs/locks.js';
import type { Verdict } from '../../src/judge/verdict.js';
import type { Agent } from '../helpers/agent.js';
import { hasBackend, loadBackend, TESTED, type TestedName } from '../helpers/backends.js';
import { isBuilt, isolationTest, type Requirement } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

/** The backends on which the owner and the observer of a trap run. */
export interface Cast {
  readonly owner: TestedName;
  readonly observer: TestedName;
  /** Part of the title, such as `native owner, procfs observer`. */
  readonly words: string;
}

const CASTS: readonly Cast[] = TESTED.flatMap((owner) =>
  TESTED.map((observer) => ({ owner, observer, words: `${owner} owner, ${observer} observer` })),
);

/** A trap against the real kernel, for the built package. Its name gives the trap and the expected result. */
export function trap(name: string, run: () => Promise<void>, more: readonly Requirement[] = []): void {
  isolationTest(name, run, [isBuilt(), hasBackend('native'), ...more]);
}

/** Defines the same trap for each backend of the owner and of the observer. */
export function trapForEachCast(
  name: string,
  run: (cast: Cast) => Promise<void>,
  more: readonly Requirement[] = [],
): void {
  for (const cast of CASTS) trap(`${name} (${cast.words})`, () => run(cast), more);
}

/** Returns a path for a lock on a filesystem that the boxes share with this machine. */
export function lockPath(parent?: string): string {
  return join(tempDir(parent), 'install.lock');
}

/** The verdict in two words, such as `dead: pid-reused`. */
export function inWords(verdict: Verdict | null): string {
  return verdict === null ? 'no verdict' : `${verdict.state}: ${verdict.reason}`;
}

/** Returns the verdict of an observer on a lock. */
export async function verdictOf(observer: Agent, path: string): Promise<string> {
  return inWords((await observer.inspect(path)).verdict);
}

/**
 * Expects one verdict where the witness can be tested, and another one elsewhere. The procfs backend takes no
 * witness, and can test one only while one read returns the whole list of this machine's locks.
 */
export async function expectVerdict(
  { owner, observer }: Pick<Cast, 'owner' | 'observer'>,
  watcher: Agent,
  path: string,
  byWitness: string,
  otherwise: string,
): Promise<void> {
  const readsList = owner === 'native' && observer === 'procfs';
  const wasWhole = readsList && readLockTable().complete;
  const verdict = await verdictOf(watcher, path);
  if (readsList && !(wasWhole && readLockTable().complete)) expect([byWitness, otherwise]).toContain(verdict);
  else expect(verdict).toBe(owner === 'native' ? byWitness : otherwise);
}

/** Expects that the lock is neither given to the observer nor cleared by it. */
export async function expectNotStolen(observer: Agent, path: string): Promise<void> {
  expect(await observer.tryAcquire(path)).toBeNull();
  expect((await observer.reclaim(path)).reclaimed).toBe(false);
}

/** Expects that the observer gets the lock without waiting, because its owner is dead. */
export async function expectReclaimed(observer: Agent, path: string): Promise<void> {
  const { value } = await observer.acquire(path, { timeout: 0 });
  expect(value.pid).toBe(observer.pid);
  expect(await observer.verify(path)).toBe(true);
}

/** A pidfd distinguishes processes that have one number and one start tick (Linux 6.9). */
export function hasPidfdInodes(): Requirement {
  return capability('pidfdInode');
}

export function capability(name: 'pidfdInode' | 'namespaceId'): Requirement {
  if (!hasBackend('native').available) return hasBackend('native');
  return loadBackend('native').capabilities()[name];
}
