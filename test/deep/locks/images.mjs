import { execFileSync } from 'node:child_process';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The command that makes each filesystem, and the size that it needs, in MB. */
const MAKERS = /** @type {Record<string, { megabytes: number, command: readonly string[] }>} */ ({
  ext2: { megabytes: 32, command: ['mkfs.ext2', '-q', '-F'] },
  ext3: { megabytes: 32, command: ['mkfs.ext3', '-q', '-F'] },
  ext4: { megabytes: 64, command: ['mkfs.ext4', '-q', '-F'] },
  xfs: { megabytes: 320, command: ['mkfs.xfs', '-q', '-f'] },
  f2fs: { megabytes: 64, command: ['mkfs.f2fs', '-q', '-f'] },
  vfat: { megabytes: 16, command: ['mkfs.vfat'] },
  ntfs: { megabytes: 16, command: ['mkntfs', '-q', '-F', '-f'] },
  btrfs: { megabytes: 128, command: ['mkfs.btrfs', '-q', '-f'] },
});

/**
 * Makes a sparse image file with an empty filesystem.
 * @param {string} type
 * @param {string} path
 * @param {readonly string[]} [more] arguments
 */
export function makeImage(type, path, more = []) {
  const maker = MAKERS[type];
  if (maker === undefined) throw new Error(`no maker of ${type}`);
  writeFileSync(path, '');
  truncateSync(path, maker.megabytes * 1024 * 1024);
  const [program = '', ...args] = maker.command;
  execFileSync(program, [...args, ...more, path], { stdio: 'pipe' });
  return path;
}

/**
 * Makes one and mounts it below a new directory. tmpfs needs no image.
 * @param {string} type
 * @param {string} work the directory
 * @param {string} [options]
 */
export function mountImage(type, work, options = 'loop') {
  const at = join(work, 'mounted');
  mkdirSync(at, { recursive: true });
  const from = type === 'tmpfs' ? 'none' : makeImage(type, join(work, 'image'));
  execFileSync('mount', ['-t', type, '-o', type === 'tmpfs' ? 'size=1M' : options, from, at]);
  return at;
}
