import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, uptime } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { type Agent, startAgent } from '../helpers/agent.js';
import { NOBODY, ownerFile, writeOldLock } from '../helpers/crafted.js';
import { lockFile } from '../helpers/file-locks.js';
import {
  asOn,
  canActAsOtherSystem,
  compileOpenFlags,
  WITNESSED,
  type Witnessed,
} from '../helpers/other-systems.js';
import { fixture } from '../helpers/processes.js';
import { describeRequiring, hasProgram, isBuilt, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';

// Processes on Linux that are told to be on another system, whose open(2) they get: see test/fixtures/other-systems.

const NEEDED = [isBuilt(), canActAsOtherSystem()];

/** ms; much less than the lease of 30 s, and more than a busy machine needs. */
const AT_ONCE = 5_000;
/** ms; longer than the grace of what killed acquirers leave behind. */
const LONG_AGO = 60_000;

const HELD = { state: 'held', verdict: { state: 'alive', certainty: 'proven', reason: 'witness-held' } };
const FREE = { state: 'stale', verdict: { state: 'dead', certainty: 'proven', reason: 'witness-free' } };
const UNKNOWN = { state: 'unknown', verdict: { reason: 'not-enough-recorded' } };

const FILESYSTEM: Record<Witnessed, string> = {
  darwin: 'apfs',
  freebsd: 'ufs',
  openbsd: 'ffs',
  win32: 'windows',
};

function newPath(): string {
  return join(tempDir(), 'install.lock');
}

/** The names beside the lock that are not its own. */
function besides(path: string): string[] {
  return readdirSync(dirname(path)).filter((name) => name !== 'install.lock');
}

let workshop = '';
let library = '';

beforeAll(() => {
  if (!canActAsOtherSystem().available) return;
  workshop = mkdtempSync(join(tmpdir(), 'kernel-identity-open-'));
  library = compileOpenFlags(workshop);
});
afterAll(() => {
  if (workshop !== '') rmSync(workshop, { recursive: true });
});

function start(platform: Witnessed, env: Readonly<Record<string, string>> = {}): Promise<Agent> {
  return startAgent(asOn(platform, library, env));
}

function startBoth(platform: Witnessed): Promise<Agent[]> {
  return Promise.all([start(platform), start(platform)]);
}

for (const platform of WITNESSED) {
  testRequiring(
    NEEDED,
    `a killed owner on ${platform} is heard of at once, and a living one never robbed`,
    async () => {
      const path = newPath();
      const [owner, other] = (await startBoth(platform)) as [Agent, Agent];
      const { value: record } = await owner.acquire(path);
      const { ino } = statSync(ownerFile(path));
      expect(record).toMatchObject({ witness: { inode: String(ino) }, lease: { durationMs: 30_000 } });
      expect(record.filesystem).toBe(FILESYSTEM[platform]);
      expect(await other.inspect(path)).toMatchObject(HELD);
      expect(await other.tryAcquire(path)).toBeNull();
      expect(await other.reclaim(path)).toMatchObject({ reclaimed: false });
      // What another opens and closes does not end the owner's witness.
      expect(await owner.verify(path)).toBe(true);
      expect(await owner.inspect(path)).toMatchObject({ state: 'held' });
      const waiting = other.acquire(path, { timeout: AT_ONCE });
      await owner.kill();
      expect((await waiting).value.pid).toBe(other.pid);
      await other.release(path);
      expect(existsSync(path)).toBe(false);
    },
  );
}

for (const platform of ['darwin', 'win32'] as const) {
  describeRequiring(NEEDED, `the witness of plain Node on ${platform}`, () => {
    testRequiring(
      [],
      'is not recorded on a runtime that ignores the flag, and the lease decides',
      async () => {
        const path = newPath();
        const [owner, other] = await Promise.all([startAgent(asOn(platform, null)), start(platform)]);
        const { value: record } = await owner.acquire(path, { lease: 1_000 });
        expect(record).toMatchObject({ witness: null, lease: { durationMs: 1_000 } });
        await owner.kill();
        expect(await other.inspect(path)).toMatchObject(UNKNOWN);
        expect((await other.acquire(path, { timeout: AT_ONCE })).wallMs).toBeGreaterThan(700);
      },
    );

    testRequiring([], 'decides for an owner.json that is claimed by a process which was killed', async () => {
      for (const dies of [true, false]) {
        const path = newPath();
        const [owner, other] = (await startBoth(platform)) as [Agent, Agent];
        await owner.acquire(path);
        renameSync(ownerFile(path), join(path, `claimed.${'5'.repeat(32)}`));
        expect(await other.tryAcquire(path)).toBeNull();
        expect(await other.inspect(path)).toMatchObject(HELD);
        if (dies) {
          await owner.kill();
          expect(await other.inspect(path)).toMatchObject(FREE);
          await other.acquire(path, { timeout: 0 });
        } else {
          await owner.release(path);
          await other.acquire(path, { timeout: 0 });
        }
        await other.release(path);
      }
    });

    testRequiring([], 'of a copied lock proves nothing of a death, and the original stays held', async () => {
      const path = newPath();
      const [owner, other] = (await startBoth(platform)) as [Agent, Agent];
      await owner.acquire(path);
      const copy = join(dirname(path), 'copy.lock');
      cpSync(path, copy, { recursive: true });
      // Numbers of files are not stable on every drive of Windows.
      const found = platform === 'darwin' ? { state: 'stale', verdict: { reason: 'copied' } } : UNKNOWN;
      expect(await other.inspect(copy)).toMatchObject(found);
      expect(await other.inspect(path)).toMatchObject(HELD);
      expect(await owner.verify(path)).toBe(true);
    });

    testRequiring([], 'is passed on to a command of run, and to an heir that adopts the lock', async () => {
      const path = newPath();
      const other = await start(platform);
      const owner = await start(platform);
      await owner.acquire(path, { handOver: true });
      const command = [process.execPath, '-e', 'setInterval(() => {}, 1000)'];
      const pid = (await owner.handOver(path, command)) as number;
      try {
        await owner.kill();
        expect(await other.inspect(path)).toMatchObject(HELD);
        expect(await other.tryAcquire(path)).toBeNull();
      } finally {
        process.kill(pid, 'SIGKILL');
      }
      expect((await other.acquire(path, { timeout: AT_ONCE })).value.pid).toBe(other.pid);
      await other.release(path);
    });

    testRequiring([], 'is adopted only by a process to which it was passed on', async () => {
      const path = newPath();
      const [parent, other] = (await startBoth(platform)) as [Agent, Agent];
      const { value: record } = await parent.acquire(path, { handOver: true });
      const heirloom = { KERNEL_IDENTITY_HANDED_OVER: `${record.nonce}:${path}` };
      const stranger = await start(platform, heirloom);
      await expect(stranger.call('adopt')).rejects.toMatchObject({ code: 'ERR_LOCK_LOST' });
      expect(await other.inspect(path)).toMatchObject(HELD);

      const outcome = join(dirname(path), 'outcome.json');
      const { through, nodeOptions } = asOn(platform, library);
      const [program, ...args] = [
        ...through,
        process.execPath,
        ...nodeOptions,
        fixture('adopt-and-release.mjs'),
        outcome,
      ];
      await parent.handOver(path, [program as string, ...args]);
      await until('the heir has released the lock', () => existsSync(outcome));
      expect(existsSync(path)).toBe(false);
      await other.acquire(path, { timeout: 0 });
    });
  });
}

describeRequiring([...NEEDED, hasProgram('python3')], 'file locks of others on macOS', () => {
  testRequiring([], 'that a reader takes keep no dead owner alive', async () => {
    const path = newPath();
    const [owner, other] = (await startBoth('darwin')) as [Agent, Agent];
    await owner.acquire(path);
    await owner.kill();
    await lockFile(ownerFile(path), 'flock:read:0:0');
    expect(await other.inspect(path)).toMatchObject(FREE);
    await other.acquire(path, { timeout: 0 });
  });

  testRequiring(
    [],
    `on another program's file speak against the death of the process that it names`,
    async () => {
      const other = await start('darwin');
      const path = join(tempDir(), 'daemon.pid');
      writeFileSync(path, `${NOBODY}\n`);
      const gone = { state: 'stale', verdict: { reason: 'legacy-no-such-process' } };
      expect(await other.inspect(path)).toMatchObject(gone);
      const holder = await lockFile(path, 'flock:write:0:0');
      expect(await other.inspect(path)).toMatchObject({
        state: 'held',
        verdict: { reason: 'legacy-file-locked' },
      });
      await holder.kill();
      expect(await other.inspect(path)).toMatchObject(gone);
    },
  );
});

describeRequiring(NEEDED, 'the file that is the witness on Windows', () => {
  testRequiring([], 'proves nothing where it is missing, or the record is of another host', async () => {
    const path = newPath();
    const [owner, other, elsewhere] = await Promise.all([
      start('win32'),
      start('win32'),
      start('win32', { KI_TEST_HOSTNAME: 'elsewhere' }),
    ]);
    const { value: record } = await owner.acquire(path);
    const [witness = ''] = besides(path);
    expect(witness).toBe(`.install.lock.${statSync(ownerFile(path)).ino}.alive`);
    // The sweep finds by it the private directory for which it was made.
    expect(readFileSync(join(dirname(path), witness), 'latin1')).toBe(record.nonce);
    expect(await elsewhere.inspect(path)).toMatchObject(UNKNOWN);
    await owner.kill();
    expect(await elsewhere.inspect(path)).toMatchObject(UNKNOWN);
    expect(await other.inspect(path)).toMatchObject(FREE);
    rmSync(join(dirname(path), witness));
    expect(await other.inspect(path)).toMatchObject(UNKNOWN);
    expect(await other.tryAcquire(path)).toBeNull();
  });

  testRequiring([], 'is not taken on a network share', async () => {
    const path = newPath();
    const owner = await start('win32', { KI_TEST_SHARE: '\\\\server\\share' });
    const { value: record } = await owner.acquire(path);
    expect(record).toMatchObject({ witness: null, filesystem: 'unknown' });
    expect(besides(path)).toEqual([]);
  });

  testRequiring([], 'is swept once nothing stands of which it is the witness', async () => {
    const path = newPath();
    const [owner, other] = (await startBoth('win32')) as [Agent, Agent];
    await owner.acquire(path);
    const [held = ''] = besides(path);
    const made = (name: string, content = '') => {
      const file = join(dirname(path), name);
      writeFileSync(file, content);
      utimesSync(file, (Date.now() - LONG_AGO) / 1000, (Date.now() - LONG_AGO) / 1000);
      return name;
    };
    utimesSync(join(dirname(path), held), 1, 1);
    const nonce = '7'.repeat(32);
    mkdirSync(join(dirname(path), `.install.lock.${nonce}`));
    // Young, that of a lock of another name, and that of an acquirer whose private directory stands.
    const kept = [made('.other.lock.4.alive'), made('.install.lock.5.alive', nonce), '.install.lock.3.alive'];
    writeFileSync(join(dirname(path), '.install.lock.3.alive'), '');
    made('.install.lock.1.alive');
    made('.install.lock.2.alive', '8'.repeat(32));
    const left = () => besides(path).filter((name) => name.endsWith('.alive'));
    // A busy machine ends the part that one acquisition sweeps before all is judged.
    do {
      expect(await other.tryAcquire(path)).toBeNull();
    } while (left().length > kept.length + 1);
    expect(left().sort()).toEqual([...kept, held].sort());

    // The witness of a dead owner whose lock still stands is what shows that it is dead.
    await owner.kill();
    // On another host it is nobody's to judge, but the sweep comes there too.
    const elsewhere = await start('win32', { KI_TEST_HOSTNAME: 'elsewhere' });
    expect(await elsewhere.tryAcquire(path)).toBeNull();
    const third = await start('win32');
    expect(await third.inspect(path)).toMatchObject(FREE);
    await third.acquire(path, { timeout: 0 });
    expect(existsSync(path)).toBe(true);
  });
});

describe('a record with a PID alone, on a system where nothing shows when a process was born', () => {
  const bootedMs = Date.now() - 1000 * uptime();
  const MINUTE = 60_000;

  /** Writes the record of a living process in one of the formats that such programs use. */
  const FORMATS: Record<string, (directory: string, pid: number, ms: number) => string> = {
    'a directory with owner.json': (directory, pid, ms) => {
      const path = join(directory, 'a.lock');
      writeOldLock(path, { pid, createdAtMs: Math.round(ms) }, ms);
      return path;
    },
    'a bare number': (directory, pid, ms) => aged(join(directory, 'daemon.pid'), `${pid}\n`, ms),
    'a JSON object': (directory, pid, ms) =>
      aged(join(directory, 'app.lock'), JSON.stringify({ pid, startedAt: new Date(ms).toISOString() }), ms),
    'a JSON object without a time': (directory, pid, ms) =>
      aged(join(directory, 'other.lock'), JSON.stringify({ pid }), ms),
  };

  function aged(file: string, text: string, ms: number): string {
    writeFileSync(file, text);
    utimesSync(file, ms / 1000, ms / 1000);
    return file;
  }

  for (const platform of ['darwin', 'win32'] as const) {
    testRequiring(
      NEEDED,
      `is of a dead process on ${platform} only if it is older than this boot and the slack`,
      async () => {
        const observer = await start(platform);
        for (const [format, write] of Object.entries(FORMATS)) {
          const stateAt = async (ms: number, options = {}) => {
            const { state, verdict } = await observer.inspect(write(tempDir(), process.pid, ms), options);
            return `${state}: ${verdict?.reason}`;
          };
          expect(await stateAt(bootedMs - 24 * 60 * MINUTE), format).toBe('stale: legacy-before-boot');
          expect(await stateAt(bootedMs - MINUTE / 2), format).toBe('unknown: legacy-process-hidden');
          expect(await stateAt(bootedMs + MINUTE), format).toBe('unknown: legacy-process-hidden');
          const slack = { clockSlack: 48 * 60 * MINUTE };
          expect(await stateAt(bootedMs - 24 * 60 * MINUTE, slack), format).toBe(
            'unknown: legacy-process-hidden',
          );
        }
      },
    );
  }

  // A virtual machine that was paused, a clock that was wrong at the boot: os.uptime() then names a boot that was later.
  for (const platform of ['darwin', 'win32'] as const) {
    testRequiring(
      NEEDED,
      `is not called dead on ${platform} for a step of the clock since the boot, or where nothing shows that there was none`,
      async () => {
        const ms = bootedMs + MINUTE;
        const path = FORMATS['a bare number']?.(tempDir(), process.pid, ms) ?? '';
        const stepped = await start(platform, { KI_TEST_CLOCK_STEP: String(10 * MINUTE) });
        expect(await stepped.inspect(path)).toMatchObject({
          state: 'unknown',
          verdict: { reason: 'legacy-clock-stepped' },
        });
        const old = FORMATS['a bare number']?.(tempDir(), process.pid, bootedMs - 24 * 60 * MINUTE) ?? '';
        const blind = await start(platform, { KI_TEST_CLOCK_STEP: 'hidden' });
        expect(await blind.inspect(old)).toMatchObject({
          state: 'unknown',
          verdict: { reason: 'legacy-clock-stepped' },
        });
      },
    );
  }

  testRequiring(NEEDED, 'is unknown on FreeBSD, where a sleep of the machine is not counted', async () => {
    const observer = await start('freebsd');
    const path = FORMATS['a bare number']?.(tempDir(), process.pid, bootedMs - 24 * 60 * MINUTE) ?? '';
    expect(await observer.inspect(path)).toMatchObject({ state: 'unknown' });
  });
});
