const BYTES = 16;
/** One call of the generator costs as much as a fifth of taking a lock, however many bytes it makes. */
const AT_ONCE = 64;

let pool = '';

/** 128 random bits in hexadecimal, never given out twice. */
export function newNonce(): string {
  if (pool === '') {
    // Loaded only now: at import it would be a fifth of the time that the whole package takes.
    const { randomBytes } = process.getBuiltinModule('node:crypto');
    pool = randomBytes(BYTES * AT_ONCE).toString('hex');
  }
  const nonce = pool.slice(0, 2 * BYTES);
  pool = pool.slice(2 * BYTES);
  // A copy of a running virtual machine has this pool as well, and the state of the generator. The moment differs.
  const half = BigInt(`0x${nonce.slice(BYTES)}`) ^ process.hrtime.bigint();
  return nonce.slice(0, BYTES) + half.toString(16).padStart(BYTES, '0');
}
