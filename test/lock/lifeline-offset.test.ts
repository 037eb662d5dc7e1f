import { afterEach, expect, test, vi } from 'vitest';
import { ownOffset } from '../../src/lock/protocol/own-lifeline.js';

// Copies of a running virtual machine have the same nonce and the same process number.
const NONCE = '00112233445566778899aabbccddeeff';
const MANY = 5_000;

afterEach(() => void vi.restoreAllMocks());

function atTime(nanoseconds: bigint): void {
  vi.spyOn(process.hrtime, 'bigint').mockReturnValue(nanoseconds);
}

test('one nonce gives another offset on each file, and at each nanosecond', () => {
  atTime(7n);
  const byFile = Array.from({ length: MANY }, (_, inode) => ownOffset(NONCE, { inode: String(inode) }));
  const byTime = Array.from({ length: MANY }, (_, time) => {
    atTime(BigInt(1_000_000 + time));
    return ownOffset(NONCE, { inode: '3' });
  });
  expect(new Set([...byFile, ...byTime]).size).toBe(2 * MANY);
});

test('offsets are spread over all numbers below 2^62, and both halves of the nonce count', () => {
  atTime(7n);
  const low = Array.from({ length: MANY }, (_, i) => i.toString(16).padStart(32, '0'));
  const high = low.map((nonce) => `1${nonce.slice(17)}${nonce.slice(1, 17)}`);
  const offsets = [...low, ...high].map((nonce) => BigInt(ownOffset(nonce, { inode: '3' })));
  expect(new Set(offsets).size).toBe(2 * MANY);
  const sixteenths = new Uint32Array(16);
  for (const offset of offsets) {
    const sixteenth = Number(offset >> 58n);
    sixteenths[sixteenth] = (sixteenths[sixteenth] ?? 0) + 1;
  }
  // Each should have 625.
  expect(Math.min(...sixteenths)).toBeGreaterThan(500);
  expect(Math.max(...sixteenths)).toBeLessThan(750);
});
