// The parsers to fuzz in TypeScript, and what must be true of every answer. A target throws when an answer is
// wrong.
import { strict as assert } from 'node:assert';
import { api, parseOwnerFile, recognise, recogniseHead } from '../../helpers/internals.mjs';

const { formatIdentity, judgeOwner, parseIdentity } = api;

const MTIME_MS = 1_777_458_804_809;
/** One name at least of each format that goes by its name. */
const NAMES = [
  ...[
    'a.pid',
    'x.lock',
    '.#file',
    'SingletonLock',
    'postmaster.pid',
    'owner.json',
    '.X0-lock',
    'lock',
    'wlock',
  ],
  ...['.a.swp', 'gc.pid', 'index~pid.lock', 'pidlock', 'inuse.7.lock', 'lock.roster', 'server-process.json'],
  ...['.ha_run.lock', 'running.process', 'lockfile', '.s.PGSQL.5432.lock', 'mysqlx.sock.lock'],
];
const KINDS = /** @type {const} */ (['file', 'link', 'directory']);

const STATES = ['alive', 'dead', 'unknown'];

/** @type {Record<string, (text: string) => void>} */
export const TARGETS = {
  /** Parses owner.json. */
  records(text) {
    const parsed = parseOwnerFile(text, MTIME_MS);
    if (parsed.kind !== 'record') return;
    checkRecord(parsed.record);
    // Without an identity the judge may search the whole of /proc, which takes too long here.
    if (parsed.record.identity !== null || parsed.record.problem !== null) {
      const { state } = judgeOwner(parsed.record);
      assert.ok(STATES.includes(state));
      if (parsed.record.problem !== null) assert.equal(state, 'unknown');
    }
    // A record that was cut off anywhere is torn: never one with less in it, and never another program's
    // file.
    const content = text.replaceAll('\0', '').trim();
    const cut = content.slice(0, content.length - 1 - (content.length % 7));
    assert.equal(parseOwnerFile(cut, MTIME_MS).kind, 'torn');
  },
  /** Recognises files, links and directories of other programs. */
  files(text) {
    const bytes = Buffer.from(text);
    for (const name of NAMES) {
      for (const kind of KINDS) {
        const entries = kind === 'directory' ? ['owner', 'pid', text.slice(0, 255)] : [];
        const source = { kind, name, text, bytes, entries, mtimeMs: MTIME_MS };
        for (const found of [recognise(source), recogniseHead(source)]) {
          if (found === null) continue;
          if (typeof found === 'string') assert.notEqual(found, '');
          else checkRecord(found.record);
        }
      }
    }
  },
  identities(text) {
    let identity;
    try {
      identity = parseIdentity(text);
    } catch (error) {
      assert.equal(/** @type {NodeJS.ErrnoException} */ (error).code, 'ERR_INVALID_IDENTITY');
      return;
    }
    assert.ok(Object.isFrozen(identity));
    assert.deepEqual(parseIdentity(formatIdentity(identity)), identity);
    assert.ok(STATES.includes(judgeOwner(identity).state));
  },
};

/** @param {import('../../../dist/index.js').OwnerRecord} record */
function checkRecord(record) {
  assert.ok(Object.isFrozen(record));
  const { pid, problem, nonce, lease, label } = record;
  assert.ok(pid === null || (Number.isInteger(pid) && pid > 0 && pid < 2 ** 31));
  // A newer version may write its pid in another way.
  assert.ok(problem !== null || pid !== null || (record.version ?? 0) > 1);
  assert.ok(nonce === null || /^[0-9a-f]{32}$/.test(nonce));
  assert.ok(lease === null || lease.durationMs > 0);
  assert.ok(label === null || label.length <= 256);
}
