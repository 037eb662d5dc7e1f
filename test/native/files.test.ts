import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { openDirectory } from '../helpers/open-directory.js';
import { describeRequiring, hasProgram, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { addon, built, files, thrownBy } from './addon.js';

const renameNoReplace = built.available ? addon.capabilities().renameNoReplace : built;

describeRequiring([built], 'files of the addon', () => {
  let path: string;
  let directory: number;

  beforeEach(() => {
    path = tempDir();
    directory = files.openParent(path);
    return () => files.close(directory);
  });

  function using<T>(fd: number, use: (fd: number) => T): T {
    try {
      return use(fd);
    } finally {
      files.close(fd);
    }
  }

  function flagsOf(fd: number): number {
    const info = fs.readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
    return Number.parseInt(/^flags:\s*(\d+)/m.exec(info)?.[1] ?? '', 8);
  }

  test('read returns the text that was written, whatever its length', () => {
    const sizes = [0, 1, 4080, 4091, 4092, 4093, 4095, 4096, 4097, 16_383, 16_384, 16_385, 300_000];
    for (const [index, size] of sizes.entries()) {
      for (const letter of ['x', '€', '😀', '\0']) {
        const text = `${letter.repeat(size)}|`;
        const name = `${index}-${letter.codePointAt(0)}`;
        using(files.createAt(directory, name).descriptor, (fd) => files.write(fd, text));
        expect(fs.readFileSync(join(path, name), 'utf8') === text, name).toBe(true);
        const bytes = using(files.openAt(directory, name), (fd) => files.read(fd, 2 ** 24));
        expect(bytes).toBeInstanceOf(Buffer);
        expect(bytes.toString() === text, name).toBe(true);
      }
    }
  });

  test('read keeps to its limit, and starts at the beginning each time', () => {
    fs.writeFileSync(join(path, 'file'), Buffer.alloc(100_000, 'abc'));
    using(files.openAt(directory, 'file'), (fd) => {
      for (const limit of [0, 1, 16_383, 16_384, 16_385, 99_999, 100_000]) {
        expect(files.read(fd, limit).length).toBe(limit);
      }
      expect(files.read(fd, 100_001).length).toBe(100_000);
      expect(files.read(fd, 4).toString()).toBe('abca');
    });
  });

  test('read returns the content of a file whose size is 0 according to stat', () => {
    const proc = files.openParent('/proc');
    using(files.openAt(proc, 'version'), (fd) => {
      expect(files.statDescriptor(fd).size).toBe(0);
      expect(files.read(fd, 65_536).toString()).toBe(fs.readFileSync('/proc/version', 'utf8'));
    });
    files.close(proc);
  });

  test('every descriptor is closed on exec', () => {
    fs.writeFileSync(join(path, 'file'), '');
    fs.mkdirSync(join(path, 'sub'));
    const opened = [
      files.openParent(path),
      openDirectory(files, directory, 'sub'),
      files.openAt(directory, 'file'),
      files.createAt(directory, 'new').descriptor,
    ];
    const O_CLOEXEC = 0o2000000;
    for (const fd of opened) {
      expect(flagsOf(fd) & O_CLOEXEC).toBe(O_CLOEXEC);
      files.close(fd);
    }
  });

  test('the mode of a directory is 0777 minus umask, that of a file 0600 until it takes that of a directory', () => {
    const before = process.umask(0o002);
    try {
      files.mkdirAt(directory, 'sub');
      const file = files.createAt(directory, 'file').descriptor;
      expect(fs.statSync(join(path, 'file')).mode & 0o777).toBe(0o600);
      const sub = openDirectory(files, directory, 'sub');
      files.takeModeOf(file, sub);
      files.close(file);
      files.close(sub);
    } finally {
      process.umask(before);
    }
    expect(fs.statSync(join(path, 'sub')).mode & 0o777).toBe(0o775);
    expect(fs.statSync(join(path, 'file')).mode & 0o777).toBe(0o664);
  });

  test('symbolic links are not followed, except on the way to the parent', () => {
    fs.writeFileSync(join(path, 'file'), 'content');
    fs.mkdirSync(join(path, 'sub'));
    fs.symlinkSync('file', join(path, 'to-file'));
    fs.symlinkSync('sub', join(path, 'to-sub'));
    fs.symlinkSync('nowhere', join(path, 'dangling'));
    expect(thrownBy(() => files.openAt(directory, 'to-file')).code).toBe('ELOOP');
    expect(thrownBy(() => files.createAt(directory, 'dangling')).code).toBe('EEXIST');
    expect(thrownBy(() => files.findDirectoryAt(directory, 'to-sub')).code).toMatch(/^(ELOOP|ENOTDIR)$/);
    expect(files.statAt(directory, 'to-file').kind).toBe('symlink');
    files.unlinkAt(directory, 'to-file');
    expect(fs.readFileSync(join(path, 'file'), 'utf8')).toBe('content');
    files.close(files.openParent(join(path, 'to-sub')));
  });

  testRequiring([hasProgram('mkfifo')], 'opening a FIFO without a writer does not block', () => {
    spawnSync('mkfifo', [join(path, 'fifo')]);
    using(files.openAt(directory, 'fifo'), (fd) => {
      expect(files.statDescriptor(fd).kind).toBe('other');
      expect(thrownBy(() => files.read(fd, 1)).code).toBe('ESPIPE');
    });
    expect(thrownBy(() => files.findDirectoryAt(directory, 'fifo')).code).toBe('ENOTDIR');
  });

  test('a file status equals that of Node', () => {
    fs.writeFileSync(join(path, 'file'), '12345');
    fs.linkSync(join(path, 'file'), join(path, 'second'));
    fs.utimesSync(join(path, 'file'), 1, 1234.5675);
    fs.mkdirSync(join(path, 'sub'));
    for (const [name, kind] of [
      ['file', 'file'],
      ['sub', 'directory'],
    ] as const) {
      const node = fs.lstatSync(join(path, name), { bigint: true });
      const { mtimeMs, ctimeMs } = fs.lstatSync(join(path, name));
      const status = files.statAt(directory, name);
      expect(status).toEqual({
        kind,
        device: String(node.dev),
        inode: String(node.ino),
        links: Number(node.nlink),
        size: Number(node.size),
        // These agree to the last bit, because two backends must not disagree about whether a file has changed.
        mtimeMs,
        ctimeMs,
      });
      const fd = kind === 'file' ? files.openAt(directory, name) : openDirectory(files, directory, name);
      expect(files.statDescriptor(fd)).toEqual(status);
      files.close(fd);
    }
    expect(files.statAt(directory, 'file')).toMatchObject({ links: 2, size: 5, mtimeMs: 1_234_567.5 });
  });

  test('list gives the names, up to a limit, and leaves the descriptor as it was', () => {
    const names = ['.hidden', 'a', 'b', 'ö'];
    for (const name of names) fs.writeFileSync(join(path, name), '');
    const readable = openDirectory(files, directory, '.');
    for (const fd of [directory, readable]) {
      expect(files.list(fd, 100).sort()).toEqual(names);
      expect(files.list(fd, 100).sort()).toEqual(names);
      expect(files.list(fd, 3)).toHaveLength(3);
      expect(files.list(fd, 0)).toEqual([]);
    }
    files.close(readable);
    const file = files.openAt(directory, 'a');
    expect(thrownBy(() => files.list(file, 1))).toMatchObject({ code: 'ENOTDIR', syscall: 'readdir' });
    files.close(file);
  });

  test('a descriptor still means its directory when the path leads to another', () => {
    fs.mkdirSync(join(path, 'lock'));
    fs.writeFileSync(join(path, 'lock/owner.json'), 'old');
    const judged = openDirectory(files, directory, 'lock');
    fs.renameSync(join(path, 'lock'), join(path, 'away'));
    fs.mkdirSync(join(path, 'lock'));
    fs.writeFileSync(join(path, 'lock/owner.json'), 'new');
    files.renameAt(judged, 'owner.json', judged, 'retired');
    files.unlinkAt(judged, 'retired');
    files.close(judged);
    expect(fs.readFileSync(join(path, 'lock/owner.json'), 'utf8')).toBe('new');
    expect(fs.readdirSync(join(path, 'away'))).toEqual([]);
    files.rmdirAt(directory, 'away');
    expect(thrownBy(() => files.rmdirAt(directory, 'lock')).code).toBe('ENOTEMPTY');
  });

  testRequiring([renameNoReplace], 'renameNoReplaceAt replaces nothing', () => {
    fs.mkdirSync(join(path, 'from'));
    fs.mkdirSync(join(path, 'to'));
    const error = thrownBy(() => files.renameNoReplaceAt(directory, 'from', directory, 'to'));
    expect(error).toMatchObject({ code: 'EEXIST', syscall: 'renameat2' });
    files.renameNoReplaceAt(directory, 'from', directory, 'free');
    expect(fs.readdirSync(path).sort()).toEqual(['free', 'to']);
    // renameAt does replace an empty directory.
    files.renameAt(directory, 'free', directory, 'to');
    expect(fs.readdirSync(path)).toEqual(['to']);
  });

  testRequiring(
    [hasProgram('stat')],
    'a filesystem has the magic number and the id that stat(1) shows',
    () => {
      const names: Record<string, string> = {
        '0xef53': 'ext',
        '0x58465342': 'xfs',
        '0x9123683e': 'btrfs',
        '0x794c7630': 'overlay',
        '0x1021994': 'tmpfs',
        '0x9fa0': 'proc',
        '0x62656572': 'sysfs',
      };
      for (const place of [path, '/dev/shm', '/proc', '/sys', '/'].filter((place) => fs.existsSync(place))) {
        const { stdout } = spawnSync('stat', ['-f', '-c', '%t %i', place], { encoding: 'utf8' });
        const [magic, id = ''] = stdout.trim().split(' ');
        expect(using(files.openParent(place), files.filesystem)).toEqual({
          type: names[`0x${magic}`] ?? expect.any(String),
          fsid: /^0+$/.test(id) ? null : id.padStart(16, '0'),
        });
      }
    },
  );
});
