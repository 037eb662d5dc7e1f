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
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { OpenDirectory } from '../../src/backend/backend.js';
import { loadPortableBackend } from '../../src/backend/portable/index.js';
import { type AnyName, EVERY, hasBackend, loadBackend, type TestedBackend } from '../helpers/backends.js';
import { openDirectory } from '../helpers/open-directory.js';
import { startProcess } from '../helpers/processes.js';
import { describeRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { codeOf, thrown } from '../helpers/thrown.js';

// The part of the contract that every backend keeps, on every system.

for (const name of EVERY) {
  describeRequiring([hasBackend(name)], `the ${name} backend`, () => {
    defineContract(name, () => loadBackend(name));
  });
}

// On Windows nothing is held open, so this backend knows only what it finds by path.
describe('the portable backend, as on Windows', () => {
  defineContract('portable', () => loadPortableBackend('win32') as TestedBackend);
});

function defineContract(name: AnyName, load: () => TestedBackend): void {
  let backend: TestedBackend;
  beforeEach(() => {
    backend = load();
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
      expect(codeOf(() => backend.files.openParent(join(path, 'file')))).toBe('ENOTDIR');
    });

    test('opens a directory, but nothing that leads to one or is a file', () => {
      mkdirSync(join(path, 'lock'));
      symlinkSync('lock', join(path, 'link'));
      writeFileSync(join(path, 'file'), '');
      const fd = openDirectory(backend.files, directory, 'lock');
      expect(backend.files.statDescriptor(fd)).toMatchObject({ kind: 'directory' });
      backend.files.close(fd);
      expect(codeOf(() => backend.files.findDirectoryAt(directory, 'link'))).toMatch(/^(ELOOP|ENOTDIR)$/);
      expect(codeOf(() => backend.files.findDirectoryAt(directory, 'file'))).toBe('ENOTDIR');
      expect(backend.files.findDirectoryAt(directory, 'missing')).toBeNull();
    });

    test('opens a file for reading, but not through a symbolic link', () => {
      writeFileSync(join(path, 'file'), 'text');
      symlinkSync('file', join(path, 'link'));
      const fd = backend.files.openAt(directory, 'file');
      expect(backend.files.read(fd, 100).toString()).toBe('text');
      expect(codeOf(() => backend.files.write(fd, 'no'))).toBe('EBADF');
      backend.files.close(fd);
      expect(codeOf(() => backend.files.openAt(directory, 'link'))).toBe('ELOOP');
      expect(codeOf(() => backend.files.openAt(directory, 'missing'))).toBe('ENOENT');
    });

    test('does not wait for the writer of a FIFO', { timeout: 2000 }, () => {
      expect(spawnSync('mkfifo', [join(path, 'fifo')]).status).toBe(0);
      const fd = backend.files.openAt(directory, 'fifo');
      expect(backend.files.statDescriptor(fd).kind).toBe('other');
      backend.files.close(fd);
      expect(codeOf(() => backend.files.findDirectoryAt(directory, 'fifo'))).toBe('ENOTDIR');
    });

    test('opens and reads a file in one call, and nothing that is none', () => {
      const { files } = backend;
      const odd = Buffer.from([0xef, 0xbb, 0xbf, 0x41, 0xff, 0xe2, 0x82, 0x00, 0x42]);
      const contents = [Buffer.alloc(0), Buffer.from('täxt'), odd, Buffer.from('ä'.repeat(20_000))];
      for (const content of contents) {
        writeFileSync(join(path, 'file'), content);
        const opened = files.openText(directory, 'file', content.length);
        expect(opened).toMatchObject({
          status: { kind: 'file', size: content.length, inode: String(statSync(join(path, 'file')).ino) },
          text: content.toString('utf8'),
        });
        const descriptor = opened?.descriptor ?? -1;
        expect(files.readText(descriptor, content.length + 1)).toBe(content.toString('utf8'));
        expect(files.readText(descriptor, 3)).toBe(content.subarray(0, 3).toString('utf8'));
        files.close(descriptor);
      }
      const tooLong = files.openText(directory, 'file', 39_999);
      expect(tooLong).toMatchObject({ status: { size: 40_000 }, text: null });
      files.close(tooLong?.descriptor ?? -1);
      expect(files.openText(directory, 'missing', 100)).toBeNull();
      symlinkSync('file', join(path, 'link'));
      expect(codeOf(() => files.openText(directory, 'link', 100))).toBe('ELOOP');
      mkdirSync(join(path, 'directory'));
      expect(spawnSync('mkfifo', [join(path, 'fifo')]).status).toBe(0);
      for (const [name, kind] of [
        ['directory', 'directory'],
        ['fifo', 'other'],
      ] as const) {
        const opened = files.openText(directory, name, 100);
        expect(opened).toMatchObject({ status: { kind }, text: null });
        files.close(opened?.descriptor ?? -1);
      }
    });

    test('knows whether a name still stands for the file that is open', () => {
      const { files } = backend;
      writeFileSync(join(path, 'file'), 'ours');
      writeFileSync(join(path, 'other'), 'theirs');
      symlinkSync('file', join(path, 'link'));
      const fd = files.openAt(directory, 'file');
      const { device, inode } = files.statDescriptor(fd);
      expect(files.isAt(directory, 'file', fd)).toBe(true);
      expect(files.isStillAt(directory, 'file', fd, device, inode)).toBe(true);
      for (const name of ['other', 'link']) {
        expect(files.isAt(directory, name, fd)).toBe(false);
        expect(files.isStillAt(directory, name, fd, device, inode)).toBe(false);
      }
      expect(codeOf(() => files.isAt(directory, 'missing', fd))).toBe('ENOENT');
      expect(codeOf(() => files.isStillAt(directory, 'missing', fd, device, inode))).toBe('ENOENT');
      for (const [wrongDevice, wrongInode] of [
        ['1', inode],
        [device, '1'],
      ] as const) {
        expect(codeOf(() => files.isStillAt(directory, 'file', fd, wrongDevice, wrongInode))).toBe('EBADF');
      }
      files.renameAt(directory, 'other', directory, 'file');
      expect(files.isAt(directory, 'file', fd)).toBe(false);
      files.close(fd);
      expect(codeOf(() => files.isAt(directory, 'file', fd))).toBe('EBADF');
    });

    test('knows two directories apart that have one number on two devices', () => {
      const { files } = backend;
      const root = files.openParent('/');
      // The roots of most kernel filesystems have inode number 1.
      const fd = openDirectory(files, root, 'proc');
      expect(files.isAt(root, 'proc', fd)).toBe(true);
      expect(files.isAt(root, 'sys', fd)).toBe(false);
      files.close(fd);
      files.close(root);
    });

    test('says of a file that it created what it finds of one that it opens', () => {
      const { files } = backend;
      const created = files.createAt(directory, 'new');
      const { descriptor, ...found } = created;
      expect(found.status).toMatchObject({ kind: 'file', size: 0, links: 1 });
      expect(found.status).toEqual(files.statDescriptor(descriptor));
      expect(found.filesystem).toEqual(files.filesystem(descriptor));
      expect(files.openText(directory, 'new', 10)).toMatchObject({ ...found, text: '' });
    });

    test('creates only what is not there, not even behind a dangling symbolic link', () => {
      const fd = backend.files.createAt(directory, 'new').descriptor;
      backend.files.write(fd, 'first');
      backend.files.close(fd);
      symlinkSync('nowhere', join(path, 'dangling'));
      expect(codeOf(() => backend.files.createAt(directory, 'new'))).toBe('EEXIST');
      expect(codeOf(() => backend.files.createAt(directory, 'dangling'))).toBe('EEXIST');
      expect(readFileSync(join(path, 'new'), 'utf8')).toBe('first');
      expect(existsSync(join(path, 'nowhere'))).toBe(false);
    });

    test('leaves the mode of a directory to the umask, and gives a file none for others until it is told', () => {
      for (const [umask, fileMode, directoryMode] of [
        [0o000, 0o664, 0o777],
        [0o027, 0o640, 0o750],
      ] as const) {
        const before = process.umask(umask);
        const file = backend.files.createAt(directory, `file-${umask}`).descriptor;
        backend.files.mkdirAt(directory, `directory-${umask}`);
        process.umask(before);
        const modeOf = (name: string) => lstatSync(join(path, name)).mode & 0o7777;
        expect(modeOf(`directory-${umask}`)).toBe(directoryMode);
        expect(modeOf(`file-${umask}`)).toBe(0o600);
        const made = openDirectory(backend.files, directory, `directory-${umask}`);
        backend.files.takeModeOf(file, made);
        // Windows has no modes, and the portable backend is tested as on Windows too.
        const allowed = name === 'portable' ? [fileMode, 0o600] : [fileMode];
        expect(allowed).toContain(modeOf(`file-${umask}`));
        backend.files.close(file);
        backend.files.close(made);
      }
    });

    test('gives a file a second name, and replaces none', () => {
      for (const name of ['one', 'other']) {
        backend.files.close(backend.files.createAt(directory, name).descriptor);
      }
      backend.files.linkAt(directory, 'one', 'two');
      expect(lstatSync(join(path, 'two')).ino).toBe(lstatSync(join(path, 'one')).ino);
      expect(codeOf(() => backend.files.linkAt(directory, 'one', 'other'))).toBe('EEXIST');
      expect(codeOf(() => backend.files.linkAt(directory, 'gone', 'three'))).toBe('ENOENT');
    });

    test('hands no descriptor down to other programs', () => {
      mkdirSync(join(path, 'lock'));
      const fds = [
        openDirectory(backend.files, directory, 'lock'),
        backend.files.createAt(directory, 'file').descriptor,
      ];
      const closeOnExec = 0o2000000;
      for (const fd of readdirSync('/proc/self/fd')) {
        if (!targetOf(fd).startsWith(path)) continue;
        const flags = /flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '0';
        expect(Number.parseInt(flags, 8) & closeOnExec).toBe(closeOnExec);
      }
      for (const fd of fds) backend.files.close(fd);
    });

    test('makes a directory once', () => {
      backend.files.mkdirAt(directory, 'lock');
      expect(statSync(join(path, 'lock')).isDirectory()).toBe(true);
      expect(codeOf(() => backend.files.mkdirAt(directory, 'lock'))).toBe('EEXIST');
    });

    test('makes a directory once, opened, and leaves nothing where it cannot be opened', () => {
      const { files } = backend;
      const made = files.createDirectoryAt(directory, 'lock') as OpenDirectory;
      expect(files.statDescriptor(made.descriptor)).toMatchObject({
        kind: 'directory',
        device: made.device,
        inode: made.inode,
      });
      expect(files.isAt(directory, 'lock', made.descriptor)).toBe(true);
      files.close(made.descriptor);
      expect(codeOf(() => files.createDirectoryAt(directory, 'lock'))).toBe('EEXIST');
      expect(statSync(join(path, 'lock')).isDirectory()).toBe(true);
      if (name === 'portable' || process.geteuid?.() === 0) return;
      // Only root can open this directory for reading, not even the user who makes it.
      const before = process.umask(0o777);
      try {
        expect(codeOf(() => files.createDirectoryAt(directory, 'unreadable'))).toBe('EACCES');
      } finally {
        process.umask(before);
      }
      expect(existsSync(join(path, 'unreadable'))).toBe(false);
    });

    if (name !== 'native') {
      test('says what kept it from opening the directory that it made, whatever becomes of that', () => {
        const { files } = backend;
        const fail = (code: string) => () => {
          throw Object.assign(new Error(code), { errno: -1, code, syscall: 'x' });
        };
        files.findDirectoryAt = fail('EMFILE');
        expect(codeOf(() => files.createDirectoryAt(directory, 'lock'))).toBe('EMFILE');
        expect(existsSync(join(path, 'lock'))).toBe(false);
        files.rmdirAt = fail('EIO');
        expect(codeOf(() => files.createDirectoryAt(directory, 'lock'))).toBe('EMFILE');
      });
    }

    test('makes a directory that somebody else removes before it is open', async () => {
      const { files } = backend;
      const remover = await startProcess(['perl', '-e', '1 while rmdir $ARGV[0] or 1', join(path, 'lock')]);
      const deadline = performance.now() + 20_000;
      let made: OpenDirectory | null | undefined;
      while (made !== null && performance.now() < deadline) {
        try {
          made = files.createDirectoryAt(directory, 'lock');
          if (made !== null) files.close(made.descriptor);
        } catch (error) {
          expect(error).toMatchObject({ code: 'EEXIST' });
        }
      }
      await remover.kill();
      expect(made).toBeNull();
    });

    test('renames over a file and an empty directory, not over a full one', () => {
      for (const made of ['full', 'empty', 'other']) mkdirSync(join(path, made));
      writeFileSync(join(path, 'full', 'owner.json'), 'full');
      writeFileSync(join(path, 'other', 'owner.json'), 'other');
      const full = openDirectory(backend.files, directory, 'full');

      expect(codeOf(() => backend.files.renameAt(directory, 'other', directory, 'full'))).toMatch(
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
        expect(codeOf(attempt)).toBe('ENOSYS');
        expect(readdirSync(path).sort()).toEqual(['lock', 'private']);
        return;
      }
      expect(codeOf(attempt)).toBe('EEXIST');
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
      expect(codeOf(() => backend.files.unlinkAt(directory, 'file'))).toBe('ENOENT');
      expect(codeOf(() => backend.files.unlinkAt(directory, 'lock'))).toBe('EISDIR');
    });

    test('removes empty directories only', () => {
      mkdirSync(join(path, 'lock'));
      writeFileSync(join(path, 'lock', 'owner.json'), '');
      writeFileSync(join(path, 'file'), '');
      symlinkSync('lock', join(path, 'link'));
      expect(codeOf(() => backend.files.rmdirAt(directory, 'lock'))).toMatch(/^(ENOTEMPTY|EEXIST)$/);
      expect(codeOf(() => backend.files.rmdirAt(directory, 'file'))).toBe('ENOTDIR');
      expect(codeOf(() => backend.files.rmdirAt(directory, 'link'))).toBe('ENOTDIR');
      expect(codeOf(() => backend.files.rmdirAt(directory, 'missing'))).toBe('ENOENT');
      mkdirSync(join(path, 'empty'));
      backend.files.rmdirAt(directory, 'empty');
      expect(readdirSync(path).sort()).toEqual(['file', 'link', 'lock']);
    });

    test('removes a directory only if it is the one that is open', () => {
      const { files } = backend;
      mkdirSync(join(path, 'lock'));
      mkdirSync(join(path, 'other'));
      const fd = openDirectory(files, directory, 'lock');
      files.rmdirIfAt(directory, 'other', fd);
      expect(readdirSync(path).sort()).toEqual(['lock', 'other']);
      writeFileSync(join(path, 'lock', 'owner.json'), '');
      expect(codeOf(() => files.rmdirIfAt(directory, 'lock', fd))).toMatch(/^(ENOTEMPTY|EEXIST)$/);
      rmSync(join(path, 'lock', 'owner.json'));
      files.rmdirIfAt(directory, 'lock', fd);
      expect(readdirSync(path)).toEqual(['other']);
      expect(codeOf(() => files.rmdirIfAt(directory, 'lock', fd))).toBe('ENOENT');
      files.close(fd);
    });

    test('leaves alone what takes the place of the directory it opened', () => {
      mkdirSync(join(path, 'lock'));
      writeFileSync(join(path, 'lock', 'owner.json'), 'judged');
      const judged = openDirectory(backend.files, directory, 'lock');
      renameSync(join(path, 'lock'), join(path, 'moved'));
      mkdirSync(join(path, 'lock'));
      writeFileSync(join(path, 'lock', 'owner.json'), 'successor');

      const { files } = backend;
      if (backend.actsOnOpenDirectory) {
        expect(files.list(judged, 10)).toEqual(['owner.json']);
        files.renameAt(judged, 'owner.json', judged, 'retired');
        files.unlinkAt(judged, 'retired');
        expect(readdirSync(join(path, 'moved'))).toEqual([]);
      } else {
        for (const call of [
          () => files.openAt(judged, 'owner.json'),
          () => files.createAt(judged, 'owner.json.new'),
          () => files.statAt(judged, 'owner.json'),
          () => files.renameAt(judged, 'owner.json', judged, 'retired'),
          () => files.renameAt(directory, 'moved', judged, 'moved'),
          () => files.unlinkAt(judged, 'owner.json'),
          () => files.mkdirAt(judged, 'made'),
        ]) {
          expect(codeOf(call)).toBe('ENOENT');
        }
        expect(files.list(judged, 10)).toEqual([]);
        expect(files.statDescriptor(judged)).toMatchObject({ kind: 'directory', links: 0 });
        expect(readFileSync(join(path, 'moved', 'owner.json'), 'utf8')).toBe('judged');
      }
      expect(readdirSync(join(path, 'lock'))).toEqual(['owner.json']);
      expect(readFileSync(join(path, 'lock', 'owner.json'), 'utf8')).toBe('successor');
      files.close(judged);
    });

    test('finds nothing in a directory that was removed', () => {
      mkdirSync(join(path, 'lock'));
      const gone = openDirectory(backend.files, directory, 'lock');
      backend.files.rmdirAt(directory, 'lock');
      expect(codeOf(() => backend.files.openAt(gone, 'owner.json'))).toBe('ENOENT');
      expect(codeOf(() => backend.files.createAt(gone, 'owner.json'))).toBe('ENOENT');
      expect(backend.files.list(gone, 10)).toEqual([]);
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
          ctimeMs: expect.closeTo(Number(stats.ctimeNs / 1000n) / 1000, 2),
        });
      }
      const fd = backend.files.openAt(directory, 'file');
      expect(backend.files.statDescriptor(fd)).toEqual(backend.files.statAt(directory, 'file'));
      expect(backend.files.statFresh(fd)).toEqual(backend.files.statAt(directory, 'file'));
      backend.files.unlinkAt(directory, 'file');
      expect(backend.files.statDescriptor(fd).links).toBe(0);
      backend.files.close(fd);
      expect(codeOf(() => backend.files.statAt(directory, 'missing'))).toBe('ENOENT');
    });

    test('lists names, no more than asked for, and again from the start', () => {
      mkdirSync(join(path, 'lock'));
      const fd = openDirectory(backend.files, directory, 'lock');
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
      const file = backend.files.openAt(directory, 'file');
      expect(codeOf(() => backend.files.list(file, 10))).toBe('ENOTDIR');
      backend.files.close(file);
    });

    test('reads and writes at the start of the file, up to a limit', () => {
      const fd = backend.files.createAt(directory, 'owner.json').descriptor;
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
      const fd = backend.files.createAt(directory, 'file').descriptor;
      backend.files.close(fd);
      expect(codeOf(() => backend.files.close(fd))).toBe('EBADF');
      const stray = openSync(join(path, 'file'), 'r');
      expect(codeOf(() => backend.files.close(stray))).toBe('EBADF');
      expect(fstatSync(stray).isFile()).toBe(true);
      closeSync(stray);
    });

    test('closes a descriptor only while it is of the file that is meant', () => {
      const { files } = backend;
      const { descriptor, status } = files.createAt(directory, 'file');
      for (const [device, inode] of [
        ['1', status.inode],
        [status.device, '1'],
      ] as const) {
        files.closeIfStill(descriptor, device, inode);
        expect(files.statDescriptor(descriptor)).toEqual(status);
      }
      files.unlinkAt(directory, 'file');
      files.closeIfStill(descriptor, status.device, status.inode);
      expect(codeOf(() => files.statDescriptor(descriptor))).toBe('EBADF');
      // If the descriptor was closed before, that did no harm.
      files.closeIfStill(descriptor, status.device, status.inode);
    });

    test('adopts a descriptor that it did not open, if that is on the file', () => {
      const file = join(path, 'file');
      writeFileSync(file, '');
      const { device, inode } = backend.files.statAt(directory, 'file');
      const foreign = openSync(file, 'r');
      if (name === 'portable') {
        expect(codeOf(() => backend.files.adopt(foreign, device, inode))).toBe('ENOSYS');
        closeSync(foreign);
        return;
      }
      expect(codeOf(() => backend.files.adopt(foreign, device, '1'))).toBe('EBADF');
      expect(codeOf(() => backend.files.close(foreign))).toBe('EBADF');
      expect(fstatSync(foreign).isFile()).toBe(true);
      expect(backend.files.adopt(foreign, device, inode)).toBe(foreign);
      backend.files.close(foreign);
      expect(codeOf(() => backend.files.adopt(foreign, device, inode))).toBe('EBADF');
    });

    test('takes a closed directory for a mistake, not for an empty one', () => {
      const closed = backend.files.openParent(path);
      backend.files.close(closed);
      const { files } = backend;
      for (const call of [
        () => files.openAt(closed, 'owner.json'),
        () => files.createAt(closed, 'owner.json'),
        () => files.findDirectoryAt(closed, 'lock'),
        () => files.mkdirAt(closed, 'lock'),
        () => files.unlinkAt(closed, 'owner.json'),
        () => files.rmdirAt(closed, 'lock'),
        () => files.rmdirIfAt(closed, 'lock', directory),
        () => files.statAt(closed, 'lock'),
        () => files.renameAt(closed, 'a', directory, 'b'),
        () => files.list(closed, 10),
        () => files.filesystem(closed),
        () => files.statDescriptor(closed),
        () => files.read(closed, 10),
        () => files.write(closed, 'text'),
      ]) {
        expect(codeOf(call)).toBe('EBADF');
      }
    });

    test('throws the errors that Node would throw', () => {
      const error = thrown(() => backend.files.openAt(directory, 'owner.json'));
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
      expect(() => files.createAt(directory, 'a\0b')).toThrow(TypeError);
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
        if (name === 'portable') expect(type).toBe('unknown');
        else if (magics[magic] !== undefined) expect(type).toBe(magics[magic]);
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

    const { takeWitness } = load().capabilities();
    if (takeWitness.available && load().openWitness !== null) {
      // test/portable/witness.test.ts gives Linux the open(2) of other systems.
      test('takes none that others see, because Linux ignores the flag', () => {
        const fd = backend.files.createAt(directory, 'owner.json').descriptor;
        backend.witness.take(fd);
        expect(backend.witness.testAt(directory, 'owner.json', 'windows')).toBe('free');
        backend.files.close(fd);
      });
      return;
    }
    if (!takeWitness.available) {
      test('takes none', () => {
        const fd = backend.files.createAt(directory, 'owner.json').descriptor;
        expect(codeOf(() => backend.witness.take(fd))).toBe('ENOSYS');
        expect(backend.witness.testAt(directory, 'owner.json', type)).toBe(backend.witness.test(fd, type));
        backend.files.close(fd);
      });
      return;
    }

    test('takes one, sees it through another description, and that it is gone', () => {
      const fd = backend.files.createAt(directory, 'owner.json').descriptor;
      const other = backend.files.openAt(directory, 'owner.json');
      expect(backend.witness.test(other, type)).toBe('free');
      backend.witness.take(fd);
      expect(backend.witness.test(other, type)).toBe('held');
      expect(backend.witness.test(fd, type), 'through the very description').toBe('free');
      expect(backend.witness.testAt(directory, 'owner.json', type)).toBe('held');
      backend.files.close(fd);
      expect(backend.witness.test(other, type)).toBe('free');
      expect(backend.witness.testAt(directory, 'owner.json', type)).toBe('free');
      expect(codeOf(() => backend.witness.testAt(directory, 'missing', type))).toBe('ENOENT');
      backend.files.close(other);
    });

    test('tests without taking', () => {
      const fd = backend.files.createAt(directory, 'owner.json').descriptor;
      const other = backend.files.openAt(directory, 'owner.json');
      expect(backend.witness.test(other, type)).toBe('free');
      backend.witness.take(fd);
      backend.files.close(other);
      backend.files.close(fd);
    });

    test('takes none that is held, nor through a descriptor for reading', () => {
      const fd = backend.files.createAt(directory, 'owner.json').descriptor;
      backend.files.renameAt(directory, 'owner.json', directory, 'moved');
      const reader = backend.files.openAt(directory, 'moved');
      expect(codeOf(() => backend.witness.take(reader))).toBe('EBADF');
      backend.witness.take(fd);
      expect(backend.witness.test(reader, type)).toBe('held');
      backend.files.close(reader);
      backend.files.close(fd);
    });
  });
}

/** The path that a descriptor of this process is open on; empty when it was closed meanwhile. */
function targetOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}
