// A program of which one may run at a time, in a container: its lease is a row of a SQLite database, as in
// openclaw/openclaw#155644. `node lease.mjs '{ "path": "/db/state.db", "cured": true }'` prints one line of JSON, and
// lives until its stdin ends. Needs node:sqlite.
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
// @ts-expect-error The types of Node 20 do not know it.
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { judgeOwner, selfIdentity } from '../../../dist/index.js';

/**
 * @typedef {object} Task
 * @property {string} path of the database
 * @property {boolean} cured the row bears an identity, which decides
 * @property {boolean} [wait] until the row of the owner has expired
 */

/**
 * @typedef {object} Outcome
 * @property {boolean} taken
 * @property {number} ms since the first look
 * @property {string} reason why the row could be taken, or not
 * @property {number} leftMs until the row expires that is in the way
 * @property {number} pid
 * @property {string} host
 */

/** ms, as OpenClaw sets it. */
const TTL = 300_000;
const LOOK_MS = 100;
const KEYS = { identity: 'identity', pid: 'pid', starttime: 'startedAt', hostname: 'host' };

/** @type {Task} */
const { path, cured, wait = false } = JSON.parse(process.argv[2] ?? '{}');
const host = hostname();
const mine = JSON.stringify({
  pid: process.pid,
  host,
  startedAt: startTicksOf(process.pid),
  ...(cured ? { identity: selfIdentity() } : {}),
});

const db = new DatabaseSync(path);
db.exec('PRAGMA busy_timeout = 10000');
db.exec('CREATE TABLE IF NOT EXISTS leases (scope TEXT PRIMARY KEY, owner TEXT, expires_at INTEGER)');
const insert = db.prepare("INSERT INTO leases VALUES ('gateway', ?, ?) ON CONFLICT (scope) DO NOTHING");
const select = db.prepare("SELECT owner, expires_at FROM leases WHERE scope = 'gateway'");
const deleteIf = db.prepare("DELETE FROM leases WHERE scope = 'gateway' AND owner = ? AND expires_at = ?");

/** @param {number} pid */
function startTicksOf(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
}

/**
 * The rule of #155644: the PID of another host name cannot be judged, and a recreated container has another one.
 * @param {{ pid: number, host: string, startedAt: number }} owner
 */
function judgeByHostname(owner) {
  if (owner.host !== host) return { state: 'unknown', reason: 'another host' };
  try {
    const state = startTicksOf(owner.pid) === owner.startedAt ? 'alive' : 'dead';
    return { state, reason: 'its start' };
  } catch {
    return { state: 'dead', reason: 'no such process' };
  }
}

/** @param {string} row */
function judge(row) {
  const owner = JSON.parse(row);
  return cured ? judgeOwner({ identity: null, ...owner }, { path, keys: KEYS }) : judgeByHostname(owner);
}

/** @returns {Promise<Omit<Outcome, 'pid' | 'host'>>} */
async function takeLease() {
  const begun = performance.now();
  let reason = 'no row';
  while (insert.run(mine, Date.now() + TTL).changes === 0) {
    const row = /** @type {{ owner: string, expires_at: number } | undefined} */ (select.get());
    if (row === undefined) continue;
    const leftMs = row.expires_at - Date.now();
    const verdict = leftMs > 0 ? judge(row.owner) : { state: 'dead', reason: 'expired' };
    reason = verdict.reason;
    if (verdict.state === 'dead') deleteIf.run(row.owner, row.expires_at);
    else if (wait) await sleep(LOOK_MS);
    else
      return { taken: false, ms: performance.now() - begun, reason: `${verdict.state}: ${reason}`, leftMs };
  }
  return { taken: true, ms: performance.now() - begun, reason, leftMs: 0 };
}

console.log(JSON.stringify({ ...(await takeLease()), pid: process.pid, host }));
process.stdin.once('end', () => process.exit()).resume();
