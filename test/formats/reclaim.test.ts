import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  acquireLockSync,
  dumpDiagnostics,
  type InspectOptions,
  inspectLockSync,
  reclaimLockSync,
} from '../../src/index.js';
import { NOBODY } from '../helpers/crafted.js';
import { meanwhile } from '../helpers/meanwhile.js';
import { startProcess } from '../helpers/processes.js';
import { hasProgram, type Requirement, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { fixtureText, link, written } from './wild.js';

const ALSO_DEAD = NOBODY - 1;
const LIVING = process.pid;

describe('between the judgement and the deletion', () => {
  function stale(): { directory: string; path: string } {
    const directory = tempDir();
    return { directory, path: written(join(directory, 'a.pid'), `${NOBODY}\n`, Date.now() - 5_000) };
  }

  test('nothing happens: it is removed', () => {
    const { directory, path } = stale();
    expect(
      reclaimLockSync(
        path,
        meanwhile(() => {}),
      ),
    ).toMatchObject({ state: 'free', reclaimed: true });
    expect(readdirSync(directory)).toEqual([]);
  });

  test('another file takes its place: that one is judged anew, and left to its owner', () => {
    const { path } = stale();
    const swap = () => {
      writeFileSync(`${path}.new`, `${LIVING}\n`);
      renameSync(`${path}.new`, path);
    };
    expect(reclaimLockSync(path, meanwhile(swap))).toMatchObject({
      state: 'held',
      owner: { pid: LIVING },
      reclaimed: false,
    });
    expect(readFileSync(path, 'utf8')).toBe(`${LIVING}\n`);
  });

  test('another dead one’s file takes its place: removed after it was judged as well', () => {
    const { path } = stale();
    const swap = () => {
      unlinkSync(path);
      writeFileSync(path, `${ALSO_DEAD}\n`);
    };
    expect(reclaimLockSync(path, meanwhile(swap))).toMatchObject({
      owner: { pid: ALSO_DEAD },
      reclaimed: true,
    });
    expect(existsSync(path)).toBe(false);
  });

  test('its successor writes into it: left alone', () => {
    const { path } = stale();
    expect(
      reclaimLockSync(
        path,
        meanwhile(() => writeFileSync(path, `${LIVING}\n`)),
      ),
    ).toMatchObject({
      state: 'held',
      reclaimed: false,
    });
    expect(readFileSync(path, 'utf8')).toBe(`${LIVING}\n`);
  });

  test('its successor writes as many bytes into it, and the clock has not moved on: left alone', () => {
    const path = written(join(tempDir(), 'a.pid'), `${NOBODY}\n`, Date.now());
    const { mtime, atime } = lstatSync(path);
    const living = String(LIVING).padStart(String(NOBODY).length);
    const rewrite = () => {
      writeFileSync(path, `${living}\n`);
      utimesSync(path, atime, mtime);
    };
    expect(reclaimLockSync(path, meanwhile(rewrite)).reclaimed).toBe(false);
    expect(readFileSync(path, 'utf8')).toBe(`${living}\n`);
  });

  test('somebody else removes it: free, and not by this call', () => {
    const { path } = stale();
    expect(
      reclaimLockSync(
        path,
        meanwhile(() => unlinkSync(path)),
      ),
    ).toMatchObject({
      state: 'free',
      reclaimed: false,
    });
  });

  test('a lock directory takes its place: left to its owner', () => {
    const { path } = stale();
    let lock: { releaseSync(): void } | undefined;
    const swap = () => {
      unlinkSync(path);
      lock = acquireLockSync(path);
    };
    expect(reclaimLockSync(path, meanwhile(swap))).toMatchObject({
      state: 'held',
      format: 'kernel-identity',
      reclaimed: false,
    });
    lock?.releaseSync();
  });

  test('the file in a directory is replaced, and the clock has not moved on: left to its successor', () => {
    const lock = join(tempDir(), 'sync.lock');
    mkdirSync(lock);
    const path = written(join(lock, 'pid'), `${NOBODY}\n`, Date.now());
    // To the second, so that it can be set again exactly.
    const time = Math.floor(Date.now() / 1000);
    utimesSync(lock, time, time);
    const replace = () => {
      renameSync(written(join(lock, 'new'), `${LIVING}\n`, Date.now()), path);
      utimesSync(lock, time, time);
    };
    expect(reclaimLockSync(lock, meanwhile(replace))).toMatchObject({ state: 'held', reclaimed: false });
    expect(readFileSync(path, 'utf8')).toBe(`${LIVING}\n`);
  });

  testRequiring([hasProgram('flock')], 'somebody locks the file in a directory: left alone', () => {
    const lock = join(tempDir(), 'sync.lock');
    mkdirSync(lock);
    const path = written(join(lock, 'pid'), `${LIVING}\n`, Date.now() - 3_600_000 * 24 * 400);
    let holder = 0;
    const options: InspectOptions = {
      // It is read for the last time when the file locks have been looked at.
      get clockSlack() {
        if (holder === 0 && new Error('stack').stack?.includes('clockStepped') === true) {
          const locks = 'flock -F "$1" sleep 60 >&- 2>&- <&- & echo $!';
          const script = `${locks}; while flock -n "$1" true; do sleep 0.02; done`;
          holder = Number(spawnSync('sh', ['-c', script, 'sh', path], { encoding: 'utf8' }).stdout);
        }
        return 60_000;
      },
    };
    expect(reclaimLockSync(lock, options)).toMatchObject({ state: 'held', reclaimed: false });
    expect(existsSync(path)).toBe(true);
    process.kill(holder, 'SIGKILL');
    // The kernel drops the lock a moment after that.
    spawnSync('flock', ['-w', '20', path, 'true']);
    expect(reclaimLockSync(lock)).toMatchObject({ reclaimed: true });
  });

  test('it changes again and again: left alone, as unknown', () => {
    const { path } = stale();
    let size = 0;
    const grow = () => writeFileSync(path, `${NOBODY}\n`.padStart(++size + 10));
    expect(reclaimLockSync(path, meanwhile(grow, 100))).toMatchObject({
      state: 'unknown',
      description: 'it changes each time that it is judged',
      reclaimed: false,
    });
    expect(existsSync(path)).toBe(true);
  });

  test.each([
    ['to another process', LIVING, 0],
    ['anew to the same number', NOBODY, 1_000],
  ])('a link is made to lead %s: %s', (_name, pid, laterMs) => {
    const path = join(tempDir(), 'SingletonLock');
    const writtenMs = Date.now() - 60_000;
    link(path, `${hostname()}-${NOBODY}`, writtenMs);
    let inode: number | undefined;
    const relink = () => {
      symlinkSync(`${hostname()}-${pid}`, `${path}.new`);
      lutimesSync(`${path}.new`, (writtenMs + laterMs) / 1000, (writtenMs + laterMs) / 1000);
      renameSync(`${path}.new`, path);
      inode = lstatSync(path).ino;
    };
    // The link changes every time it is read, so that it is never the one that was judged.
    expect(reclaimLockSync(path, meanwhile(relink, 3)).reclaimed).toBe(false);
    expect(lstatSync(path).ino).toBe(inode);
  });
});

test('legacy: unknown leaves every such file alone', () => {
  const path = written(join(tempDir(), 'a.pid'), `${NOBODY}\n`, Date.now());
  expect(reclaimLockSync(path, { legacy: 'unknown' })).toMatchObject({
    state: 'unknown',
    verdict: { reason: 'legacy-not-assumed' },
    reclaimed: false,
  });
});

test('a directory with something else in its owner.json is still no lock', () => {
  const path = join(tempDir(), 'a.lock');
  mkdirSync(path);
  writeFileSync(join(path, 'owner.json'), 'precious');
  expect(() => inspectLockSync(path)).toThrow(expect.objectContaining({ code: 'ERR_NOT_A_LOCK' }));
});

/** The procfs backend searches /proc/locks only for locks of this package's own kind. */
const seesPosixLocks: Requirement = {
  available: dumpDiagnostics().backend.name === 'native',
  reason: 'needs the native backend to see a lock of another program',
};

testRequiring(
  [seesPosixLocks, hasProgram('python3')],
  'a pid file that somebody holds a file lock on is not dead',
  async () => {
    const path = written(join(tempDir(), 'mongod.lock'), `${NOBODY}\n`, Date.now());
    const script = `import fcntl,sys
file = open(sys.argv[1], 'r+')
fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
print('locked', flush=True)
sys.stdin.read()`;
    const holder = await startProcess(['python3', '-c', script, path]);
    await holder.line();
    expect(reclaimLockSync(path)).toMatchObject({
      state: 'held',
      verdict: { reason: 'legacy-file-locked', certainty: 'assumed' },
      reclaimed: false,
    });
    await holder.kill();
    expect(reclaimLockSync(path)).toMatchObject({ reclaimed: true });
  },
);

testRequiring(
  [hasProgram('python3')],
  'a postmaster.pid whose shared memory is in use is not dead, nor is the lock of its socket',
  async () => {
    // The script calls shmget and shmat of the C library; the segment is removed when the process ends.
    const script = `import ctypes, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p
key = 0x7000beef
id = libc.shmget(key, 4096, 0o1600)
assert id >= 0, ctypes.get_errno()
libc.shmat(id, None, 0)
libc.shmctl(id, 0, None)
print(id, flush=True)
sys.stdin.read()`;
    const backend = await startProcess(['python3', '-c', script]);
    const id = await backend.line();
    const shown = readFileSync('/proc/sysvipc/shm', 'latin1').split('\n');
    const key = Number(
      shown.map((line) => line.trim().split(/ +/)).find((columns) => columns[1] === id)?.[0],
    );
    const text = fixtureText('postmaster.pid')
      .replace('7', String(NOBODY))
      .replace(/ *5432001 +7/, `${String(key >>> 0).padStart(9)} ${id.padStart(9)}`);
    const startedMs = 1_777_458_804_000;
    const data = tempDir();
    const path = written(join(data, 'postmaster.pid'), text, startedMs);
    const socketText = `${NOBODY}\n${data}\n${startedMs / 1000}\n5432\n/tmp\n`;
    const socketLock = written(join(tempDir(), '.s.PGSQL.5432.lock'), socketText, startedMs);
    for (const file of [path, socketLock]) {
      expect(reclaimLockSync(file)).toMatchObject({
        state: 'held',
        verdict: { reason: 'legacy-memory-in-use' },
        reclaimed: false,
      });
    }
    await backend.kill();
    expect(reclaimLockSync(socketLock)).toMatchObject({ reclaimed: true });
    expect(reclaimLockSync(path)).toMatchObject({ reclaimed: true });
  },
);
