import { atMost } from '../harness/bars.mjs';
import { compiled } from '../harness/compiled.mjs';
import { NO_COMPILER } from '../harness/floor.mjs';
import { inFreshProcess, reported } from '../harness/fresh-process.mjs';
import { measureGroup, row } from '../harness/group.mjs';
import { holdOld, holdOurs, killAndSee } from '../harness/owners.mjs';
import { newPath } from '../harness/scratch.mjs';
import { PEERS, resolvePeer } from '../peers/load.mjs';

const MS = 1e6;
const OURS = new URL('../../dist/index.js', import.meta.url).href;
const IMPORT = 'import kernel-identity';

/** Measures what the first use of this package costs a program. Each sample is a process of its own. */
export async function measureImport({ quick }) {
  const group = 'start of a program';
  const leftovers = new Map();
  const importing = (name, url) =>
    reported(async () => {
      const { import: ms, leftovers: left } = await inFreshProcess('start/import.mjs', url);
      leftovers.set(name, left);
      return ms;
    });
  const peers = PEERS.map((name) => {
    const url = resolvePeer(name);
    return [`import ${name}`, url.startsWith('file:') ? importing(`import ${name}`, url) : url];
  });
  const rows = await measureGroup(
    {
      group,
      own: IMPORT,
      floor: undefined,
      subjects: {
        [IMPORT]: importing(IMPORT, OURS),
        'the first call after it, which loads the addon': reported(
          async () => (await inFreshProcess('start/import.mjs', OURS, 'selfIdentity')).call,
        ),
        'import an empty module': importing('', 'data:text/javascript,'),
        ...Object.fromEntries(peers),
      },
    },
    { rounds: quick ? 3 : 15, turnMs: 0 },
  );
  const left = rows
    .filter(({ name }) => leftovers.has(name))
    .map(({ name }) => row({ group: 'timers and handlers', name, unit: '', p50: leftovers.get(name) }));
  return {
    rows: [...rows, ...left],
    bars: [
      atMost('import: <= 10 ms', rows, IMPORT, 10 * MS),
      atMost('import leaves no timer and no handler', left, IMPORT, 0),
    ],
  };
}

/**
 * Measures the bug that this package was made for: five plugins wait for a lock whose owner is dead. Without this package
 * each of them waited 300 s.
 */
export async function measureQueue({ quick, directory }) {
  const group = 'five plugins queued behind one dead owner';
  const after = (hold) =>
    compiled('wake/mortal') === null
      ? NO_COMPILER
      : reported(async () => {
          const path = newPath(directory);
          await killAndSee(await hold(path));
          return inFreshProcess('start/queue.mjs', path);
        });
  const own = 'its record has an identity';
  const old = 'its record is {pid, createdAtMs}';
  const rows = await measureGroup(
    { group, own, floor: undefined, subjects: { [own]: after(holdOurs), [old]: after(holdOld) } },
    { rounds: quick ? 5 : 30, turnMs: 0 },
  );
  return {
    rows,
    bars: rows.map(({ name }) => atMost(`five plugins queued, ${name}: < 50 ms`, rows, name, 50 * MS)),
  };
}
