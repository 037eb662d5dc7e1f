import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { type Agent, startAgent } from '../helpers/agent.js';
import { hasBackend } from '../helpers/backends.js';
import { DEAD_OWNER, readOwner, writeLock, writeLockOf } from '../helpers/crafted.js';
import { startProcess } from '../helpers/processes.js';
import { describeRequiring, isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

const ROUNDS = 100;
/** ms after which the contenders start together: long enough for all of them to have received the call. */
const HEAD_START = 4;

describeRequiring(
  [isBuilt(), hasBackend('native')],
  'of contenders that try at one moment, exactly one gets',
  () => {
    testRequiring([], 'the lock of a dead owner', async () => {
      const child = await startProcess(['cat']);
      const scribe = await startAgent();
      const identity = await scribe.probe(child.pid);
      if (identity === null) throw new Error('no such child');
      await child.kill();
      await race((path) => writeLockOf(path, identity));
    });

    testRequiring([], `the lock of an older program's dead owner`, async () => {
      await race((path) => writeLock(path, DEAD_OWNER));
    });

    testRequiring([], 'a free lock', async () => {
      await race(() => {});
    });
  },
);

/** Runs many rounds between four agents for one path, which `prepare` makes ready. */
async function race(prepare: (path: string) => void): Promise<void> {
  const path = join(tempDir(), 'install.lock');
  const agents = await Promise.all([
    startAgent({ backend: 'native' }),
    startAgent({ backend: 'native' }),
    startAgent({ backend: 'procfs' }),
    startAgent({ backend: 'portable' }),
  ]);
  const wins = new Map<Agent, number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    prepare(path);
    const at = Date.now() + HEAD_START;
    const owners = await Promise.all(agents.map((agent) => agent.tryAcquire(path, {}, at)));
    const winners = agents.filter((_, index) => owners[index] !== null);
    expect(winners, `round ${round}`).toHaveLength(1);
    const winner = winners[0] as Agent;
    wins.set(winner, (wins.get(winner) ?? 0) + 1);
    expect(readOwner(path).pid).toBe(winner.pid);
    expect(readOwner(path).nonce).toBe(owners[agents.indexOf(winner)]?.nonce);
    expect(readdirSync(dirname(path))).toEqual(['install.lock']);
    expect(await winner.verify(path)).toBe(true);
    await winner.release(path);
    expect(readdirSync(dirname(path))).toEqual([]);
  }
  // If only one agent ever won, there was no race.
  expect(wins.size).toBeGreaterThan(1);
}
