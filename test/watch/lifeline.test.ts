import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { ProcessIdentity } from '../../src/identity/process-identity.js';
import type { Verdict } from '../../src/judge/verdict.js';
import type { OwnerRecord } from '../../src/record/owner-record.js';
import { parseOwnerFile } from '../../src/record/parse.js';
import { type Agent, startAgent } from '../helpers/agent.js';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { openBox } from '../helpers/box.js';
import { writeLockOf } from '../helpers/crafted.js';
import { describeForBackends } from '../helpers/package.js';
import { startProcess } from '../helpers/processes.js';
import { describeRequiring, hasProgram, isBuilt, isolationTest } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { nativeFixture } from '../native/addon.js';
import { hasMemoryFilesystem, MEMORY, SEEN_MS, type Spun, type Watched, Watcher } from './watcher.js';

/** An owner and a watcher in two containers that share nothing. */
async function siblings(
  backend: 'native' | 'procfs' = 'native',
): Promise<{ watcher: Watcher; owner: Agent; identity: ProcessIdentity }> {
  const [mine, theirs] = await Promise.all([openBox(), openBox()]);
  const [watcher, owner] = await Promise.all([
    Watcher.start(backend, { box: mine }),
    startAgent({ box: theirs, backend: 'native' }),
  ]);
  return { watcher, owner, identity: await owner.self() };
}

/** A row of a database, in a file that both could see. */
function placeOfRow(): string {
  const path = join(tempDir(MEMORY), 'rows.json');
  writeFileSync(path, '[]');
  return path;
}

describeRequiring(
  [isBuilt(), hasBackend('native'), hasMemoryFilesystem()],
  'a watch on an owner in a sibling container',
  () => {
    isolationTest('is a memory read, and hears of the death', async () => {
      const { watcher, owner, identity } = await siblings();
      const watched = await watcher.call<Watched>('watch', { owner: identity, path: placeOfRow() });
      expect(watched).toEqual({ alive: true, event: true, state: 'alive' });
      expect(await watcher.call<Spun>('spin', { ms: 200 })).toMatchObject({ alive: true });
      watcher.send('spin', { ms: 10_000 });
      await owner.kill();
      const killed = performance.now();
      expect(await watcher.answer<Spun>()).toMatchObject({ alive: false });
      expect(performance.now() - killed).toBeLessThan(SEEN_MS);
      expect(await watcher.call('verdict')).toMatchObject({
        state: 'dead',
        certainty: 'assumed',
        reason: 'lifeline-free',
      });
    });

    isolationTest('does not turn where the judge finds no death, though the event came', async () => {
      const { watcher, owner, identity } = await siblings();
      expect(await watcher.call('watch', { owner: identity })).toMatchObject({ event: true });
      await owner.kill();
      await expect
        .poll(() => watcher.call<Verdict>('verdict'), { timeout: SEEN_MS })
        .toMatchObject({ state: 'unknown', reason: 'place-unknown' });
      expect(await watcher.call('alive')).toBe(1);
    });

    isolationTest('knows where the record stood, though the lock is gone when the owner is', async () => {
      const { watcher, owner, identity } = await siblings();
      const path = join(tempDir(MEMORY), 'install.lock');
      const { record } = recordIn(writeLockOf(path, identity));
      expect(await watcher.call('watch', { owner: record, lock: path })).toMatchObject({ event: true });
      rmSync(path, { recursive: true });
      await owner.kill();
      await expect.poll(() => watcher.call('alive'), { timeout: SEEN_MS }).toBe(0);
      expect(await watcher.call('verdict')).toMatchObject({
        state: 'dead',
        certainty: 'proven',
        reason: 'lifeline-free',
      });
    });

    isolationTest('has nothing to watch where another process was to inherit the lock', async () => {
      const { watcher, identity } = await siblings();
      const path = join(tempDir(MEMORY), 'install.lock');
      const { record } = recordIn(writeLockOf(path, identity, { handedOver: true }));
      expect(await watcher.call('watch', { owner: record, lock: path })).toMatchObject({
        alive: true,
        event: false,
      });
    });

    for (const backend of TESTED.filter((name) => name === 'procfs')) {
      isolationTest('is judged at every read in plain Node', async () => {
        const { watcher, identity } = await siblings(backend);
        const watched = await watcher.call('watch', { owner: identity, path: placeOfRow() });
        expect(watched).toMatchObject({ alive: true, event: false });
      });
    }
  },
);

describeRequiring([hasProgram('python3')], 'a lock with a lifeline of its own', () => {
  describeForBackends(['native'], 'watched', (api) => {
    test('is watched by that and not by its process, and judged when it ends', async () => {
      const bell = await startProcess(['python3', nativeFixture('bell.py'), 'time', String(OFFSET), '0']);
      await bell.message();
      const owner = await startProcess(['cat']);
      const identity = { ...(api.probeIdentity(owner.pid) as ProcessIdentity), lifeline: null };
      const path = join(tempDir(), 'install.lock');
      const { record } = recordIn(writeLockOf(path, identity, { lifeline: `time:${OFFSET}` }));
      using watch = api.watchOwner(record, { lock: path });
      expect(watch).toMatchObject({ alive: true, event: true });

      // A watch on the process would answer this from memory.
      await owner.kill();
      await sleep(100);
      const watched = watch.verdict;
      expect(watched.state).toBe('alive');
      bell.send('unlock');
      await expect.poll(() => watch.verdict === watched, { timeout: SEEN_MS }).toBe(false);
      expect(watch.verdict).toEqual(api.judgeOwner(record, { lock: path }));
      expect(watch.alive).toBe(false);
    });
  });
});

const OFFSET = 2n ** 58n + BigInt(process.pid);

function recordIn(file: string): { record: OwnerRecord } {
  const parsed = parseOwnerFile(readFileSync(file, 'utf8'), Date.now());
  if (parsed.kind !== 'record') throw new Error(`${file} holds no record`);
  return parsed;
}
