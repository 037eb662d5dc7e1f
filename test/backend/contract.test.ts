import { spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Backend, BootId, Capabilities, PidNamespace, TimeOffset } from '../../src/backend/backend.js';
import { hasBackend, loadBackend, TESTED } from '../helpers/backends.js';
import { type BoxOptions, openBox } from '../helpers/box.js';
import { onCleanup } from '../helpers/cleanup.js';
import { startLeaderless, startOddlyNamed, startZombie, threadIdOf } from '../helpers/odd-processes.js';
import { startProcess } from '../helpers/processes.js';
import {
  canShiftTime,
  describeRequiring,
  hasProgram,
  isBuilt,
  isolationTest,
  isRoot,
  testRequiring,
} from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';

/** Above the largest pid_max there is (4 194 304, proc_sys_kernel(5)): never anybody's number. */
const NOBODY = 4_194_305;

const KEEP_LEASE = fileURLToPath(new URL('fixtures/keep-lease.mjs', import.meta.url));

/** USER_HZ: what the kernel counts in towards user space, on every architecture Node runs on. */
const TICKS_PER_SECOND = 100;

/** What test/fixtures/backend-report.mjs prints. */
interface Report {
  readonly failed?: string;
  readonly pid: number;
  readonly bootId: BootId | null;
  readonly pidNamespace: PidNamespace | null;
  readonly timeOffset: TimeOffset | null;
  readonly self: Look;
  readonly ownStatus: unknown;
  readonly others: Record<string, Look>;
  readonly capabilities: Capabilities;
}

interface Look {
  readonly stat: { state: string; threads: number; startTicks: number | null } | string;
  readonly status: { tgid: number; nsPids: number[] } | string;
  readonly pidNamespace: PidNamespace | null;
}

for (const name of TESTED) {
  describeRequiring([hasBackend(name)], `the ${name} backend`, () => {
    let backend: Backend;
    beforeEach(() => {
      backend = loadBackend(name);
    });

    test('says its name, and what it can and why', () => {
      expect(backend.name).toBe(name);
      const capabilities = backend.capabilities();
      expect(Object.keys(capabilities).sort()).toEqual([
        'namespaceId',
        'pidfd',
        'pidfdInode',
        'renameNoReplace',
        'takeWitness',
        'testWitness',
      ]);
      for (const { available, reason } of Object.values(capabilities)) {
        expect(available).toBeTypeOf('boolean');
        expect(reason).not.toBe('');
      }
      expect(backend.capabilities()).toBe(capabilities);
    });

    describe('asked for processes', () => {
      test('knows the boot', () => {
        const id = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
        expect(backend.processes.bootId()).toEqual({ id, native: true });
      });

      test('knows the PID namespace of itself, of a child and of nobody', async () => {
        const inode = /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0];
        const own = backend.processes.pidNamespace();
        expect(own?.inode).toBe(inode);
        expect(own?.id !== null).toBe(backend.capabilities().namespaceId.available);
        const child = await startProcess(['sleep', '600']);
        expect(backend.processes.pidNamespace(child.pid)).toEqual(own);
        expect(backend.processes.pidNamespace(NOBODY)).toBeNull();
      });

      test('knows of no shift of time in the initial time namespace', () => {
        expect(backend.processes.timeOffset()).toEqual({ seconds: 0, nanoseconds: 0 });
      });

      test('reads its own stat', () => {
        const stat = backend.processes.stat(process.pid);
        if (typeof stat === 'string') throw new Error(stat);
        expect(stat.state).toBe('R');
        expect(stat.threads).toBe(readdirSync('/proc/self/task').length);
        const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
        const bornAt = uptime - process.uptime();
        expect(Math.abs((stat.startTicks ?? 0) / TICKS_PER_SECOND - bornAt)).toBeLessThan(0.5);
      });

      test('reads the stat of a child, and that it is gone', async () => {
        const child = await startProcess(['cat']);
        expect(backend.processes.stat(child.pid)).toMatchObject({
          threads: 1,
          startTicks: expect.any(Number),
        });
        await child.kill();
        expect(backend.processes.stat(child.pid)).toBe('ENOENT');
        expect(backend.processes.status(child.pid)).toBe('ENOENT');
      });

      test('reads the numbers of processes', async () => {
        expect(backend.processes.status('self')).toEqual({ tgid: process.pid, nsPids: [process.pid] });
        const child = await startProcess(['cat']);
        expect(backend.processes.status(child.pid)).toEqual({ tgid: child.pid, nsPids: [child.pid] });
      });

      test('answers with an errno name for a missing process', () => {
        expect(backend.processes.stat(NOBODY)).toBe('ENOENT');
        expect(backend.processes.status(NOBODY)).toBe('ENOENT');
      });

      test('refuses what cannot be a PID', () => {
        for (const nonsense of [0, -1, 1.5, Number.NaN, 2 ** 31]) {
          expect(() => backend.processes.stat(nonsense)).toThrow(RangeError);
          expect(() => backend.processes.status(nonsense)).toThrow(RangeError);
          expect(() => backend.processes.pidNamespace(nonsense)).toThrow(RangeError);
        }
      });

      test('sees that a zombie is one', async () => {
        const { pid } = await startZombie();
        expect(backend.processes.stat(pid)).toMatchObject({ state: 'Z', threads: 1 });
        expect(backend.processes.status(pid)).toMatchObject({ tgid: pid });
      });

      testRequiring(
        [hasProgram('python3')],
        'counts the threads of a process that lost its leader',
        async () => {
          const { pid } = await startLeaderless();
          expect(backend.processes.stat(pid)).toMatchObject({ state: 'Z', threads: 2 });
        },
      );

      test('is not taken in by a name that looks like fields', async () => {
        const { pid, keeper } = await startOddlyNamed();
        const plain = await startProcess(['cat']);
        const odd = backend.processes.stat(pid);
        const beside = backend.processes.stat(plain.pid);
        if (typeof odd === 'string' || typeof beside === 'string') throw new Error(`${odd} ${beside}`);
        expect(odd.state).toMatch(/^[RS]$/);
        expect(odd.threads).toBe(readdirSync(`/proc/${keeper.pid}/task`).length);
        expect(Math.abs(Number(odd.startTicks) - Number(beside.startTicks))).toBeLessThan(
          10 * TICKS_PER_SECOND,
        );
        expect(backend.processes.status(pid)).toEqual({ tgid: pid, nsPids: [pid] });
      });

      test('tells a thread from a process', () => {
        const thread = threadIdOf(process.pid);
        expect(backend.processes.stat(thread)).toMatchObject({ startTicks: expect.any(Number) });
        expect(backend.processes.status(thread)).toEqual({ tgid: process.pid, nsPids: [thread] });
      });
    });

    describe('asked for pidfds', () => {
      if (name === 'procfs') {
        test('has none', () => {
          expect(backend.processes.openPidfd(process.pid)).toBe('ENOSYS');
          expect(backend.processes.pidfdInode(0)).toBeNull();
          expect(backend.processes.pidfdExited(0)).toBe(false);
        });
        return;
      }

      const { pidfd, pidfdInode } = loadBackend(name).capabilities();

      testRequiring([pidfd], 'opens one of a live process, that of a zombie has exited', async () => {
        const own = opened(backend, process.pid);
        expect(backend.processes.pidfdExited(own)).toBe(false);
        const zombie = await startZombie();
        const dead = opened(backend, zombie.pid);
        expect(backend.processes.pidfdExited(dead)).toBe(true);
        backend.files.close(own);
        backend.files.close(dead);
      });

      testRequiring([pidfd], 'sees a process exit', async () => {
        const child = await startProcess(['cat']);
        const fd = opened(backend, child.pid);
        expect(backend.processes.pidfdExited(fd)).toBe(false);
        await child.kill();
        expect(backend.processes.pidfdExited(fd)).toBe(true);
        backend.files.close(fd);
      });

      testRequiring([pidfd, hasProgram('python3')], 'sees a process live on without its leader', async () => {
        const { pid } = await startLeaderless();
        const fd = opened(backend, pid);
        expect(backend.processes.pidfdExited(fd)).toBe(false);
        backend.files.close(fd);
      });

      testRequiring([pidfd], 'opens none of nobody, nor of a mere thread', () => {
        expect(backend.processes.openPidfd(NOBODY)).toBe('ESRCH');
        expect(backend.processes.openPidfd(threadIdOf(process.pid))).toMatch(/^(ENOENT|EINVAL)$/);
      });

      testRequiring([pidfdInode], 'gives each process one inode of its own', async () => {
        const child = await startProcess(['cat']);
        const fds = [process.pid, process.pid, child.pid].map((pid) => opened(backend, pid));
        const [own, again, other] = fds.map((fd) => backend.processes.pidfdInode(fd));
        expect(own).toMatch(/^\d+$/);
        expect(again).toBe(own);
        expect(other).not.toBe(own);
        for (const fd of fds) backend.files.close(fd);
      });

      test('finds no process inode in another kind of descriptor', () => {
        const fd = backend.files.openParent('/tmp');
        expect(backend.processes.pidfdInode(fd)).toBeNull();
        backend.files.close(fd);
      });
    });

    describe('asked for files', () => {
      let path: string;
      let directory: number;

      beforeEach(() => {
        path = tempDir();
        directory = backend.files.openParent(path);
        return () => backend.files.close(directory);
      });

      test('opens a parent through symbolic links', () => {
        symlinkSync(path, join(path, 'link'));
        const fd = backend.files.openParent(join(path, 'link'));
        expect(backend.files.statDescriptor(fd).inode).toBe(String(statSync(path).ino));
        backend.files.close(fd);
      });

      test('opens no parent that is missing or a file', () => {
        const missing = join(path, 'missing');
        expect(thrown(() => backend.files.openParent(missing))).toMatchObject({
          code: 'ENOENT',
          path: missing,
        });
        writeFileSync(join(path, 'file'), '');
        expect(code(() => backend.files.openParent(join(path, 'file')))).toBe('ENOTDIR');
      });

      test('opens a directory, but nothing that leads to one or is a file', () => {
        mkdirSync(join(path, 'lock'));
        symlinkSync('lock', join(path, 'link'));
        writeFileSync(join(path, 'file'), '');
        const fd = backend.files.openDirectoryAt(directory, 'lock');
        expect(backend.files.statDescriptor(fd)).toMatchObject({ kind: 'directory' });
        backend.files.close(fd);
        expect(code(() => backend.files.openDirectoryAt(directory, 'link'))).toMatch(/^(ELOOP|ENOTDIR)$/);
        expect(code(() => backend.files.openDirectoryAt(directory, 'file'))).toBe('ENOTDIR');
        expect(code(() => backend.files.openDirectoryAt(directory, 'missing'))).toBe('ENOENT');
        expect(code(() => backend.files.findDirectoryAt(directory, 'link'))).toMatch(/^(ELOOP|ENOTDIR)$/);
        expect(code(() => backend.files.findDirectoryAt(directory, 'file'))).toBe('ENOTDIR');
        expect(backend.files.findDirectoryAt(directory, 'missing')).toBeNull();
      });

      test('opens a file for reading, but not through a symbolic link', () => {
        writeFileSync(join(path, 'file'), 'text');
        symlinkSync('file', join(path, 'link'));
        const fd = backend.files.openAt(directory, 'file', 'read');
        expect(backend.files.read(fd, 100).toString()).toBe('text');
        expect(code(() => backend.files.write(fd, 'no'))).toBe('EBADF');
        backend.files.close(fd);
        expect(code(() => backend.files.openAt(directory, 'link', 'read'))).toBe('ELOOP');
        expect(code(() => backend.files.openAt(directory, 'missing', 'read'))).toBe('ENOENT');
      });

      test('does not wait for the writer of a FIFO', { timeout: 2000 }, () => {
        expect(spawnSync('mkfifo', [join(path, 'fifo')]).status).toBe(0);
        const fd = backend.files.openAt(directory, 'fifo', 'read');
        expect(backend.files.statDescriptor(fd).kind).toBe('other');
        backend.files.close(fd);
        expect(code(() => backend.files.openDirectoryAt(directory, 'fifo'))).toBe('ENOTDIR');
      });

      test('creates only what is not there, not even behind a dangling symbolic link', () => {
        const fd = backend.files.openAt(directory, 'new', 'create');
        backend.files.write(fd, 'first');
        backend.files.close(fd);
        symlinkSync('nowhere', join(path, 'dangling'));
        expect(code(() => backend.files.openAt(directory, 'new', 'create'))).toBe('EEXIST');
        expect(code(() => backend.files.openAt(directory, 'dangling', 'create'))).toBe('EEXIST');
        expect(readFileSync(join(path, 'new'), 'utf8')).toBe('first');
        expect(existsSync(join(path, 'nowhere'))).toBe(false);
      });

      test('leaves the modes to the umask', () => {
        for (const [umask, fileMode, directoryMode] of [
          [0o000, 0o666, 0o777],
          [0o027, 0o640, 0o750],
        ] as const) {
          const before = process.umask(umask);
          try {
            backend.files.close(backend.files.openAt(directory, `file-${umask}`, 'create'));
            backend.files.mkdirAt(directory, `directory-${umask}`);
          } finally {
            process.umask(before);
          }
          expect(lstatSync(join(path, `file-${umask}`)).mode & 0o7777).toBe(fileMode);
          expect(lstatSync(join(path, `directory-${umask}`)).mode & 0o7777).toBe(directoryMode);
        }
      });

      test('hands no descriptor down to other programs', () => {
        mkdirSync(join(path, 'lock'));
        const fds = [
          directory,
          backend.files.openDirectoryAt(directory, 'lock'),
          backend.files.openAt(directory, 'file', 'create'),
        ];
        const closeOnExec = 0o2000000;
        for (const fd of fds) {
          const flags = /flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0';
          expect(Number.parseInt(flags, 8) & closeOnExec).toBe(closeOnExec);
        }
        for (const fd of fds.slice(1)) backend.files.close(fd);
      });

      test('makes a directory once', () => {
        backend.files.mkdirAt(directory, 'lock');
        expect(statSync(join(path, 'lock')).isDirectory()).toBe(true);
        expect(code(() => backend.files.mkdirAt(directory, 'lock'))).toBe('EEXIST');
      });

      test('renames over a file and an empty directory, not over a full one', () => {
        for (const made of ['full', 'empty', 'other']) mkdirSync(join(path, made));
        writeFileSync(join(path, 'full', 'owner.json'), 'full');
        writeFileSync(join(path, 'other', 'owner.json'), 'other');
        const full = backend.files.openDirectoryAt(directory, 'full');

        expect(code(() => backend.files.renameAt(directory, 'other', directory, 'full'))).toMatch(
          /^(ENOTEMPTY|EEXIST)$/,
        );
        backend.files.renameAt(directory, 'other', directory, 'empty');
        expect(readFileSync(join(path, 'empty', 'owner.json'), 'utf8')).toBe('other');
        writeFileSync(join(path, 'file'), 'moved');
        backend.files.renameAt(directory, 'file', full, 'owner.json');
        expect(readFileSync(join(path, 'full', 'owner.json'), 'utf8')).toBe('moved');
        expect(thrown(() => backend.files.renameAt(directory, 'missing', full, 'new'))).toMatchObject({
          code: 'ENOENT',
          path: 'missing',
          dest: 'new',
        });
        backend.files.close(full);
      });

      test('replaces nothing when told so', () => {
        mkdirSync(join(path, 'private'));
        mkdirSync(join(path, 'lock'));
        const attempt = () => backend.files.renameNoReplaceAt(directory, 'private', directory, 'lock');
        if (!backend.capabilities().renameNoReplace.available) {
          expect(code(attempt)).toBe('ENOSYS');
          expect(readdirSync(path).sort()).toEqual(['lock', 'private']);
          return;
        }
        expect(code(attempt)).toBe('EEXIST');
        expect(readdirSync(path).sort()).toEqual(['lock', 'private']);
        backend.files.renameNoReplaceAt(directory, 'private', directory, 'free');
        expect(readdirSync(path).sort()).toEqual(['free', 'lock']);
      });

      test('unlinks files and symbolic links themselves', () => {
        mkdirSync(join(path, 'lock'));
        writeFileSync(join(path, 'file'), '');
        symlinkSync('file', join(path, 'link'));
        backend.files.unlinkAt(directory, 'link');
        expect(readdirSync(path).sort()).toEqual(['file', 'lock']);
        backend.files.unlinkAt(directory, 'file');
        expect(readdirSync(path)).toEqual(['lock']);
        expect(code(() => backend.files.unlinkAt(directory, 'file'))).toBe('ENOENT');
        expect(code(() => backend.files.unlinkAt(directory, 'lock'))).toBe('EISDIR');
      });

      test('removes empty directories only', () => {
        mkdirSync(join(path, 'lock'));
        writeFileSync(join(path, 'lock', 'owner.json'), '');
        writeFileSync(join(path, 'file'), '');
        symlinkSync('lock', join(path, 'link'));
        expect(code(() => backend.files.rmdirAt(directory, 'lock'))).toMatch(/^(ENOTEMPTY|EEXIST)$/);
        expect(code(() => backend.files.rmdirAt(directory, 'file'))).toBe('ENOTDIR');
        expect(code(() => backend.files.rmdirAt(directory, 'link'))).toBe('ENOTDIR');
        expect(code(() => backend.files.rmdirAt(directory, 'missing'))).toBe('ENOENT');
        mkdirSync(join(path, 'empty'));
        backend.files.rmdirAt(directory, 'empty');
        expect(readdirSync(path).sort()).toEqual(['file', 'link', 'lock']);
      });

      test('stays with the directory it opened when another takes its place', () => {
        mkdirSync(join(path, 'lock'));
        writeFileSync(join(path, 'lock', 'owner.json'), 'judged');
        const judged = backend.files.openDirectoryAt(directory, 'lock');
        renameSync(join(path, 'lock'), join(path, 'moved'));
        mkdirSync(join(path, 'lock'));
        writeFileSync(join(path, 'lock', 'owner.json'), 'successor');

        expect(backend.files.list(judged, 10)).toEqual(['owner.json']);
        backend.files.renameAt(judged, 'owner.json', judged, 'retired');
        backend.files.unlinkAt(judged, 'retired');
        expect(readdirSync(join(path, 'moved'))).toEqual([]);
        expect(readFileSync(join(path, 'lock', 'owner.json'), 'utf8')).toBe('successor');
        backend.files.close(judged);
      });

      test('finds nothing in a directory that was removed', () => {
        mkdirSync(join(path, 'lock'));
        const gone = backend.files.openDirectoryAt(directory, 'lock');
        backend.files.rmdirAt(directory, 'lock');
        expect(code(() => backend.files.openAt(gone, 'owner.json', 'read'))).toBe('ENOENT');
        expect(code(() => backend.files.openAt(gone, 'owner.json', 'create'))).toBe('ENOENT');
        backend.files.close(gone);
      });

      test('describes files, directories and symbolic links', () => {
        mkdirSync(join(path, 'lock'));
        writeFileSync(join(path, 'file'), 'four');
        symlinkSync('file', join(path, 'link'));
        for (const [entry, kind] of [
          ['file', 'file'],
          ['lock', 'directory'],
          ['link', 'symlink'],
        ] as const) {
          const stats = lstatSync(join(path, entry), { bigint: true });
          const status = backend.files.statAt(directory, entry);
          expect(status).toEqual({
            kind,
            device: stats.dev.toString(),
            inode: stats.ino.toString(),
            links: Number(stats.nlink),
            size: Number(stats.size),
            mtimeMs: expect.closeTo(Number(stats.mtimeNs / 1000n) / 1000, 2),
          });
        }
        const fd = backend.files.openAt(directory, 'file', 'read');
        expect(backend.files.statDescriptor(fd)).toEqual(backend.files.statAt(directory, 'file'));
        backend.files.unlinkAt(directory, 'file');
        expect(backend.files.statDescriptor(fd).links).toBe(0);
        backend.files.close(fd);
        expect(code(() => backend.files.statAt(directory, 'missing'))).toBe('ENOENT');
      });

      test('lists names, no more than asked for, and again from the start', () => {
        mkdirSync(join(path, 'lock'));
        const fd = backend.files.openDirectoryAt(directory, 'lock');
        expect(backend.files.list(fd, 10)).toEqual([]);
        const names = ['.hidden', 'a', 'b', 'ä'];
        for (const entry of names) writeFileSync(join(path, 'lock', entry), '');
        expect(backend.files.list(fd, 10).sort()).toEqual(names);
        expect(backend.files.list(fd, 10).sort()).toEqual(names);
        expect(backend.files.list(fd, 3)).toHaveLength(3);
        expect(backend.files.list(fd, 0)).toEqual([]);
        expect(backend.files.list(directory, 10)).toEqual(['lock']);
        backend.files.close(fd);
        writeFileSync(join(path, 'file'), '');
        const file = backend.files.openAt(directory, 'file', 'read');
        expect(code(() => backend.files.list(file, 10))).toBe('ENOTDIR');
        backend.files.close(file);
      });

      test('reads and writes at the start of the file, up to a limit', () => {
        const fd = backend.files.openAt(directory, 'owner.json', 'create');
        expect(backend.files.read(fd, 10)).toEqual(Buffer.alloc(0));
        backend.files.write(fd, 'größer');
        backend.files.write(fd, 'G');
        expect(backend.files.read(fd, 100).toString()).toBe('Größer');
        expect(backend.files.read(fd, 100).toString()).toBe('Größer');
        expect(backend.files.read(fd, 2).toString()).toBe('Gr');
        expect(backend.files.read(fd, 0)).toHaveLength(0);
        const long = 'x'.repeat(300_000);
        backend.files.write(fd, long);
        expect(backend.files.read(fd, 1_000_000).toString()).toBe(long);
        backend.files.close(fd);
      });

      test('closes what it opened, once, and nothing else', () => {
        const fd = backend.files.openAt(directory, 'file', 'create');
        backend.files.close(fd);
        expect(code(() => backend.files.close(fd))).toBe('EBADF');
        const stray = openSync(join(path, 'file'), 'r');
        expect(code(() => backend.files.close(stray))).toBe('EBADF');
        expect(fstatSync(stray).isFile()).toBe(true);
        closeSync(stray);
      });

      test('takes a closed directory for a mistake, not for an empty one', () => {
        const closed = backend.files.openParent(path);
        backend.files.close(closed);
        const { files } = backend;
        for (const call of [
          () => files.openAt(closed, 'owner.json', 'read'),
          () => files.openAt(closed, 'owner.json', 'create'),
          () => files.openDirectoryAt(closed, 'lock'),
          () => files.mkdirAt(closed, 'lock'),
          () => files.unlinkAt(closed, 'owner.json'),
          () => files.rmdirAt(closed, 'lock'),
          () => files.statAt(closed, 'lock'),
          () => files.renameAt(closed, 'a', directory, 'b'),
          () => files.list(closed, 10),
          () => files.filesystem(closed),
          () => files.statDescriptor(closed),
          () => files.read(closed, 10),
          () => files.write(closed, 'text'),
        ]) {
          expect(code(call)).toBe('EBADF');
        }
      });

      test('throws the errors that Node would throw', () => {
        const error = thrown(() => backend.files.openAt(directory, 'owner.json', 'read'));
        expect(error).toBeInstanceOf(Error);
        expect(error).toMatchObject({ code: 'ENOENT', errno: -constants.errno.ENOENT, path: 'owner.json' });
        expect(error.message).toBe(`ENOENT: no such file or directory, ${error.syscall} 'owner.json'`);
        expect(error.syscall).toMatch(/^open(at)?$/);
        const exists = thrown(() => backend.files.mkdirAt(directory, '.'));
        expect(exists.message).toBe(`EEXIST: file already exists, ${exists.syscall} '.'`);
      });

      test('refuses names with a null byte', () => {
        const { files } = backend;
        expect(() => files.openParent('/tmp\0/etc')).toThrow(TypeError);
        expect(() => files.openAt(directory, 'a\0b', 'create')).toThrow(TypeError);
        expect(() => files.unlinkAt(directory, 'a\0b')).toThrow(TypeError);
      });

      test('names the filesystem', () => {
        const magics: Record<string, string> = {
          ef53: 'ext',
          '1021994': 'tmpfs',
          '9fa0': 'proc',
          '62656572': 'sysfs',
        };
        for (const place of [path, '/dev/shm', '/proc', '/sys']) {
          if (!existsSync(place)) continue;
          const magic = spawnSync('stat', ['-f', '-c', '%t', place], { encoding: 'utf8' }).stdout.trim();
          const fd = backend.files.openParent(place);
          const { type, fsid } = backend.files.filesystem(fd);
          backend.files.close(fd);
          if (magics[magic] !== undefined) expect(type).toBe(magics[magic]);
          else expect(type).not.toBe('');
          expect(fsid === null || /^[0-9a-f]+$/.test(fsid)).toBe(true);
        }
      });
    });

    describe('asked for witnesses', () => {
      let directory: number;
      let type: string;

      beforeEach(() => {
        directory = backend.files.openParent(tempDir());
        type = backend.files.filesystem(directory).type;
        return () => backend.files.close(directory);
      });

      const { takeWitness } = loadBackend(name).capabilities();
      if (!takeWitness.available) {
        test('takes none', () => {
          const fd = backend.files.openAt(directory, 'owner.json', 'create');
          expect(code(() => backend.witness.take(fd))).toBe('ENOSYS');
          backend.files.close(fd);
        });
        return;
      }

      test('takes one, sees it through another description, and that it is gone', () => {
        const fd = backend.files.openAt(directory, 'owner.json', 'create');
        const other = backend.files.openAt(directory, 'owner.json', 'read');
        expect(backend.witness.test(other, type)).toBe('free');
        backend.witness.take(fd);
        expect(backend.witness.test(other, type)).toBe('held');
        backend.files.close(fd);
        expect(backend.witness.test(other, type)).toBe('free');
        backend.files.close(other);
      });

      test('tests without taking', () => {
        const fd = backend.files.openAt(directory, 'owner.json', 'create');
        const other = backend.files.openAt(directory, 'owner.json', 'read');
        expect(backend.witness.test(other, type)).toBe('free');
        backend.witness.take(fd);
        backend.files.close(other);
        backend.files.close(fd);
      });

      test('takes none that is held, nor through a descriptor for reading', () => {
        const fd = backend.files.openAt(directory, 'owner.json', 'create');
        backend.files.renameAt(directory, 'owner.json', directory, 'moved');
        const reader = backend.files.openAt(directory, 'moved', 'read');
        expect(code(() => backend.witness.take(reader))).toBe('EBADF');
        backend.witness.take(fd);
        expect(backend.witness.test(reader, type)).toBe('held');
        backend.files.close(reader);
        backend.files.close(fd);
      });
    });

    describe('asked to renew a lease', () => {
      let path: string;
      let file: number;

      beforeEach(() => {
        path = join(tempDir(), 'owner.json');
        writeFileSync(path, '');
        utimesSync(path, 1, 1);
        file = openSync(path, 'r+');
        return () => closeSync(file);
      });

      /** Starts one that must be stopped by the end of the test, and counts its losses. */
      function start(intervalMs: number, fd = file): { ticket: number; losses: number } {
        const started = { ticket: 0, losses: 0 };
        started.ticket = backend.lease.start(fd, intervalMs, () => {
          started.losses += 1;
        });
        onCleanup(() => backend.lease.stop(started.ticket));
        return started;
      }

      const touched = () => statSync(path).mtimeMs > 1000;

      test('touches the file again and again', async () => {
        const { ticket, losses } = start(20);
        expect(ticket).toBeTypeOf('number');
        await until('a beat', touched);
        expect(Math.abs(statSync(path).mtimeMs - Date.now())).toBeLessThan(10_000);
        utimesSync(path, 1, 1);
        await until('another beat', touched);
        expect(losses).toBe(0);
      });

      test('is not hindered by an event loop that is blocked from the start', () => {
        start(50);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000);
        expect(touched()).toBe(true);
      });

      test('keeps several, each until it is stopped', async () => {
        const [first, second] = [start(10), start(10)];
        backend.lease.stop(first.ticket);
        utimesSync(path, 1, 1);
        await until('a beat of the second', touched);
        backend.lease.stop(second.ticket);
        utimesSync(path, 1, 1);
        await sleep(100);
        expect(touched()).toBe(false);
        const third = start(10);
        expect(third.ticket).toBeGreaterThan(second.ticket);
        await until('a beat of the third', touched);
      });

      test('touches nothing after it was stopped, however close the race', { timeout: 60_000 }, async () => {
        const modified = () => fstatSync(file, { bigint: true }).mtimeNs;
        const keeper = start(60_000);
        for (let i = 0; i < 300; i += 1) {
          const { ticket } = start(1);
          // Its beats come within a millisecond of each other; the stop falls anywhere in between.
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1 + Math.random() * 3);
          backend.lease.stop(ticket);
          const before = modified();
          if (i % 10 === 0) await sleep(5);
          else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0.2);
          expect(modified()).toBe(before);
        }
        backend.lease.stop(keeper.ticket);
      });

      test('tells once that the file lost its name', async () => {
        const [doomed, other] = [start(10), start(10)];
        await until('a beat', touched);
        renameSync(path, `${path}.moved`);
        await sleep(100);
        expect(doomed.losses).toBe(0);
        unlinkSync(`${path}.moved`);
        await until('the loss', () => doomed.losses > 0 && other.losses > 0);
        await sleep(100);
        expect([doomed.losses, other.losses]).toEqual([1, 1]);
        backend.lease.stop(doomed.ticket);
      });

      test('tells that the file cannot be touched', async () => {
        // An O_PATH descriptor: utimensat(2) answers EBADF.
        const untouchable = backend.files.openParent(tempDir());
        const doomed = start(10, untouchable);
        await until('the loss', () => doomed.losses > 0);
        backend.files.close(untouchable);
      });

      test('tells nothing once it was stopped', async () => {
        const { ticket } = start(10);
        const doomed = start(10);
        await until('a beat', touched);
        unlinkSync(path);
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
        backend.lease.stop(doomed.ticket);
        await sleep(100);
        expect(doomed.losses).toBe(0);
        backend.lease.stop(ticket);
      });

      test('leaves no thread of its own for each, whether stopped or lost', async () => {
        const threads = () => readdirSync('/proc/self/task').length;
        const first = start(5);
        await until('a beat', touched);
        const shared = threads();
        const others = [start(5), start(5)];
        expect(threads()).toBe(shared);
        for (const { ticket } of [first, ...others]) backend.lease.stop(ticket);
        // The addon's stays, for the next; a worker thread of Node costs too much to be kept.
        const kept = name === 'native' ? shared : shared - 1;
        await until('the thread ends', () => threads() <= kept);
        const doomed = start(5);
        unlinkSync(path);
        await until('the loss', () => doomed.losses === 1);
        await until('the thread ends', () => threads() <= kept);
      });

      test('ignores a ticket that is over or was never given', () => {
        const { ticket } = start(1000);
        backend.lease.stop(ticket);
        backend.lease.stop(ticket);
        backend.lease.stop(ticket + 1000);
      });

      test('refuses nonsense', () => {
        for (const ms of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
          expect(() => backend.lease.start(file, ms, () => {})).toThrow(RangeError);
        }
        expect(code(() => backend.lease.start(0x7fffffff, 5, () => {}))).toBe('EBADF');
      });

      testRequiring(
        [isBuilt('backend')],
        'does not keep the process from ending, nor end badly',
        async () => {
          for (const how of ['natural', 'exit', 'after-beats']) {
            const child = await startProcess([process.execPath, KEEP_LEASE, name, path, how]);
            expect(await child.message()).toEqual({ started: true });
            expect(await child.exited, how).toEqual({ code: 0, signal: null });
            expect(child.errors).toBe('');
          }
        },
      );
    });

    describe('in a box', () => {
      const built = [isBuilt('backend')];

      async function report(options: BoxOptions, pids: number[] = [], uid?: number): Promise<Report> {
        const box = await openBox(options);
        const args = [name, ...pids.map(String)];
        const inside = await box.node('backend-report.mjs', args, uid === undefined ? {} : { uid });
        const answer = await inside.message<Report>();
        if (answer.failed !== undefined) throw new Error(answer.failed);
        expect(answer.pidNamespace?.inode ?? box.namespaceInode).toBe(box.namespaceInode);
        return answer;
      }

      function ticks(look: Look | undefined): number | null {
        if (look === undefined || typeof look.stat === 'string') throw new Error(`no stat: ${look?.stat}`);
        return look.stat.startTicks;
      }

      for (const offset of [
        { seconds: 100_000, nanoseconds: 0 },
        { seconds: -3, nanoseconds: 250_000_000 },
      ]) {
        isolationTest(`knows the shift of ${offset.seconds} s and ${offset.nanoseconds} ns in a time namespace`, async () => {
          const box = await openBox({ bootOffset: offset });
          const inside = await box.node('backend-report.mjs', [name], { pid: 7 });
          const answer = await inside.message<Report>();
          expect(answer.timeOffset).toEqual(offset);
          const outside = backend.processes.stat(inside.hostPid);
          if (typeof outside === 'string') throw new Error(outside);
          const shift = Number(ticks(answer.self)) - Number(outside.startTicks);
          expect(
            Math.abs(shift - TICKS_PER_SECOND * (offset.seconds + offset.nanoseconds / 1e9)),
          ).toBeLessThanOrEqual(1);
        }, [...built, canShiftTime(), hasProgram('perl')]);
      }

      isolationTest('does not take a start before the beginning of time for a number', async () => {
        // The clock of the box begins within the last second; the init of this machine is older.
        const seconds = -Math.floor(Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]));
        const answer = await report({ bootOffset: { seconds }, proc: 'foreign' }, [1]);
        expect(answer.timeOffset).toEqual({ seconds, nanoseconds: 0 });
        expect(ticks(answer.others[1])).toBeNull();
      }, [...built, canShiftTime()]);

      isolationTest(
        'tells a forged boot_id',
        async () => {
          const bootId = '01234567-89ab-cdef-0123-456789abcdef';
          expect((await report({ bootId })).bootId).toEqual({ id: bootId, native: false });
        },
        built,
      );

      isolationTest(
        'knows no boot where /proc shows processes only',
        async () => {
          const answer = await report({ proc: 'subset-pid' });
          expect(answer.bootId).toBeNull();
          expect(answer.pidNamespace).not.toBeNull();
        },
        built,
      );

      isolationTest(
        'sees by its own numbers that /proc is foreign',
        async () => {
          const box = await openBox({ proc: 'foreign' });
          const inside = await box.node('backend-report.mjs', [name], { pid: 7 });
          const answer = await inside.message<Report>();
          expect(answer.ownStatus).toEqual({ tgid: inside.hostPid, nsPids: [inside.hostPid, 7] });
        },
        built,
      );

      isolationTest('finds nobody behind hidepid', async () => {
        const answer = await report({ proc: 'hidepid' }, [1], 1000);
        expect(answer.others[1]).toEqual({ stat: 'ENOENT', status: 'ENOENT', pidNamespace: null });
        expect(ticks(answer.self)).not.toBeNull();
      }, [...built, isRoot()]);

      isolationTest(
        'does not guess where there is no /proc',
        async () => {
          const box = await openBox({ proc: 'none' });
          const inside = await box.node('backend-report.mjs', [name]);
          const answer = await inside.message<Report>();
          if (name === 'procfs') {
            expect(answer.failed).toContain('/proc');
            return;
          }
          expect(answer).toMatchObject({
            bootId: null,
            pidNamespace: null,
            timeOffset: null,
            ownStatus: 'ENOENT',
          });
          expect(answer.self).toEqual({ stat: 'ENOENT', status: 'ENOENT', pidNamespace: null });
        },
        built,
      );
    });
  });
}

function opened(backend: Backend, pid: number): number {
  const fd = backend.processes.openPidfd(pid);
  if (typeof fd === 'string') throw new Error(`pidfd_open of ${pid}: ${fd}`);
  return fd;
}

function thrown(call: () => unknown): NodeJS.ErrnoException {
  try {
    call();
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
  throw new Error('nothing was thrown');
}

function code(call: () => unknown): string | undefined {
  return thrown(call).code;
}
