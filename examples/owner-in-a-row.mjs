// A program of which one may run at a time, and whose lease is a row of a database: `node owner-in-a-row.mjs FILE`. The
// file, one row of JSON, stands for the database. The row has no heartbeat and no expiry. It names its owner by an
// identity, so that a successor knows whether the owner lives, also one in a recreated container with another host name.
// See docs/owner-in-a-row.md.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { judgeOwner, selfIdentity, withLockSync } from 'kernel-identity';

const [file = 'lease.json'] = process.argv.slice(2);
/** The row of this process. Its text is unlike that of any other process, so the text alone says whose row it is. */
const mine = JSON.stringify({
  pid: process.pid,
  host: hostname(),
  startedAt: Date.now(),
  identity: selfIdentity(),
});

const taken = takeLease();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, releaseLease);
console.log(taken);
// The end of its input stands for the end of its work.
process.stdin.once('end', releaseLease).resume();

function takeLease() {
  const begun = performance.now();
  /** The row that may be replaced: none at first, then one whose owner was found dead. */
  let judged = null;
  for (;;) {
    const found = replaceRow(judged, mine);
    if (found === judged) break;
    // Another process replaced or deleted the row meanwhile, so what stands there now is judged anew.
    if (found !== null) refuseUnlessDead(found);
    judged = found;
  }
  const from = judged === null ? '' : ` from pid ${JSON.parse(judged).pid} on ${JSON.parse(judged).host}`;
  return `took the row${from} in ${Math.ceil(performance.now() - begun)} ms`;
}

function refuseUnlessDead(row) {
  const { pid, host, startedAt, identity } = JSON.parse(row);
  // The option `path` says where the row stands: on a local disk no copy of this machine can have written it.
  const { state, certainty, reason } = judgeOwner(identity, { path: file });
  if (state === 'dead') {
    console.error(`pid ${pid} on ${host} is dead (${certainty}): ${reason}`);
    return;
  }
  console.error(
    `refused: pid ${pid} on ${host}, since ${new Date(startedAt).toISOString()}, is ${state}: ${reason}`,
  );
  process.exit(1);
}

function releaseLease() {
  replaceRow(mine, null);
  process.exit();
}

/**
 * Compare and replace, as `DELETE ... WHERE identity = ?` does it in a database: only the row `expected` gives way to `next`
 * (null: no row).
 * @returns the row that was there.
 */
function replaceRow(expected, next) {
  return withLockSync(`${file}.lock`, { timeout: 10_000 }, () => {
    const found = readRow();
    if (found !== expected) return found;
    writeFileSync(`${file}.new`, next ?? '');
    renameSync(`${file}.new`, file);
    return found;
  });
}

/** @returns null when there is no row. */
function readRow() {
  try {
    return readFileSync(file, 'utf8') || null;
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return null;
  }
}
