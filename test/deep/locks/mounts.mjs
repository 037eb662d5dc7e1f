// Filesystems to try locks on, each with the expected result.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeImage } from './images.mjs';

/**
 * @typedef {import('./try-lock.mjs').Expectation & {
 * program?: string,
 * mount: (at: string, work: string) => void
 * }} Mount on the empty directory `at`; `work` is another one, on disk; `program` is needed to mount it
 */

/** @param {string} program @param {...string} args */
function run(program, ...args) {
  execFileSync(program, args, { stdio: ['ignore', 'pipe', 'pipe'], timeout: 30_000 });
}

/** @param {string} work @param {string} name */
function folder(work, name) {
  const path = join(work, name);
  mkdirSync(path, { recursive: true });
  return path;
}

/** @param {string} type @param {string} [options] @returns {Mount['mount']} */
function image(type, options = 'loop') {
  return (at, work) => run('mount', '-t', type, '-o', options, makeImage(type, join(work, 'image')), at);
}

/** @param {string} type @param {string} [options] @returns {Mount['mount']} */
function kernel(type, options = 'rw') {
  return (at) => run('mount', '-t', type, '-o', options, 'none', at);
}

/** @param {string} at @param {string} work */
function overlay(at, work) {
  const [lower, upper, scratch] = ['lower', 'upper', 'scratch'].map((name) => folder(work, name));
  run('mount', '-t', 'overlay', '-o', `lowerdir=${lower},upperdir=${upper},workdir=${scratch}`, 'none', at);
}

/** @param {string} at @param {string} work */
function sshfs(at, work) {
  // An SFTP server at the other end of a pipe takes the place of a host.
  const ssh = join(work, 'ssh');
  writeFileSync(ssh, '#!/bin/sh\nexec /usr/lib/openssh/sftp-server\n');
  chmodSync(ssh, 0o755);
  run('sshfs', '-o', `ssh_command=${ssh}`, `nowhere:${folder(work, 'remote')}`, at);
}

/** @param {string} at @param {string} work */
function gocryptfs(at, work) {
  const cipher = folder(work, 'cipher');
  run('gocryptfs', '-q', '-init', '-scryptn', '10', '-extpass', 'echo secret', cipher);
  run('gocryptfs', '-q', '-extpass', 'echo secret', cipher, at);
}

/** @param {string} at @param {string} work */
function fuseOverlay(at, work) {
  const [lower, upper, scratch] = ['lower', 'upper', 'scratch'].map((name) => folder(work, name));
  run('fuse-overlayfs', '-o', `lowerdir=${lower},upperdir=${upper},workdir=${scratch}`, at);
}

/** @param {string} program @param {readonly string[]} args @returns {Mount['mount']} */
function readOnlyImage(program, args) {
  return (at, work) => {
    const file = join(work, 'image');
    const tree = folder(work, 'tree');
    run(program, ...args.map((arg) => (arg === 'TREE' ? tree : arg === 'FILE' ? file : arg)));
    run('mount', '-o', 'loop,ro', file, at);
  };
}

const FUSE = /** @type {const} */ ({ type: 'fuse', means: 'lease' });

/** @type {readonly Mount[]} */
export const MOUNTS = [
  { name: 'ext2', program: 'mkfs.ext2', mount: image('ext2'), type: 'ext', means: 'witness' },
  { name: 'ext3', program: 'mkfs.ext3', mount: image('ext3'), type: 'ext', means: 'witness' },
  { name: 'ext4', program: 'mkfs.ext4', mount: image('ext4'), type: 'ext', means: 'witness' },
  { name: 'xfs', program: 'mkfs.xfs', mount: image('xfs'), type: 'xfs', means: 'witness' },
  { name: 'btrfs', program: 'mkfs.btrfs', mount: image('btrfs'), type: 'btrfs', means: 'witness and lease' },
  { name: 'overlay', mount: overlay, type: 'overlay', means: 'witness and lease' },
  { name: 'tmpfs', mount: kernel('tmpfs'), type: 'tmpfs', means: 'witness' },
  { name: 'bind mount of ext4', mount: bind, type: 'ext', means: 'witness' },
  { name: 'ramfs', mount: kernel('ramfs'), type: 'ramfs', means: 'lease' },
  {
    name: 'bindfs',
    program: 'bindfs',
    mount: (at, work) => run('bindfs', folder(work, 'under'), at),
    type: 'fuse.bindfs',
    means: 'lease',
  },
  { name: 'sshfs', program: 'sshfs', mount: sshfs, ...FUSE },
  {
    name: 'mergerfs',
    program: 'mergerfs',
    mount: (at, work) => run('mergerfs', `${folder(work, 'a')}:${folder(work, 'b')}`, at),
    type: 'fuse.mergerfs',
    means: 'lease',
  },
  {
    name: 'fuse-overlayfs',
    program: 'fuse-overlayfs',
    mount: fuseOverlay,
    type: 'fuse.fuse-overlayfs',
    means: 'lease',
  },
  { name: 'gocryptfs', program: 'gocryptfs', mount: gocryptfs, ...FUSE },
  { name: 'ntfs-3g', program: 'ntfs-3g', mount: ntfs, ...FUSE },
  {
    name: 'squashfs',
    program: 'mksquashfs',
    mount: readOnlyImage('mksquashfs', ['TREE', 'FILE', '-quiet']),
    type: 'squashfs',
    means: ['EROFS'],
  },
  {
    name: 'erofs',
    program: 'mkfs.erofs',
    mount: readOnlyImage('mkfs.erofs', ['FILE', 'TREE']),
    type: 'erofs',
    means: ['EROFS'],
  },
  {
    name: 'ext4, read-only',
    program: 'mkfs.ext4',
    mount: image('ext4', 'loop,ro'),
    type: 'ext',
    means: ['EROFS'],
  },
  { name: 'hugetlbfs', mount: kernel('hugetlbfs'), type: 'hugetlbfs', means: ['EINVAL'] },
  { name: 'proc', mount: kernel('proc'), type: 'proc', means: ['ENOENT', 'EPERM', 'EACCES'] },
  { name: 'sysfs', mount: kernel('sysfs'), type: 'sysfs', means: ['EPERM', 'EACCES', 'ENOENT'] },
  { name: 'cgroup v2', mount: kernel('cgroup2'), type: 'cgroup2', means: ['EPERM', 'EACCES'] },
  { name: 'mqueue', mount: kernel('mqueue'), type: '0x19800202', means: ['EPERM', 'EACCES'] },
];

/** @param {string} at @param {string} work */
function bind(at, work) {
  run('mount', '--bind', folder(work, 'under'), at);
}

/** @param {string} at @param {string} work */
function ntfs(at, work) {
  run('ntfs-3g', makeImage('ntfs', join(work, 'image')), at);
}
