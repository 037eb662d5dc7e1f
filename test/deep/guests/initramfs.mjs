// The first root of a machine in qemu, in its memory.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/**
 * Adds the start-up files to a root that has /bin/busybox, /dev and /proc, and packs it.
 * @param {object} setting
 * @param {string} setting.root a directory
 * @param {string} setting.kernel its release
 * @param {readonly string[]} setting.modules that are loaded first; the kernel may have some of them built in
 * @param {string} setting.init a shell script that runs then; $b is busybox
 * @returns the archive, beside the root
 */
export function packInitramfs({ root, kernel, modules, init }) {
  mkdirSync(join(root, 'modules'));
  const names = modulePaths(kernel, modules).map((file, index) => {
    const name = `${String(index).padStart(2, '0')}-${basename(file, '.xz')}`;
    const content = file.endsWith('.xz')
      ? execFileSync('xz', ['-dc', file], { maxBuffer: 1 << 26 })
      : readFileSync(file);
    writeFileSync(join(root, 'modules', name), content);
    return name;
  });
  const script = `#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t devtmpfs dev /dev
${names.map((name) => `$b insmod /modules/${name}`).join('\n')}
${init.trim()}
`;
  writeFileSync(join(root, 'init'), script);
  chmodSync(join(root, 'init'), 0o755);
  const archive = `${root}.cpio`;
  execFileSync('sh', ['-c', 'cd "$1" && find . | cpio -o -H newc --quiet >"$2"', 'sh', root, archive]);
  return archive;
}

/**
 * Returns the modules and their dependencies, in the order of loading.
 * @param {string} kernel
 * @param {readonly string[]} modules
 */
function modulePaths(kernel, modules) {
  const folder = `/lib/modules/${kernel}`;
  const needs = new Map(
    readFileSync(join(folder, 'modules.dep'), 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .map(([file = '', others = '']) => [file, others.trim().split(' ').filter(Boolean).reverse()]),
  );
  /** @type {Set<string>} */
  const files = new Set();
  for (const name of modules) {
    const file = [...needs.keys()].find((key) => key.includes(`/${name}.ko`));
    if (file === undefined) continue;
    for (const other of needs.get(file) ?? []) files.add(join(folder, other));
    files.add(join(folder, file));
  }
  return [...files];
}
