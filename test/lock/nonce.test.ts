import { expect, test, vi } from 'vitest';
import { newNonce } from '../../src/lock/protocol/nonce.js';

// The generator is in the same state in every process, as in the copies of a virtual machine.
vi.mock('../../src/backend/select.js', () => ({
  currentBackend: () => ({ fillRandom: (bytes: Uint8Array) => void bytes.fill(0xab) }),
}));

test('no nonce is given out twice, and each is 128 bits in hexadecimal', () => {
  const nonces = Array.from({ length: 1000 }, newNonce);
  expect(new Set(nonces).size).toBe(1000);
  for (const nonce of nonces) expect(nonce).toMatch(/^[0-9a-f]{32}$/);
});

test('processes whose generators are in one state do not give out the same nonces', async () => {
  vi.resetModules();
  const copy = await import('../../src/lock/protocol/nonce.js');
  expect(copy.newNonce).not.toBe(newNonce);
  const nonces = [newNonce, copy.newNonce].flatMap((make) => Array.from({ length: 1000 }, make));
  expect(new Set(nonces).size).toBe(2000);
});
