import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect } from 'vitest';
import { type Agent, startAgent } from '../helpers/agent.js';
import { EVERY, hasBackend } from '../helpers/backends.js';
import { openBox } from '../helpers/box.js';
import { onCleanup } from '../helpers/cleanup.js';
import { DEAD_OWNER, ownerFile, writeLock } from '../helpers/crafted.js';
import { describeRequiring, isBuilt, isolationTest, isRoot, testRequiring } from '../helpers/requirements.js';
import { snapshot } from '../helpers/snapshot.js';
import { tempDir } from '../helpers/temp-dir.js';

/** The results of the three calls: each an error code, or the state that the call reports. */
interface Outcome {
  readonly acquire: string;
  readonly inspect: string;
  readonly reclaim: string;
}

const NOT_A_LOCK: Outcome = {
  acquire: 'ERR_NOT_A_LOCK',
  inspect: 'ERR_NOT_A_LOCK',
  reclaim: 'ERR_NOT_A_LOCK',
};
/** The path is not a directory. It could be another program's lock, but this one names no owner. */
const NAMES_NOBODY: Outcome = { acquire: 'ERR_NOT_A_LOCK', inspect: 'unknown', reclaim: 'ERR_NOT_A_LOCK' };
/** No check can show whether the owner lives, so the lock is left alone until the timeout. */
const LEFT_ALONE: Outcome = { acquire: 'ERR_LOCK_TIMEOUT', inspect: 'unknown', reclaim: 'unknown' };
const NOT_EMPTY: Outcome = {
  acquire: 'ERR_LOCK_NOT_EMPTY',
  inspect: 'unknown',
  reclaim: 'ERR_LOCK_NOT_EMPTY',
};
const HELD: Outcome = { acquire: 'ERR_LOCK_TIMEOUT', inspect: 'held', reclaim: 'held' };
const NO_SUCH_PATH: Outcome = same('ENOENT');
const NO_PATH: Outcome = same('ERR_INVALID_ARG_TYPE');

function same(code: string): Outcome {
  return { acquire: code, inspect: code, reclaim: code };
}

interface Case {
  /**
   * Makes the scene in a fresh directory. Returns the path to pass to the calls, undefined for
   * `<directory>/install.lock`.
   */
  readonly make: (directory: string) => unknown;
  readonly outcome: Outcome;
}

/** Makes an owner.json with that content. */
function owner(content: string | object): Case['make'] {
  return (directory) => void writeLock(join(directory, 'install.lock'), content);
}

/** Makes a lock directory, with something in the place of its owner.json. */
function inPlaceOfOwner(make: (file: string) => void): Case['make'] {
  return (directory) => {
    mkdirSync(join(directory, 'install.lock'));
    make(ownerFile(join(directory, 'install.lock')));
  };
}

/** Makes something in the place of the lock directory. */
function inPlaceOfLock(make: (path: string, directory: string) => void): Case['make'] {
  return (directory) => make(join(directory, 'install.lock'), directory);
}

function given(pathOf: (directory: string) => unknown): Case['make'] {
  return pathOf;
}

const nested = (depth: number) => `{"pid":1,"x":${'['.repeat(depth)}${']'.repeat(depth)}}`;

const CASES: Record<string, Case> = {
  'owner.json missing': { make: inPlaceOfOwner(() => {}), outcome: LEFT_ALONE },
  'owner.json empty': { make: owner(''), outcome: LEFT_ALONE },
  'owner.json of spaces': { make: owner(' \n\t '), outcome: LEFT_ALONE },
  'owner.json cut off after {': { make: owner('{'), outcome: LEFT_ALONE },
  'owner.json of NUL bytes': { make: owner('\0'.repeat(4096)), outcome: LEFT_ALONE },
  'owner.json of 10 MB': {
    make: inPlaceOfOwner((file) => {
      writeFileSync(file, JSON.stringify(DEAD_OWNER));
      truncateSync(file, 10_000_000);
    }),
    outcome: NOT_A_LOCK,
  },
  'owner.json one byte too large': {
    make: owner(JSON.stringify(DEAD_OWNER).padEnd(65_537)),
    outcome: NOT_A_LOCK,
  },
  'owner.json deeply nested': { make: owner(nested(30_000)), outcome: LEFT_ALONE },
  'owner.json nested and never closed': { make: owner('{"pid":1,"x":'.repeat(5000)), outcome: LEFT_ALONE },
  'owner.json not JSON': { make: owner('precious'), outcome: NOT_A_LOCK },
  'owner.json binary': { make: owner('\u0001\u0002\ufffd'), outcome: NOT_A_LOCK },
  'owner.json an array': { make: owner('[7]'), outcome: NOT_A_LOCK },
  'owner.json a number': { make: owner('7'), outcome: NOT_A_LOCK },
  'owner.json null': { make: owner('null'), outcome: NOT_A_LOCK },
  'owner.json an object without pid': { make: owner({ name: 'my-project' }), outcome: NOT_A_LOCK },
  'owner.json with a pid of the wrong type': { make: owner({ pid: {} }), outcome: LEFT_ALONE },
  'owner.json with an identity of the wrong type': {
    make: owner({ ...DEAD_OWNER, version: 1, nonce: 7, identity: [] }),
    outcome: LEFT_ALONE,
  },
  'owner.json with fields of the wrong type': {
    make: owner({ pid: 1, starttime: 'then', createdAtMs: 'never', startedAt: {}, label: 7 }),
    outcome: HELD,
  },
  'owner.json with only a __proto__': { make: owner('{"__proto__":{"pid":1}}'), outcome: NOT_A_LOCK },
  'owner.json with a __proto__ and a constructor': {
    make: owner(
      '{"pid":1,"__proto__":{"polluted":1,"identity":{}},"constructor":{"prototype":{"polluted":1}}}',
    ),
    outcome: HELD,
  },
  'owner.json with an identity with a __proto__': {
    make: owner(
      `{"pid":${DEAD_OWNER.pid},"version":1,"nonce":"${'0'.repeat(32)}","identity":{"__proto__":{"version":1}}}`,
    ),
    outcome: LEFT_ALONE,
  },
  'owner.json a symbolic link': {
    make: inPlaceOfOwner((file) => {
      writeFileSync(`${file}.target`, JSON.stringify(DEAD_OWNER));
      symlinkSync(`${file}.target`, file);
    }),
    outcome: NOT_A_LOCK,
  },
  'owner.json a broken symbolic link': {
    make: inPlaceOfOwner((file) => symlinkSync('nowhere', file)),
    outcome: NOT_A_LOCK,
  },
  'owner.json a symbolic link to itself': {
    make: inPlaceOfOwner((file) => symlinkSync('owner.json', file)),
    outcome: NOT_A_LOCK,
  },
  'owner.json a FIFO': { make: inPlaceOfOwner(makeFifo), outcome: NOT_A_LOCK },
  'owner.json a socket': { make: inPlaceOfOwner(makeSocket), outcome: NOT_A_LOCK },
  'owner.json a directory': { make: inPlaceOfOwner((file) => mkdirSync(file)), outcome: NOT_A_LOCK },

  'a lock path that is a file': {
    make: inPlaceOfLock((path) => writeFileSync(path, 'precious')),
    outcome: NAMES_NOBODY,
  },
  'a lock path that is an empty file': {
    make: inPlaceOfLock((path) => {
      writeFileSync(path, '');
      utimesSync(path, 1_700_000_000, 1_700_000_000);
    }),
    outcome: NAMES_NOBODY,
  },
  'a lock path that is an empty file, which its owner may be about to fill': {
    make: inPlaceOfLock((path) => writeFileSync(path, '')),
    outcome: { ...NAMES_NOBODY, acquire: 'ERR_LOCK_TIMEOUT' },
  },
  'a lock path that is a FIFO': { make: inPlaceOfLock(makeFifo), outcome: NAMES_NOBODY },
  'a lock path that is a socket': { make: inPlaceOfLock(makeSocket), outcome: NAMES_NOBODY },
  'a lock path that is a symbolic link to a directory': {
    make: inPlaceOfLock((path, directory) => {
      writeLock(join(directory, 'elsewhere'), DEAD_OWNER);
      symlinkSync('elsewhere', path);
    }),
    outcome: NAMES_NOBODY,
  },
  'a lock path that is a broken symbolic link': {
    make: inPlaceOfLock((path) => symlinkSync('nowhere', path)),
    outcome: NAMES_NOBODY,
  },
  'a lock path that is a symbolic link to itself': {
    make: inPlaceOfLock((path) => symlinkSync('install.lock', path)),
    outcome: NAMES_NOBODY,
  },
  'a directory with data that was made just now': { make: inPlaceOfLock(makeData), outcome: NOT_EMPTY },
  'a directory with a dead lock and data': {
    make: inPlaceOfLock((path) => {
      makeData(path);
      writeLock(path, DEAD_OWNER);
    }),
    outcome: NOT_EMPTY,
  },
  'a directory with very many files': {
    make: inPlaceOfLock((path) => {
      mkdirSync(path);
      for (let i = 0; i < 300; i += 1) writeFileSync(join(path, `retired-${i}`), '');
      writeLock(path, DEAD_OWNER);
    }),
    outcome: { acquire: 'ERR_LOCK_NOT_EMPTY', inspect: 'unknown', reclaim: 'ERR_LOCK_NOT_EMPTY' },
  },

  'a missing parent': {
    make: given((directory) => join(directory, 'a', 'install.lock')),
    outcome: NO_SUCH_PATH,
  },
  'a parent that is a file': {
    make: (directory) => {
      writeFileSync(join(directory, 'a'), '');
      return join(directory, 'a', 'install.lock');
    },
    outcome: same('ENOTDIR'),
  },
  'a parent that is a broken symbolic link': {
    make: (directory) => {
      symlinkSync('nowhere', join(directory, 'a'));
      return join(directory, 'a', 'install.lock');
    },
    outcome: NO_SUCH_PATH,
  },
  'a parent that is a symbolic link to itself': {
    make: (directory) => {
      symlinkSync('a', join(directory, 'a'));
      return join(directory, 'a', 'install.lock');
    },
    outcome: same('ELOOP'),
  },
  'a name that is too long': {
    make: given((directory) => join(directory, 'x'.repeat(256))),
    outcome: same('ENAMETOOLONG'),
  },
  'a name that leaves no room for the private one': {
    make: given((directory) => join(directory, 'x'.repeat(222))),
    outcome: { acquire: 'ENAMETOOLONG', inspect: 'free', reclaim: 'free' },
  },
  'a path that is too long': {
    make: given((directory) => join(directory, `${'x'.repeat(200)}/`.repeat(25), 'install.lock')),
    outcome: same('ENAMETOOLONG'),
  },
  'the root directory': { make: given(() => '/'), outcome: NOT_A_LOCK },
  'an empty path': { make: given(() => ''), outcome: NO_PATH },
  'a path with NUL': { make: given((directory) => join(directory, 'install\0.lock')), outcome: NO_PATH },
  'a path that is null': { make: given(() => null), outcome: NO_PATH },
  'a path that is a number': { make: given(() => 7), outcome: NO_PATH },
  'a path that is an object': { make: given(() => ({})), outcome: NO_PATH },
};

for (const backend of EVERY) {
  describeRequiring([isBuilt(), hasBackend(backend)], `bad input (${backend})`, () => {
    let agent: Agent;
    beforeAll(async () => {
      // The portable backend does not know that the filesystem is this machine's alone.
      if (backend === 'portable') process.env.KERNEL_IDENTITY_SAME_HOST = '1';
      agent = await startAgent({ backend });
    });
    afterAll(async () => {
      await agent.kill();
    });

    for (const [name, { make, outcome: usual }] of Object.entries(CASES)) {
      // The portable backend only sees that the number is taken, which does not prove that the owner lives.
      const outcome = usual === HELD && backend === 'portable' ? LEFT_ALONE : usual;
      testRequiring([], `${name}: ${inWords(outcome)}, nothing deleted`, async () => {
        const directory = tempDir();
        // null is a path to try as well, so only undefined stands for the usual path.
        const made = make(directory);
        const path = made === undefined ? join(directory, 'install.lock') : made;
        const before = snapshot(directory);
        expect(await outcomeOf(agent, path)).toEqual(outcome);
        expect(snapshot(directory)).toEqual(before);
        expect((await agent.call<string[]>('inheritedByObjects')).value).toEqual([]);
      });
    }

    testRequiring(
      [],
      'a name too long for a lock: the error says so, though somebody stands in the way',
      async () => {
        const directory = tempDir();
        const longest = join(directory, `${'ö'.repeat(110)}x`);
        await agent.acquire(longest);
        await agent.release(longest);
        mkdirSync(`${longest}x`);
        await expect(agent.acquire(`${longest}x`, { timeout: 5000 })).rejects.toMatchObject({
          code: 'ENAMETOOLONG',
          path: `${longest}x`,
          message: expect.stringContaining('has 222 bytes, and 221 are the most'),
        });
      },
    );

    testRequiring([], 'a directory with old data: refused, nothing deleted', async () => {
      const directory = tempDir();
      makeData(join(directory, 'install.lock'));
      const before = snapshot(directory);
      const options = { ownerlessGrace: 0 };
      const refused = { code: 'ERR_LOCK_NOT_EMPTY', entries: ['node_modules'] };
      const path = join(directory, 'install.lock');
      await expect(agent.acquireSync(path, { ...options, timeout: 2000 })).rejects.toMatchObject(refused);
      await expect(agent.reclaim(path, options)).rejects.toMatchObject(refused);
      expect(await agent.inspect(path, options)).toMatchObject({
        state: 'unknown',
        foreignFiles: refused.entries,
        description: expect.stringContaining('files that are not the lock\'s own: "node_modules"'),
      });
      expect(snapshot(directory)).toEqual(before);
    });

    testRequiring([], 'a trailing slash, a relative path and one with dots: the same lock', async () => {
      const directory = tempDir();
      const here = await startAgent({ backend, cwd: directory });
      mkdirSync(join(directory, 'a'));
      const path = join(directory, 'install.lock');
      for (const spelling of [
        `${path}/`,
        `${path}///`,
        'install.lock',
        './install.lock',
        'a/../install.lock',
        `${directory}/./a//../install.lock`,
      ]) {
        const { value } = await here.acquireSync(spelling, { timeout: 0 });
        expect(readdirSync(path)).toEqual(['owner.json']);
        expect((await agent.inspect(path)).owner?.nonce).toBe(value.nonce);
        expect((await here.inspect(spelling)).path).toBe(path);
        await here.release(path);
        expect(readdirSync(directory)).toEqual(['a']);
      }
    });

    testRequiring([], 'a name with odd characters: an ordinary lock', async () => {
      const directory = tempDir();
      for (const name of ['in stall', '-rf', '%2e', '\n', '..lock', '...', '🔒', 'é', '*']) {
        const path = join(directory, name);
        await agent.acquireSync(path, { timeout: 0 });
        expect(readdirSync(directory)).toEqual([name]);
        await agent.release(path);
        expect(readdirSync(directory)).toEqual([]);
      }
    });

    testRequiring([], 'a directory that may not be written: EACCES, and nothing is changed', async () => {
      const directory = tempDir();
      writeLock(join(directory, 'dead.lock'), DEAD_OWNER);
      const before = snapshot(directory);
      const asUser = isRoot().available ? await startAgent({ backend, uid: 1000 }) : agent;
      chmodSync(directory, 0o555);
      onCleanup(() => chmodSync(directory, 0o777));
      if (isRoot().available) chmodSync(join(directory, 'dead.lock'), 0o755);
      else chmodSync(join(directory, 'dead.lock'), 0o555);
      expect(await outcomeOf(asUser, join(directory, 'free.lock'))).toEqual({
        acquire: 'EACCES',
        inspect: 'free',
        reclaim: 'free',
      });
      expect(await outcomeOf(asUser, join(directory, 'dead.lock'))).toEqual({
        acquire: 'EACCES',
        inspect: 'stale',
        reclaim: 'EACCES',
      });
      if (!isRoot().available) chmodSync(join(directory, 'dead.lock'), 0o755);
      expect(Object.keys(snapshot(directory))).toEqual(Object.keys(before));
    });

    testRequiring([], 'a directory or an owner.json that may not be read: EACCES, never free', async () => {
      const directory = tempDir();
      const asUser = isRoot().available ? await startAgent({ backend, uid: 1000 }) : agent;
      const path = join(directory, 'install.lock');
      const file = writeLock(path, DEAD_OWNER);
      chmodSync(file, 0);
      expect(await outcomeOf(asUser, path)).toEqual(same('EACCES'));
      chmodSync(path, 0);
      onCleanup(() => chmodSync(path, 0o777));
      expect(await outcomeOf(asUser, path)).toEqual(same('EACCES'));
      const beyond = join(directory, 'closed');
      mkdirSync(beyond);
      chmodSync(beyond, 0);
      onCleanup(() => chmodSync(beyond, 0o777));
      expect(await outcomeOf(asUser, join(beyond, 'install.lock'))).toEqual(same('EACCES'));
    });

    for (const [what, options] of [
      ['of blocks', 'size=16k'],
      ['of inodes', 'nr_inodes=3'],
    ] as const) {
      isolationTest(`a disk that is out ${what}: ENOSPC, and nothing is left behind`, async () => {
        const directory = tempDir();
        const box = await openBox();
        // The inodes are for the root, the file that fills the disk, and the private directory, but none is
        // left for a file in it.
        const script = `mount -t tmpfs -o ${options} none "$0" && { cat /dev/zero >"$0/fill" 2>/dev/null; exec "$@"; }`;
        const size = what === 'of blocks' ? script : script.replace('cat /dev/zero', 'echo x');
        const through = ['unshare', '--mount', 'sh', '-c', size, directory];
        const inside = await startAgent({ box, backend, through });
        const seen = () => Object.keys(snapshot(join('/proc', String(inside.hostPid), 'root', directory)));
        expect(seen()).toEqual(['fill']);
        const path = join(directory, 'install.lock');
        expect(await outcomeOf(inside, path)).toEqual({
          acquire: 'ENOSPC',
          inspect: 'free',
          reclaim: 'free',
        });
        expect(seen()).toEqual(['fill']);
      }, []);
    }

    testRequiring([], 'a lock that turns into something else while it is waited for', async () => {
      const directory = tempDir();
      const path = join(directory, 'install.lock');
      writeLock(path, { pid: 1, createdAtMs: Date.now() });
      const waiting = agent.acquire(path, { timeout: 8000 });
      const caught = expect(waiting).rejects.toMatchObject({ code: 'ERR_NOT_A_LOCK', path });
      await sleep(30);
      // The agent is stopped, because otherwise it would take the lock between the two steps.
      process.kill(agent.hostPid, 'SIGSTOP');
      renameSync(path, `${path}.aside`);
      writeFileSync(path, 'precious');
      process.kill(agent.hostPid, 'SIGCONT');
      const before = snapshot(directory);
      await caught;
      expect(snapshot(directory)).toEqual(before);
    });
  });
}

async function outcomeOf(agent: Agent, path: unknown): Promise<Outcome> {
  const text = path as string;
  return {
    acquire: await codeOr(agent.acquireSync(text, { timeout: 10 }), () => 'acquired'),
    inspect: await codeOr(agent.inspect(text), ({ state }) => state),
    reclaim: await codeOr(agent.reclaim(text), ({ state }) => state),
  };
}

async function codeOr<T>(call: Promise<T>, word: (value: T) => string): Promise<string> {
  try {
    return word(await call);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code ?? message;
  }
}

function inWords({ acquire, inspect }: Outcome): string {
  return acquire === inspect ? acquire : `${acquire}, ${inspect}`;
}

function makeFifo(path: string): void {
  const { status, stderr } = spawnSync('mkfifo', [path], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
}

function makeSocket(path: string): void {
  // The name that bind(2) makes stays only while the server listens, but a link to it stays longer.
  const server = createServer().listen(path);
  onCleanup(() => {
    server.close();
  });
}

function makeData(path: string): void {
  mkdirSync(join(path, 'node_modules', 'left-pad'), { recursive: true });
  writeFileSync(join(path, 'node_modules', 'left-pad', 'index.js'), 'precious');
}
