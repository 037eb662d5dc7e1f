import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openBox } from '../helpers/box.js';
import { BUILT } from '../helpers/cli.js';
import { holdLock, NOBODY, writeLock, writeStaleLock, writeUnknownLock } from '../helpers/locks.js';
import { describeRequiring, isBuilt, isolationTest } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { example, pathWithProgram } from './programs.js';

const ENTRYPOINT = example('docker/entrypoint.sh');

describeRequiring(BUILT, 'the entrypoint', () => {
  function enter(locks: string, ...command: string[]): SpawnSyncReturns<string> {
    const env = { ...process.env, PATH: pathWithProgram(), LOCKS: locks };
    return spawnSync('sh', [ENTRYPOINT, ...command], { encoding: 'utf8', env });
  }

  function entered(locks: string): { status: number | null; started: boolean; stderr: string } {
    const { status, stdout, stderr } = enter(locks, 'echo', 'started');
    return { status, started: stdout === 'started\n', stderr };
  }

  test('becomes the command, with its arguments and its exit code', () => {
    const script = 'printf "%s|" "$@"; exit 7';
    const { status, stdout, stderr } = enter(`${tempDir()}/*.lock`, 'sh', '-c', script, 'sh', 'a b', '*', '');
    expect({ status, stdout, stderr }).toEqual({ status: 7, stdout: 'a b|*||', stderr: '' });
  });

  test('removes the lock of a dead owner and starts', () => {
    const volume = tempDir();
    const lock = writeStaleLock(volume, 'a.lock');
    const { status, started, stderr } = entered(`${volume}/*.lock`);
    expect({ status, started }).toEqual({ status: 0, started: true });
    expect(existsSync(lock)).toBe(false);
    expect(stderr).toContain('a.lock: reclaimed');
  });

  test('removes those of all patterns, whatever their names', () => {
    const volume = tempDir();
    mkdirSync(join(volume, 'the data'));
    writeStaleLock(volume, 'a.lock');
    writeStaleLock(volume, 'b.lock');
    writeStaleLock(join(volume, 'the data'), 'c d.lock');
    const { status } = entered(`${volume}/*.lock\n${volume}/the data/*.lock\n${volume}/none.lock`);
    expect(status).toBe(0);
    expect(readdirSync(volume)).toEqual(['the data']);
    expect(readdirSync(join(volume, 'the data'))).toEqual([]);
  });

  test('does not start while the owner of a lock lives, and leaves the lock to it', async () => {
    const lock = join(tempDir(), 'a.lock');
    const holder = await holdLock(lock);
    const before = readFileSync(join(lock, 'owner.json'), 'utf8');
    const { status, started, stderr } = entered(lock);
    expect({ status, started }).toEqual({ status: 75, started: false });
    expect(stderr).toContain(`not starting: the owner of ${lock} lives`);
    expect(readFileSync(join(lock, 'owner.json'), 'utf8')).toBe(before);

    holder.endInput();
    await holder.closed;
    expect(entered(lock)).toMatchObject({ status: 0, started: true });
  });

  test('does not start where an owner cannot be judged, and leaves the lock alone', () => {
    const lock = writeUnknownLock(tempDir());
    const { status, started, stderr } = entered(lock);
    expect({ status, started }).toEqual({ status: 69, started: false });
    expect(stderr).toContain('cannot be judged from here');
    expect(existsSync(join(lock, 'owner.json'))).toBe(true);
  });

  test('does not start where a lock holds data of another program, and leaves that alone', () => {
    const volume = tempDir();
    const lock = writeLock(volume, 'a.lock', { pid: NOBODY, createdAtMs: 1 });
    writeFileSync(join(lock, 'precious'), 'data');
    expect(entered(lock)).toMatchObject({ status: 69, started: false });
    expect(readFileSync(join(lock, 'precious'), 'utf8')).toBe('data');
    expect(existsSync(join(lock, 'owner.json'))).toBe(true);
  });

  test('checks /data/*.lock by default', () => {
    expect(readFileSync(ENTRYPOINT, 'utf8')).toMatch(/\$\{LOCKS:-\/data\/\*\.lock\}/);
  });
});

isolationTest('a container that is killed and restarted on its volume, under the same PID, serves again at once', async () => {
  const volume = tempDir();
  const env = { PATH: pathWithProgram(), LOCKS: `${volume}/*.lock`, LOCK_TIMEOUT: '0' };
  const command = ['sh', ENTRYPOINT, process.execPath, example('http-server-with-pid-file.mjs'), volume, '0'];
  const first = await openBox();
  const server = await first.start(command, { pid: 7, env });
  expect(await server.line()).toContain('listening');
  expect(readFileSync(join(volume, 'server.pid'), 'utf8')).toBe('7\n');

  // A sibling on the same volume, also with PID 7, does not get past the entrypoint.
  const sibling = await openBox();
  const refused = await sibling.start(command, { pid: 7, env });
  expect((await refused.exited).code).toBe(75);
  expect(refused.errors).toContain('witness-held');

  await first.kill();
  expect(existsSync(join(volume, 'server.lock', 'owner.json'))).toBe(true);
  const second = await openBox();
  const restarted = await second.start(command, { pid: 7, env });
  expect(await restarted.line()).toContain('listening');
  expect(restarted.errors).toContain('server.lock: reclaimed');
}, [isBuilt()]);

describe('the image and the compose file', () => {
  const dockerfile = readFileSync(example('docker/Dockerfile'), 'utf8');
  const compose = readFileSync(example('docker/compose.yaml'), 'utf8');
  const top = resolve(example('..'));

  test('copy only what there is', () => {
    const copies = [...dockerfile.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, sources = '']) =>
      sources.split(' '),
    );
    expect(copies.length).toBeGreaterThan(8);
    for (const source of copies) expect(existsSync(join(top, source)), source).toBe(true);
    for (const [, script] of dockerfile.matchAll(/npm run (\S+)/g)) {
      const { scripts } = JSON.parse(readFileSync(join(top, 'package.json'), 'utf8'));
      expect(scripts, script).toHaveProperty(script as string);
    }
  });

  test('start through an entrypoint that can be executed', () => {
    const [, inImage] = /^ENTRYPOINT \["(.*)"\]$/m.exec(dockerfile) ?? [];
    expect(dockerfile).toContain(`COPY examples/docker/entrypoint.sh ${inImage}\n`);
    expect(statSync(ENTRYPOINT).mode & 0o111).toBe(0o111);
    expect(readFileSync(ENTRYPOINT, 'utf8')).toMatch(/^#!\/bin\/sh\n/);
  });

  test('have two services that share one volume, each with locks of its own', () => {
    const services = servicesOf(compose);
    expect(Object.keys(services)).toEqual(['web', 'jobs']);
    expect(compose).toMatch(/^volumes:\n {2}data:$/m);
    const locks = Object.values(services).map((text) => {
      expect(text).toContain('- data:/data');
      const [, program = ''] = /node ([\w-]+\.mjs)/.exec(text.replace('node, ', 'node ')) ?? [];
      expect(dockerfile).toContain(`examples/${program}`);
      return /LOCKS: (\S+)/.exec(text)?.[1];
    });
    expect(new Set(locks).size).toBe(2);
    expect(readFileSync(example('http-server-with-pid-file.mjs'), 'utf8')).toContain("'server.lock'");
    expect(locks[0]).toBe('/data/server.lock');
    expect(services.jobs).toContain(`cron-job.mjs ${locks[1]};`);
  });

  test('are built from the top of the repository', () => {
    const [, context = ''] = /context: (\S+)/.exec(compose) ?? [];
    const [, file = ''] = /dockerfile: (\S+)/.exec(compose) ?? [];
    expect(resolve(dirname(example('docker/compose.yaml')), context)).toBe(top);
    expect(existsSync(join(top, file))).toBe(true);
  });
});

/**
 * Returns the text under each service. It parses only as much of YAML as the example needs: two spaces a
 * level.
 */
function servicesOf(yaml: string): Record<string, string> {
  const [, block = ''] = /^services:\n((?: {2}.*\n|\n)+)/m.exec(yaml) ?? [];
  return Object.fromEntries(
    [...block.matchAll(/^ {2}(\w+):\n((?: {4}.*\n|\n)+)/gm)].map(([, name, text]) => [name, text]),
  );
}
