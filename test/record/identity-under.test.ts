import { describe, expect, test } from 'vitest';
import { formatIdentity } from '../../src/identity/format.js';
import { recordFromCaller } from '../../src/record/parse.js';
import { identity } from '../identity/identities.js';

describe('a row with an identity under a name of its own', () => {
  const owner = identity();

  test.each<[string, object]>([
    ['an object', { job: 7, lockedBy: owner }],
    ['its JSON text', { job: 7, locked_by: formatIdentity(owner) }],
    ['beside the pid', { pid: 7, owner }],
  ])('is judged by it: %s', (_name, row) => {
    expect(recordFromCaller(row)).toMatchObject({ pid: 7, identity: owner, problem: null });
  });

  test('is malformed with the pid of another process beside it', () => {
    expect(recordFromCaller({ pid: 8, owner }).problem).toMatch(/differs/);
  });

  test('is not judged by one of two', () => {
    const record = recordFromCaller({ pid: 7, owner, parent: identity({ pid: 8 }) });
    expect(record.identity).toBeNull();
    expect(record.claims?.otherPids).toContainEqual({ key: 'parent.pid', pid: 8 });
  });

  test('is not judged by one that is broken', () => {
    expect(recordFromCaller({ pid: 7, owner: { ...owner, startTicks: 5000 } }).identity).toBeNull();
  });
});
