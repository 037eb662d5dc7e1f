import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Lock } from '../../src/index.js';
import { hookFiles } from '../helpers/hooks.js';
import { describeForEveryBackend } from '../helpers/package.js';
import { tempDir } from '../helpers/temp-dir.js';

/** Steps that a claim lasts at most. */
const LONGEST = 16;
const CLAIMED = `claimed.${'0'.repeat(32)}`;

// A process that reclaims a lock may be overtaken by others, who reclaim the same lock and take it anew. It then claims the
// record of the new owner, and gives it back as soon as it has compared it.
describeForEveryBackend('an owner whose record is claimed and given back meanwhile', (api) => {
  /** Makes the call with a lock whose record is claimed before one step of the call, and given back before another. */
  function callBetween(call: (lock: Lock) => void): (claim: number, giveBack: number) => number {
    let step = Number.NEGATIVE_INFINITY;
    let path = '';
    let at = [0, 0];
    const rename = (from: string, to: string) => {
      // A release may have retired it meanwhile.
      if (existsSync(join(path, from))) renameSync(join(path, from), join(path, to));
    };
    hookFiles(api.backend, {
      before: () => {
        if (step === at[0]) rename('owner.json', CLAIMED);
        if (step === at[1]) rename(CLAIMED, 'owner.json');
        step += 1;
      },
    });
    return (claim, giveBack) => {
      path = join(tempDir(), 'x.lock');
      const lock = api.acquireLockSync(path);
      at = [claim, giveBack];
      step = 0;
      try {
        call(lock);
        return step;
      } finally {
        step = Number.NEGATIVE_INFINITY;
      }
    };
  }

  test.each([
    ['verify', (lock: Lock) => expect(lock.verify()).toBe(true)],
    ['release', (lock: Lock) => lock.releaseSync()],
  ] as const)('has not lost its lock: %s', (_, call) => {
    const attempt = callBetween(call);
    let most = attempt(-1, -1);
    const pairs: string[] = [];
    for (let claim = 0; claim < most; claim += 1) {
      for (let giveBack = claim + 1; giveBack < Math.min(most, claim + LONGEST); giveBack += 1) {
        try {
          most = Math.max(most, attempt(claim, giveBack));
        } catch (error) {
          pairs.push(`${claim}-${giveBack}: ${(error as Error).message}`);
        }
      }
    }
    expect(pairs).toEqual([]);
  });
});
