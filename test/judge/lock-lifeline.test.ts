import { describe, expect, onTestFinished } from 'vitest';
import { loadNativeBackend } from '../../src/backend/native.js';
import type { ProcessIdentity } from '../../src/identity/process-identity.js';
import { judgeOwner, selfIdentity } from '../../src/index.js';
import type { OwnerRecord } from '../../src/record/owner-record.js';
import { hasBackend } from '../helpers/backends.js';
import { testRequiring } from '../helpers/requirements.js';
import { record } from './builders.js';

const NEEDS = [hasBackend('native')];

/** A record of this process, of a lock on NFS with this lifeline of its own. */
function recordOf(lifeline: string, nonce: string): OwnerRecord {
  const identity: ProcessIdentity = { ...selfIdentity(), lifeline: null };
  return record(identity, { nonce, lifeline, filesystem: 'nfs', lease: { durationMs: 30_000 } });
}

function takeLifeline(offset: string): { text: string; drop: () => void } {
  const { lifeline } = loadNativeBackend();
  const text = lifeline.take(offset);
  if (text === null) throw new Error('this machine has no lifelines');
  const drop = () => lifeline.drop(text);
  onTestFinished(drop);
  return { text, drop };
}

describe("a lock's own lifeline that becomes free", () => {
  testRequiring(NEEDS, 'is a death for who saw it held, and for nobody else', () => {
    const { text, drop } = takeLifeline('4611686018427387001');
    const [seen, unseen] = ['1'.repeat(32), '2'.repeat(32)].map((nonce) => recordOf(text, nonce));
    expect(judgeOwner(seen as OwnerRecord)).toMatchObject({ state: 'alive', reason: 'lifeline-held' });
    drop();
    expect(judgeOwner(seen as OwnerRecord)).toMatchObject({
      state: 'dead',
      certainty: 'proven',
      reason: 'lifeline-free',
    });
    expect(judgeOwner(unseen as OwnerRecord).state).toBe('unknown');
  });

  testRequiring(NEEDS, 'is another one than was seen, though the nonce is the same', () => {
    const [first, second] = ['4611686018427387002', '4611686018427387003'].map(takeLifeline);
    const nonce = '3'.repeat(32);
    expect(judgeOwner(recordOf(first?.text ?? '', nonce)).state).toBe('alive');
    second?.drop();
    expect(judgeOwner(recordOf(second?.text ?? '', nonce)).state).toBe('unknown');
  });
});
