// The oracle for locks that workers in several machines take (see warm-worker.mjs). It does not use the
// package. It reads the files in which the workers say which locks they are inside of, on the machine that
// serves these files.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** ms for a worker to say so twice more; an emulated machine on a busy one is slow. */
const PATIENCE_MS = 60_000;

/**
 * What a worker says.
 * @typedef {object} Said
 * @property {number} count how often it has said so; only that of a living worker grows
 * @property {Record<string, string>} locks the nonces of the locks that it is inside of, by path
 */

/**
 * Returns the locks that two workers are inside of, each by an acquisition of its own, while both live. A lock
 * is only returned if both workers name it, go on counting, and still name it.
 * @param {string} first file of a worker
 * @param {string} second file of another worker
 * @returns {Promise<string[]>} paths
 * @throws Error when one of the workers does not count any more.
 */
export async function locksOfBoth(first, second) {
  const before = [await read(first), await read(second)];
  const after = [await readLater(first, before[0]), await readLater(second, before[1])];
  const said = [...before, ...after];
  const paths = Object.keys(before[0]?.locks ?? {});
  return paths.filter((path) => {
    const nonces = said.map(({ locks }) => locks[path]);
    const [mine, theirs] = nonces;
    return nonces.every((nonce) => nonce !== undefined) && mine !== theirs;
  });
}

/** Returns what the worker says when it has counted on. @param {string} file @param {Said} [before] */
async function readLater(file, before) {
  const until = performance.now() + PATIENCE_MS;
  for (;;) {
    const said = await read(file);
    // One count more could be a write that was on its way when the worker died.
    if (said.count >= (before?.count ?? 0) + 2) return said;
    if (performance.now() > until) throw new Error(`${file}: its worker has stopped counting`);
    await sleep(100);
  }
}

/** @param {string} file @returns {Promise<Said>} */
async function read(file) {
  for (let tries = 1; ; tries += 1) {
    try {
      return JSON.parse(readFileSync(file, 'utf8'));
    } catch (error) {
      // The file may be half written.
      if (!(error instanceof SyntaxError) || tries === 100) throw error;
      await sleep(20);
    }
  }
}
