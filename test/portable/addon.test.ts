// What the package makes of the answers of the addons for Windows and macOS. The answers are made up here; those of the
// systems are tested there (test/other-systems/addon.mjs).
import fs, { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { Backend, Errno } from '../../src/backend/backend.js';
import type { Descriptor } from '../../src/backend/descriptor.js';
import { parseBootText } from '../../src/backend/thin/boot-text.js';
import type { ThinFiles } from '../../src/backend/thin/files.js';
import { loadThinBackend } from '../../src/backend/thin/index.js';
import { whyNotProven } from '../../src/backend/thin/proven.js';
import { loadThinAddon, type ProcessSight, type ThinAddon } from '../../src/backend/thin/thin-addon.js';
import { compareIdentities } from '../../src/identity/compare.js';
import { observeProcess } from '../../src/identity/observe-process.js';
import type { Observer } from '../../src/identity/observer.js';
import type { ProcessIdentity } from '../../src/identity/process-identity.js';
import type { LockView } from '../../src/lock/protocol/view.js';
import { startAsyncWatch } from '../../src/lock/waiting/change-watch.js';
import { tempDir } from '../helpers/temp-dir.js';

const PID = 4_004;
const RUNNING: ProcessSight = { key: '71', started: 1_795_939_892_706_968, hasExited: false };

/** An addon that gives these answers, and remembers what was asked of it to watch. */
function fakeAddon(answers: Partial<ThinAddon> = {}) {
  const watched: (() => void)[] = [];
  const cancelled: number[] = [];
  /** The inodes of files that are watched. */
  const files: number[] = [];
  const addon: ThinAddon = {
    sourceHash: '',
    boot: () => 'a/1/2',
    numbersAreShared: () => true,
    probe: () => RUNNING,
    volume: () => 'NTFS',
    testWitness: () => 'untestable',
    watchEnd: (_pid, words, index, wake) =>
      watched.push(() => (wake === null ? Atomics.store(words as Int32Array, index, 1) : wake())),
    watchFile: (fd, words, index, wake) => {
      files.push(fs.fstatSync(fd).ino);
      return addon.watchEnd(0, words, index, wake);
    },
    cancel: (ticket) => void cancelled.push(ticket),
    ...answers,
  };
  return { addon, watched, cancelled, files };
}

function windows(answers: Partial<ThinAddon> = {}): Backend {
  return loadThinBackend('win32', fakeAddon(answers).addon);
}

/** A backend whose addon sees first one thing and then, after `turn()`, another under the same number. */
function turning(first: ProcessSight | Errno, then: ProcessSight | Errno) {
  let now = first;
  const fake = fakeAddon({ probe: () => now });
  const backend = loadThinBackend('win32', fake.addon);
  const pidfd = backend.processes.openPidfd(PID) as Descriptor;
  return {
    ...fake,
    backend,
    pidfd,
    turn() {
      now = then;
    },
  };
}

describe('a boot', () => {
  test('of Windows has an id that is not called its own, and shows nothing of the machine', () => {
    const boot = parseBootText('3861a0cf-6b3f-43af-bc54-64f4dea37c63/12/01dd7fd93aec2a26', 'win32');
    expect(boot).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      native: false,
    });
    expect(boot?.id).not.toContain('3861a0cf');
    expect(parseBootText('3861a0cf-6b3f-43af-bc54-64f4dea37c63/12/01dd7fd93aec2a27', 'win32')).not.toEqual(
      boot,
    );
  });

  test('of macOS has the id of its kernel', () => {
    const id = '0E2A3B4C-0000-4000-8000-00000000ABCD';
    expect(parseBootText(id, 'darwin')).toEqual({ id: id.toLowerCase(), native: true });
    expect(parseBootText('something else', 'darwin')).toBeNull();
  });

  test('is not known where the addon does not know it', () => {
    for (const platform of ['win32', 'darwin']) expect(parseBootText(null, platform)).toBeNull();
  });
});

describe('a process', () => {
  const observerOn = (backend: Backend): Observer => ({
    backend,
    pid: 900,
    bootId: backend.processes.bootId(),
    pidNamespace: backend.processes.pidNamespace(),
    timeOffset: backend.processes.timeOffset(),
    ownProc: false,
    pidInProc: null,
    pidfdWorks: backend.capabilities().pidfd.available,
  });
  const seenBy = (answers: Partial<ThinAddon>) => observeProcess(observerOn(windows(answers)), PID, true);
  const identityOf = (sight: ProcessSight, answers: Partial<ThinAddon> = {}) =>
    seenBy({ probe: () => sight, ...answers }).identity as ProcessIdentity;

  test('has the start, the key and the boot that the addon sees', () => {
    expect(identityOf(RUNNING)).toMatchObject({
      pid: PID,
      startTicks: '1795939892706968',
      startTolerance: 0,
      pidfdInode: '71',
      bootIdNative: false,
      pidNamespace: { inode: '0', id: null },
    });
  });

  test('is not compared by time with a record, because its start is what a clock showed that may be set', () => {
    expect(seenBy({})).toMatchObject({ existence: 'present', exited: false, ticksAsRead: null });
  });

  test.each([
    ['ESRCH', 'absent'],
    ['EPERM', 'unknown'],
  ] as const)('for which the addon answers %s is %s', (errno, existence) => {
    // The first call is about this process, to see whether the addon answers at all.
    let calls = 0;
    expect(seenBy({ probe: () => (calls++ === 0 ? RUNNING : errno) })).toMatchObject({
      existence,
      identity: null,
    });
  });

  test('is left to kill(2) where the addon does not even see its own', () => {
    expect(seenBy({ probe: () => 'EPERM' }).existence).not.toBe('present');
  });

  const UNKNOWN_KEY = { ...RUNNING, key: null };
  test.each<[string, ProcessSight, string]>([
    ['the same', RUNNING, 'same'],
    ['of another key', { ...RUNNING, key: '72' }, 'different'],
    ['of the same key, and a start that was read otherwise', { ...RUNNING, started: 7 }, 'same'],
    ['of no known key, and the same start', UNKNOWN_KEY, 'same'],
    ['of no known key, and another start', { ...UNKNOWN_KEY, started: 7 }, 'different'],
    ['of which nothing is known', { ...UNKNOWN_KEY, started: null }, 'unknown'],
  ])('%s is compared', (_what, other, answer) => {
    expect(compareIdentities(identityOf(RUNNING), identityOf(other))).toBe(answer);
  });

  test('of another boot, or of an unknown one, is never called different', () => {
    for (const boot of [() => 'b/1/2', () => null]) {
      const other = identityOf({ ...RUNNING, key: '72', started: 7 }, { boot });
      expect(compareIdentities(identityOf(RUNNING), other)).toBe('unknown');
    }
  });

  test('in a container of Windows is in no namespace that others see', () => {
    const contained = identityOf(UNKNOWN_KEY, { numbersAreShared: () => false });
    expect(contained.pidNamespace.inode).toBeNull();
    expect(compareIdentities(identityOf({ ...UNKNOWN_KEY, started: 7 }), contained)).toBe('unknown');
  });
});

describe('a pidfd', () => {
  const NO_KEY = { ...RUNNING, key: null };
  test.each<[string, ProcessSight | Errno, boolean]>([
    ['runs', RUNNING, false],
    ['has exited', { ...RUNNING, hasExited: true }, true],
    ['is gone', 'ESRCH', true],
    ['is hidden', 'EPERM', false],
    ['cannot be looked at for want of memory', 'ENOMEM', false],
    ['has another key', { ...RUNNING, key: '72' }, true],
    ['has no key, and the same start', NO_KEY, false],
    ['has no key, and another start', { ...NO_KEY, started: 7 }, true],
    ['shows nothing', { ...NO_KEY, started: null }, false],
  ])('whose process %s has ended: %s %s', (_what, then, ended) => {
    const { backend, pidfd, turn } = turning(RUNNING, then);
    expect(backend.processes.pidfdExited(pidfd)).toBe(false);
    turn();
    expect(backend.processes.pidfdExited(pidfd)).toBe(ended);
    backend.files.close(pidfd);
    expect(() => backend.files.close(pidfd)).toThrow(expect.objectContaining({ code: 'EBADF' }));
  });

  test('is refused where nothing would show that the number is given to another', () => {
    const nameless = { key: null, started: null, hasExited: false };
    for (const answer of [nameless, 'EPERM'] as const) {
      expect(windows({ probe: () => answer }).processes.openPidfd(PID)).toBe('ENOSYS');
    }
    for (const errno of ['ESRCH', 'ENOMEM'])
      expect(windows({ probe: () => errno }).processes.openPidfd(PID)).toBe(errno);
  });
});

describe('the end of a process', () => {
  const watchOf = ({ backend }: ReturnType<typeof turning>) => backend.watch as NonNullable<Backend['watch']>;

  test('is written into a word, and wakes', async () => {
    const scene = turning(RUNNING, 'ESRCH');
    const words = new Int32Array(new SharedArrayBuffer(4));
    expect(watchOf(scene).onExit(scene.pidfd, words, 0)).toBe(1);
    const woken = new Promise<void>((wake) =>
      watchOf(scene).onLockChange(0 as Descriptor, scene.pidfd, wake),
    );
    expect(words[0]).toBe(0);
    for (const end of scene.watched) end();
    await woken;
    expect(words[0]).toBe(1);
  });

  test('is reported at once where another process has the number by now, whose end nobody asked for', async () => {
    const scene = turning(RUNNING, { ...RUNNING, key: '72' });
    scene.turn();
    const words = new Int32Array(new SharedArrayBuffer(4));
    expect(watchOf(scene).onExit(scene.pidfd, words, 0)).toBe(0);
    expect(words[0]).toBe(1);
    await new Promise<void>((wake) => watchOf(scene).onLockChange(0 as Descriptor, scene.pidfd, wake));
    expect(scene.cancelled).toEqual([1, 2]);
  });

  test('is reported at once where the number is nobody’s by now', () => {
    const { addon } = fakeAddon({ watchEnd: () => 'ESRCH' });
    const { processes, watch } = loadThinBackend('win32', addon);
    const words = new Int32Array(new SharedArrayBuffer(4));
    expect(watch?.onExit(processes.openPidfd(PID) as Descriptor, words, 0)).toBe(0);
    expect(words[0]).toBe(1);
  });

  test('is not reported where it cannot be watched', () => {
    const { processes, watch } = windows({ watchEnd: () => 'ENOMEM' });
    const words = new Int32Array(new SharedArrayBuffer(4));
    expect(watch?.onExit(processes.openPidfd(PID) as Descriptor, words, 0)).toBe('ENOMEM');
    expect(words[0]).toBe(0);
    expect(watch?.onLockChange(0 as Descriptor, null, () => {})).toBe('ENOTSUP');
    expect(watch?.reportsChanges).toBe(false);
  });
});

describe('the file of an owner on macOS', () => {
  /** A file of an owner that the addon sees in this state, and the process of the owner. */
  function sceneOf(answers: Partial<ThinAddon> = {}) {
    const fake = fakeAddon({ testWitness: () => 'held', ...answers });
    const backend = loadThinBackend('darwin', fake.addon);
    const watch = backend.watch as NonNullable<Backend['watch']>;
    const path = tempDir();
    writeFileSync(join(path, 'a'), '');
    const file = backend.files.openAt(backend.files.openParent(path), 'a');
    const pidfd = backend.processes.openPidfd(PID) as Descriptor;
    const words = new Int32Array(new SharedArrayBuffer(4));
    return { ...fake, backend, watch, file, pidfd, words, inode: fs.statSync(join(path, 'a')).ino };
  }
  const lockChange = ({ watch, pidfd, file }: ReturnType<typeof sceneOf>, wake = () => {}) =>
    watch.onLockChange(0 as Descriptor, pidfd, wake, file);

  test('wakes a waiter as the end of its process does, and both are cancelled together', () => {
    const scene = sceneOf();
    let calls = 0;
    const ticket = lockChange(scene, () => {
      calls += 1;
    });
    expect(scene.files).toEqual([scene.inode]);
    for (const report of scene.watched) report();
    expect(calls).toBe(2);
    scene.watch.cancel(ticket as number);
    scene.watch.cancel(ticket as number);
    expect(scene.cancelled).toEqual([1, 2]);
  });

  test('wakes it where one of the two cannot be watched', () => {
    const hidden = sceneOf();
    expect(hidden.watch.onLockChange(0 as Descriptor, null, () => {}, hidden.file)).toBe(1);
    expect(hidden.watched).toHaveLength(1);
    const full = sceneOf({ watchFile: () => 'ENOMEM' });
    expect(lockChange(full)).toBe(1);
    expect(full.watched).toHaveLength(1);
    const neither = sceneOf({ watchFile: () => 'ENOMEM', watchEnd: () => 'ENOMEM' });
    expect(lockChange(neither)).toBe('ENOMEM');
  });

  test('is what a waiter for a lock has watched', () => {
    const scene = sceneOf();
    const owner = { filesystem: { type: 'apfs' }, status: {}, descriptor: scene.file };
    const view = { directory: 0, record: null, owner, lockPath: { backend: scene.backend } };
    startAsyncWatch(view as unknown as LockView)?.close();
    expect(scene.files).toEqual([scene.inode]);
    expect(scene.cancelled).toEqual([1]);
  });

  test('writes into a word when its witness is free', () => {
    const { watch, file, words, watched, cancelled } = sceneOf();
    const ticket = watch.onRelease(file, words, 0);
    expect([ticket, words[0]]).toEqual([1, 0]);
    watched[0]?.();
    expect(words[0]).toBe(1);
    watch.cancel(ticket as number);
    expect(cancelled).toEqual([1]);
  });

  test.each(['free', 'untestable'] as const)('whose witness is %s once it is watched is not', (state) => {
    const { watch, file, words, cancelled } = sceneOf({ testWitness: () => state });
    expect(watch.onRelease(file, words, 0)).toBe('ENOTSUP');
    expect(cancelled).toEqual([1]);
  });

  test('is not watched by a number that other code has given to another file', () => {
    const scene = sceneOf();
    const { pin } = (scene.backend.files as ThinFiles).handles.get(scene.file, '');
    fs.closeSync(pin as number);
    expect(fs.openSync('/dev/zero', 'r')).toBe(pin);
    expect(scene.watch.onRelease(scene.file, scene.words, 0)).toBe('ENOTSUP');
    expect(lockChange(scene)).toBe(1);
    expect(scene.files).toEqual([]);
    fs.closeSync(pin as number);
  });
});

test('no file is watched on Windows, where none is kept open', () => {
  const { addon, files } = fakeAddon();
  const { watch, ...backend } = loadThinBackend('win32', addon);
  const path = tempDir();
  writeFileSync(join(path, 'a'), '');
  const file = backend.files.openAt(backend.files.openParent(path), 'a');
  expect(watch?.onLockChange(0 as Descriptor, null, () => {}, file)).toBe('ENOTSUP');
  expect(watch?.onRelease(file, new Int32Array(new SharedArrayBuffer(4)), 0)).toBe('ENOTSUP');
  expect(files).toEqual([]);
});

test('a waiter looks again by itself where only the end of the owner is reported', () => {
  const completeness = (reportsChanges: boolean): boolean | undefined => {
    const { watch, ...backend } = windows();
    // A lock of this package on a disk, in which everything that frees it is a change that could be reported.
    const record = { pid: PID, version: 1, witness: null, identity: null, lifeline: null, handedOver: false };
    const seen = { directory: 0, record, owner: { filesystem: { type: 'windows' }, status: {} } };
    const all = { ...watch, onLockChange: () => 1, reportsChanges };
    const view = { ...seen, lockPath: { backend: { ...backend, watch: all } } } as unknown as LockView;
    return startAsyncWatch(view)?.complete;
  };
  expect(completeness(true)).toBe(true);
  expect(completeness(windows().watch?.reportsChanges ?? true)).toBe(false);
});

describe('a place', () => {
  const { native } = fs.realpathSync;
  afterEach(() => {
    fs.realpathSync.native = native;
  });

  test.each([
    ['NTFS', 'C:\\work', 'windows'],
    ['ReFS', 'C:\\work', 'windows'],
    ['FAT32', 'C:\\work', 'unknown'],
    ['exFAT', 'C:\\work', 'unknown'],
    [null, 'C:\\work', 'unknown'],
    ['NTFS', '\\\\server\\share', 'unknown'],
  ])('of Windows with the filesystem %s at %s is %s', (volume, path, type) => {
    fs.realpathSync.native = (() => path) as unknown as typeof native;
    const { files } = windows({ volume: () => volume });
    expect(files.filesystem(files.openParent(tempDir())).type).toBe(type);
  });

  test.each([
    ['apfs', 'apfs'],
    ['hfs', 'hfs'],
    ['nfs', 'unknown'],
    ['msdos', 'unknown'],
    [null, 'unknown'],
  ])('of macOS with the filesystem %s is %s', (volume, type) => {
    const { files } = loadThinBackend('darwin', fakeAddon({ volume: () => volume }).addon);
    expect(files.filesystem(files.openParent(tempDir())).type).toBe(type);
  });

  test('of macOS where another directory has come is not known', () => {
    const { files } = loadThinBackend('darwin', fakeAddon({ volume: () => 'apfs' }).addon);
    const path = join(tempDir(), 'a');
    mkdirSync(path);
    const directory = files.openParent(path);
    fs.renameSync(path, `${path}.old`);
    mkdirSync(path);
    expect(files.filesystem(directory).type).toBe('unknown');
  });
});

describe('the witness on macOS', () => {
  // Linux ignores the flag by which plain Node asks, so to that every witness is free here.
  test.each([
    ['held', 'held'],
    ['free', 'free'],
    ['untestable', 'free'],
  ] as const)('that the addon sees %s is %s, because plain Node has the last word on free', (seen, state) => {
    const asked: number[] = [];
    const testWitness = (fd: number) => {
      asked.push(fs.fstatSync(fd).ino);
      return seen;
    };
    const { files, witness } = loadThinBackend('darwin', fakeAddon({ testWitness }).addon);
    const path = tempDir();
    writeFileSync(join(path, 'a'), '');
    const file = files.openAt(files.openParent(path), 'a');
    expect(witness.test(file, 'apfs')).toBe(state);
    expect(asked).toEqual([fs.statSync(join(path, 'a')).ino]);
    expect(witness.test(file, 'nfs')).toBe('untestable');
    files.close(file);
  });
});

describe('an addon', () => {
  /** prebuilds/ with this in PROVEN.json, and an addon of the hash `made`. */
  function prebuilds(proven: unknown): () => string {
    const folder = tempDir();
    const files = { 'win32-x64/kernel-identity.node': { sha256: 'made' } };
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ files }));
    writeFileSync(join(folder, 'PROVEN.json'), typeof proven === 'string' ? proven : JSON.stringify(proven));
    return () => folder;
  }
  const PROVEN = { addons: { 'win32-x64': { sha256: 'made' } } };

  test('is chosen unasked where that very file was tested on such a machine', () => {
    expect(whyNotProven('win32-x64', prebuilds(PROVEN))).toBeNull();
  });

  test.each<[string, string, unknown]>([
    ['another file', 'win32-x64', { addons: { 'win32-x64': { sha256: 'other' } } }],
    ['the file of another machine', 'win32-arm64', { addons: { 'win32-arm64': { sha256: 'made' } } }],
    ['no file', 'win32-x64', { addons: {} }],
    ['a file without a hash', 'win32-x64', { addons: { 'win32-x64': {} } }],
    ['something else', 'win32-x64', 'not JSON'],
    ['nothing', 'win32-x64', null],
    ['an inherited name', 'win32-x64', []],
  ])('is not where PROVEN.json names %s', (_what, machine, proven) => {
    expect(whyNotProven(machine, prebuilds(proven))).toMatch(/KERNEL_IDENTITY_BACKEND=native asks for it/);
  });

  test('is not where the package cannot be found, and on other systems', () => {
    const nowhere = () => {
      throw new Error('bundled');
    };
    expect(whyNotProven('win32-x64', nowhere)).toMatch(/was not tested/);
    expect(whyNotProven('freebsd-x64', prebuilds({ addons: { 'freebsd-x64': {} } }))).toMatch(
      /no addon for freebsd/,
    );
    expect(() => loadThinAddon('freebsd')).toThrow('there is no addon for freebsd');
  });
});
