import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, relative } from 'node:path';
import { expect, test } from 'vitest';
import { BUILT, cli, MAIN } from '../helpers/cli.js';
import { holdLock, NOBODY, writeLock, writeStaleLock } from '../helpers/locks.js';
import { startProcess } from '../helpers/processes.js';
import { describeRequiring, isRoot } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

function inside(directory: string, ...names: string[]): string {
  const path = join(directory, ...names);
  mkdirSync(path, { recursive: true });
  return path;
}

/** Makes a tree with three dead locks, a live one, and much that is no lock. */
async function makeTree(): Promise<string> {
  const root = tempDir();
  writeStaleLock(inside(root, 'node_modules', 'x'), 'a.lock');
  writeFileSync(join(inside(root, 'tmp', 'pids'), 'server.pid'), `${NOBODY}\n`);
  symlinkSync(`${hostname()}-${NOBODY}`, join(inside(root, 'profile'), 'SingletonLock'));
  writeFileSync(join(root, '.X7-lock'), `${String(process.pid).padStart(10)}\n`);
  writeFileSync(join(root, 'yarn.lock'), '# yarn lockfile v1\n');
  writeFileSync(join(root, 'data.json'), `{"pid":${NOBODY}}`);
  writeLock(root, 'project', { name: 'a project with an owner.json' });
  return root;
}

describeRequiring(BUILT, 'inspect --recursive', () => {
  test('shows what is a lock in a tree, by paths that begin as the user gave the tree', async () => {
    const root = await makeTree();
    const before = readdirSync(root, { recursive: true });
    const { code, stdout, stderr } = await cli(['inspect', '--recursive', root]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    expect(lines.slice(1, -2).map((line) => line.split(/ {2,}/).at(-1))).toEqual(
      expect.arrayContaining([
        join(root, '.X7-lock'),
        join(root, 'node_modules/x/a.lock'),
        join(root, 'tmp/pids/server.pid'),
        join(root, 'profile/SingletonLock'),
      ]),
    );
    const below = await cli(['inspect', '-r', 'tmp'], { cwd: root });
    expect(below.stdout).toMatch(/ tmp\/pids\/server\.pid$/m);
    expect(lines).toHaveLength(7);
    expect(lines.at(-2)).toBe('4 paths: 1 held, 3 stale');
    expect(lines.at(-1)).toMatch(/^\d+ names searched; left out: 2 files that name no owner$/);
    expect(readdirSync(root, { recursive: true })).toEqual(before);
  });

  test('finds the locks of other programs by their names, and counts those that name nobody', async () => {
    const root = tempDir();
    const files = {
      lockfile: `${NOBODY}\nqbittorrent\n${hostname()}\n`,
      'server.pid.txt': `${NOBODY}`,
      'LCK..ttyUSB0': `${NOBODY}\n`,
      wlock: `${hostname()}:${NOBODY}`,
      'running.process': `${NOBODY} 1700000000.25\n`,
      '.parentlock': '',
      'db.lck': '',
      'lock.js': 'export {};',
    };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(root, name), text);
    symlinkSync(`127.0.1.1:+${NOBODY}`, join(root, 'lock'));
    writeFileSync(join(inside(root, 'sync.lock.d'), 'pid'), `${NOBODY}\n`);
    writeFileSync(join(inside(root, 'run', 'lock'), 'app.pid'), `${NOBODY}\n`);
    inside(root, '#cvs.lock');
    const { stdout } = await cli(['inspect', '-r', root]);
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      '8 paths: 8 stale 14 names searched; left out: 2 files that name no owner, 1 empty directory named like a lock',
    );
    const found: { path: string }[] = JSON.parse((await cli(['inspect', '-r', '--json', root])).stdout);
    expect(found.map(({ path }) => relative(root, path))).toEqual([
      'LCK..ttyUSB0',
      'lock',
      'lockfile',
      'run/lock/app.pid',
      'running.process',
      'server.pid.txt',
      'sync.lock.d',
      'wlock',
    ]);
  });

  test('gives an array, also of one or none, and reports by its exit code', async () => {
    const root = await makeTree();
    const all = await cli(['inspect', '-r', '--json', '--exit-code', root]);
    expect(all).toMatchObject({ code: 1, stderr: '' });
    expect(JSON.parse(all.stdout)).toHaveLength(4);
    const one = await cli(['inspect', '-r', '--json', '--exit-code', join(root, 'tmp')]);
    expect(one.code).toBe(0);
    expect(JSON.parse(one.stdout)).toMatchObject([{ format: 'bare-pid', state: 'stale' }]);
    const none = await cli(['inspect', '-r', '--json', '--exit-code', tempDir()]);
    expect(none).toMatchObject({ code: 0, stdout: '[]\n' });
    expect((await cli(['inspect', '-r', tempDir()])).stdout).toBe('0 paths\n0 names searched\n');
  });

  test('searches where a ".." leads, and not where its text does', async () => {
    const root = tempDir();
    mkdirSync(join(root, 'releases/one'), { recursive: true });
    symlinkSync('releases/one', join(root, 'current'));
    writeStaleLock(join(root, 'releases'), 'a.lock');
    const { stdout } = await cli(['inspect', '-r', '--json', `${root}/current/..`]);
    expect(JSON.parse(stdout)).toMatchObject([{ path: join(root, 'releases/a.lock'), state: 'stale' }]);
  });

  test('finds this package’s own locks, and not what is made ready beside them', async () => {
    const root = tempDir();
    await holdLock(join(root, 'a.lock'));
    writeStaleLock(root, `.a.lock.${'0'.repeat(32)}`);
    const { stdout } = await cli(['inspect', '-r', root]);
    expect(stdout).toMatch(new RegExp(`^held .* ${join(root, 'a.lock')}$`, 'm'));
    expect(stdout).toMatch(/^1 path: 1 held$/m);
    expect(stdout).toContain('left out: 1 private directory');
  });

  test('takes a lock, a file, and a link to a directory as a root', async () => {
    const root = await makeTree();
    const elsewhere = tempDir();
    symlinkSync(root, join(elsewhere, 'link'));
    const count = async (...paths: string[]) =>
      JSON.parse((await cli(['inspect', '-r', '--json', ...paths])).stdout).length;
    expect(await count(join(root, 'node_modules/x/a.lock'))).toBe(1);
    expect(await count(join(root, 'tmp/pids/server.pid'), join(root, 'profile'))).toBe(2);
    expect(await count(join(elsewhere, 'link'))).toBe(4);
  });

  test('follows no link inside, so that a loop ends', async () => {
    const root = await makeTree();
    symlinkSync('..', join(root, 'tmp', 'up'));
    symlinkSync('up', join(root, 'tmp', 'upup'));
    const { code, stdout } = await cli(['inspect', '-r', root]);
    expect(code).toBe(0);
    expect(stdout).toContain('4 paths');
    expect(stdout).toContain('2 symbolic links');
  });

  test('leaves the kernel’s own filesystems out', async () => {
    const { code, stdout } = await cli(['inspect', '-r', '/proc']);
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: '0 paths\n0 names searched; left out: 1 kernel filesystem\n',
    });
  });

  test('exits 1 when a directory is missing or may not be read, and shows the rest', async () => {
    const root = await makeTree();
    const missing = await cli(['inspect', '-r', root, join(root, 'no')]);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(/^kernel-identity: ENOENT: [^\n]+\n$/);
    expect(missing.stdout).toContain('4 paths');

    chmodSync(join(root, 'profile'), 0);
    const user = isRoot().available
      ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--']
      : [];
    const reader = await startProcess([
      ...user,
      process.execPath,
      MAIN,
      'inspect',
      '-r',
      '--exit-code',
      root,
    ]);
    const { code } = await reader.exited;
    chmodSync(join(root, 'profile'), 0o777);
    expect(code).toBe(4);
    expect(reader.errors).toMatch(/^kernel-identity: EACCES: [^\n]+profile'\n$/);
  });

  test('shows hostile names without obeying them', async () => {
    const root = tempDir();
    writeFileSync(join(root, `\u001b[2J\n${'\u202e'.repeat(50)}.pid`), `${NOBODY}\n`);
    const { stdout } = await cli(['inspect', '-r', root]);
    for (const line of stdout.split('\n')) {
      expect(line).toMatch(/^[^\p{Cc}\p{Cf}]*$/u);
    }
  });
});
