import { expect, test } from 'vitest';
import { newNonce } from '../../src/lock/nonce.js';

test('no nonce is given out twice, and each is 128 bits in hexadecimal', () => {
  const nonces = Array.from({ length: 1000 }, newNonce);
  expect(new Set(nonces).size).toBe(1000);
  for (const nonce of nonces) expect(nonce).toMatch(/^[0-9a-f]{32}$/);
});
