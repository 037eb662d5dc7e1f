import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { Lock } from '../../src/index.js';
import { onCleanup } from '../helpers/cleanup.js';
import { DEAD_OWNER, writeLock } from '../helpers/crafted.js';
import { hookFiles, interfereAtEachStep, interfereOnce } from '../helpers/hooks.js';
import { describeForBackends, describeForEveryBackend } from '../helpers/package.js';
import { fixture, startProcess } from '../helpers/processes.js';
import { hasProgram, isRoot, testRequiring } from '../helpers/requirements.js';
import { snapshot } from '../helpers/snapshot.js';
import { tempDir } from '../helpers/temp-dir.js';

// What another user may put beside or into a lock, under the names of this package, costs it nothing of its own and
// gets no wrong answer.

const NONCE = '0123456789abcdef0123456789abcdef';

function newPath(): string {
  return join(tempDir(), 'install.lock');
}

/** Makes files in a lock's directory that are called like retired records. */
function litter(path: string, count: number): void {
  for (let i = 0; i < count; i += 1)
    writeFileSync(join(path, `retired.${i.toString(16).padStart(32, '0')}`), '');
}

const KINDS: Record<string, (path: string) => void> = {
  'a directory': (path) => mkdirSync(path),
  'a directory with a file in it': (path) => {
    mkdirSync(path);
    writeFileSync(join(path, 'precious'), 'x');
  },
  'a symbolic link': (path) => symlinkSync('/etc/passwd', path),
  'a FIFO': (path) => void execFileSync('mkfifo', [path]),
};

describeForEveryBackend('in the directory of a dead lock', (api) => {
  for (const [kind, make] of Object.entries(KINDS)) {
    for (const name of [`retired.${NONCE}`, `claimed.${NONCE}`, 'owner.json.new']) {
      test(`${kind} called ${name.replace(NONCE, '<nonce>')} is refused before anything is touched`, () => {
        for (const hasOwner of [true, false]) {
          const path = newPath();
          if (hasOwner) writeLock(path, DEAD_OWNER);
          else mkdirSync(path);
          litter(path, 2);
          make(join(path, name));
          const before = snapshot(dirname(path));
          const refused = expect.objectContaining({ code: 'ERR_LOCK_NOT_EMPTY', entries: [name] });
          expect(() => api.reclaimLockSync(path, { ownerlessGrace: 0 })).toThrow(refused);
          expect(() => api.acquireLockSync(path, { timeout: 0 })).toThrow(refused);
          expect(api.inspectLockSync(path)).toMatchObject({ state: 'unknown', foreignFiles: [name] });
          expect(snapshot(dirname(path))).toEqual(before);
        }
      });
    }
  }

  for (const count of [63, 64, 200]) {
    test(`${count} leftovers of ours: reclaim ends with a free path`, () => {
      for (const hasOwner of [true, false]) {
        const path = newPath();
        if (hasOwner) writeLock(path, DEAD_OWNER);
        else mkdirSync(path);
        litter(path, count);
        expect(api.reclaimLockSync(path)).toMatchObject({ reclaimed: true, state: 'free' });
        expect(existsSync(path)).toBe(false);
        mkdirSync(path);
        litter(path, count);
        api.acquireLockSync(path, { timeout: 9_000 }).releaseSync();
        expect(existsSync(path)).toBe(false);
      }
    });
  }

  test('leftovers that a neighbour makes anew each time: reclaim ends, and never says that the path is free', () => {
    const path = newPath();
    writeLock(path, DEAD_OWNER);
    let made = 0;
    hookFiles(api.backend, {
      before: (operation) => {
        if (operation !== 'rmdirIfAt') return;
        made += 1;
        writeFileSync(join(path, `retired.${made.toString(16).padStart(32, '0')}`), '');
      },
    });
    expect(api.reclaimLockSync(path)).toMatchObject({ reclaimed: false, state: 'unknown' });
    expect(existsSync(path)).toBe(true);
  });

  test("a neighbour's file that comes in the last moment: no reclaim says that the path is free", () => {
    const path = newPath();
    writeLock(path, DEAD_OWNER);
    hookFiles(api.backend, {
      before: (operation) => {
        if (operation === 'rmdirIfAt') writeFileSync(join(path, 'data'), '');
      },
    });
    expect(() => api.reclaimLockSync(path)).toThrow(expect.objectContaining({ code: 'ERR_LOCK_NOT_EMPTY' }));
    expect(readdirSync(path)).toEqual(['data']);
  });

  test('a leftover that another process deletes meanwhile is not in the way', () => {
    const path = newPath();
    writeLock(path, DEAD_OWNER);
    litter(path, 2);
    const rival = interfereOnce(
      api.backend,
      (operation, [, name]) => operation === 'statAt' && String(name).startsWith('retired.'),
      () => rmSync(join(path, `retired.${'0'.repeat(32)}`)),
    );
    expect(api.reclaimLockSync(path)).toMatchObject({ reclaimed: true, state: 'free' });
    expect(rival.happened).toBe(true);
  });

  test('a foreign file behind hundreds of leftovers survives, and so does the record', () => {
    const path = newPath();
    writeLock(path, DEAD_OWNER);
    litter(path, 200);
    writeFileSync(join(path, 'zz-precious'), 'x');
    expect(() => api.reclaimLockSync(path)).toThrow(expect.objectContaining({ code: 'ERR_LOCK_NOT_EMPTY' }));
    expect(
      readdirSync(path)
        .filter((name) => !name.startsWith('retired.'))
        .sort(),
    ).toEqual(['owner.json', 'zz-precious']);
  });
});

describeForEveryBackend('beside names that are called like private directories', (api) => {
  const HOSTILE = /^\.install\.lock\.0000/;

  /** Makes very many of them. */
  function crowd(directory: string, make: (path: string) => void, count = 100): void {
    for (let i = 0; i < count; i += 1)
      make(join(directory, `.install.lock.${i.toString(16).padStart(32, '0')}`));
  }

  /** Milliseconds of a clock that only these tests move. */
  let clock = 0;
  let seen = new Set<unknown>();

  /** Counts the names that sweeps look at, each of which takes `ms` milliseconds. */
  function watchSweeps(ms: number): void {
    vi.spyOn(process.hrtime, 'bigint').mockImplementation(() => BigInt(Math.round(clock * 1e6)));
    onCleanup(() => void vi.restoreAllMocks());
    hookFiles(api.backend, {
      before: (operation, [, name]) => {
        if (operation !== 'findDirectoryAt' || !HOSTILE.test(String(name)) || seen.has(name)) return;
        seen.add(name);
        clock += ms;
      },
    });
  }

  /** Acquires and releases the lock. Returns how many names the sweep looked at. */
  function visit(path: string): number {
    seen = new Set();
    api.acquireLockSync(path, { timeout: 0 }).releaseSync();
    return seen.size;
  }

  for (const [kind, make] of Object.entries<(path: string) => void>({
    'empty files': (path) => writeFileSync(path, ''),
    'files with a pid': (path) => writeFileSync(path, JSON.stringify(DEAD_OWNER)),
    directories: (path) => mkdirSync(path),
    'locks of a dead owner': (path) => void writeLock(path, DEAD_OWNER),
  })) {
    test(`${kind}: an acquisition judges a few of them, and those that follow rest from that`, () => {
      const path = newPath();
      crowd(dirname(path), make);
      watchSweeps(0.1);
      expect(visit(path)).toBe(32);
      expect(visit(path)).toBe(0);
      clock += 30;
      expect(visit(path)).toBe(32);
    });
  }

  test('that each take long to judge: an acquisition waits for two of them', () => {
    const path = newPath();
    crowd(dirname(path), (name) => mkdirSync(name));
    watchSweeps(3);
    expect(visit(path)).toBe(2);
    expect(visit(path)).toBe(0);
  });

  test('the sweep comes to its end all the same', () => {
    const path = newPath();
    crowd(dirname(path), (name) => mkdirSync(name));
    for (const name of readdirSync(dirname(path))) utimesSync(join(dirname(path), name), 1e9, 1e9);
    watchSweeps(1);
    for (let visits = 0; visits < 25; visits += 1) {
      visit(path);
      clock += 100;
    }
    expect(readdirSync(dirname(path))).toEqual([]);
  });
});

describeForBackends(['native'], 'another user who may only read', (api) => {
  testRequiring(
    [isRoot(), hasProgram('python3')],
    'takes the witness from no new lock, at whatever step',
    async () => {
      const parent = tempDir();
      const path = join(parent, 'install.lock');
      const reader = await startReader();
      // The reader does take what it can get.
      writeFileSync(join(parent, 'readable'), '');
      expect(reader.lockAllBelow(parent)).toBe(1);
      let atWitness = false;
      const { witness } = api.backend;
      const take = witness.take.bind(witness);
      vi.spyOn(witness, 'take').mockImplementation((file) => {
        if (atWitness) reader.lockAllBelow(parent);
        take(file);
      });
      let lock: Lock | undefined;
      const prepare = () => {
        reader.lockAllBelow('/nowhere');
        return {
          run: () => {
            lock = api.acquireLockSync(path, { timeout: 0 });
          },
          interfere: () => void reader.lockAllBelow(parent),
          check: () => {
            expect(lock?.owner).toMatchObject({ witness: expect.anything(), lease: null });
            lock?.releaseSync();
          },
        };
      };
      const steps = interfereAtEachStep(api.backend, prepare);
      expect(steps).toBeGreaterThan(8);
      lock?.releaseSync();
      // No file operation comes between the creation of owner.json and the witness.
      atWitness = true;
      const { run, check } = prepare();
      run();
      check();
    },
  );
});

/** Starts test/fixtures/racing-reader.py, with which this thread talks without giving up its turn. */
async function startReader(): Promise<{ lockAllBelow: (directory: string) => number }> {
  const [requests, answers] = ['requests', 'answers'].map((name) => join(tempDir(), name)) as [
    string,
    string,
  ];
  execFileSync('mkfifo', [requests, answers]);
  const reader = await startProcess(['python3', fixture('racing-reader.py'), requests, answers]);
  await reader.message();
  const [request, answer] = [openSync(requests, 'w'), openSync(answers, 'r')];
  onCleanup(() => {
    for (const file of [request, answer]) closeSync(file);
  });
  return {
    lockAllBelow: (directory) => {
      writeSync(request, `${directory}\n`);
      const bytes = Buffer.alloc(16);
      return Number(bytes.toString('latin1', 0, readSync(answer, bytes)));
    },
  };
}
