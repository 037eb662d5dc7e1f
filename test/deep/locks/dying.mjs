// Filesystems that fail while a lock on them is held.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { program } from '../frame/needs.mjs';
import { APART, startLocalAgent } from './agent.mjs';
import { mountImage } from './images.mjs';
import { expectValue } from './situations.mjs';

/** @typedef {import('../frame/report.mjs').Report} Report */

const NAME = 'a.lock';
/** ms */
const LEASE = 1_000;

const start = () => startLocalAgent({ through: APART });

/**
 * From one moment on the whole filesystem answers with errors.
 * @param {Report} report
 * @param {{ runtime: string, situation: string, at: string, fail: () => unknown }} failing a filesystem,
 * mounted at `at`
 * @returns {Promise<void>}
 */
async function failsWhileHeld(report, { runtime, situation, at, fail }) {
  const path = join(at, NAME);
  const failures = [];
  const [owner, other] = [await start(), await start()];
  expectValue(await owner.ask('acquire', { path, options: { lease: LEASE } }));
  await fail();
  const answers = [
    await other.ask('tryAcquire', { path }),
    await other.ask('inspect', { path }),
    await owner.ask('verify', { path }),
    await owner.ask('release', { path }),
  ];
  const [tried, inspected, verified, released] = answers;
  if (tried?.value) failures.push('a theft');
  for (const answer of [tried, inspected, released]) {
    const { error } = answer ?? {};
    if (error !== undefined && !error.message.includes(path)) failures.push(`not clear: ${error.message}`);
  }
  const said = answers.map(
    ({ value, error }) => error?.code ?? error?.name ?? JSON.stringify(value?.state ?? value),
  );
  if (released?.error === undefined) failures.push('the release says nothing of it');
  report.row({
    runtime,
    situation,
    result: `tryAcquire ${said[0]}, inspect ${said[1]}, verify ${said[2]}, release ${said[3]}`,
    thefts: tried?.value ? 1 : 0,
    failures: verified === undefined ? ['no answer'] : failures,
  });
  await Promise.all([owner.kill(), other.kill()]);
}

/** The errors are EIO, as after a disk is pulled (EXT4_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN). */
export async function deadDisk(
  /** @type {Report} */ report,
  /** @type {string} */ type,
  /** @type {string} */ work,
) {
  const at = mountImage(type, work);
  const shutdown =
    'open my $d, "<", $ARGV[0] or die; my $how = pack("L", 2); ioctl($d, 0x8004587D, $how) or die $!';
  const fail = () => execFileSync('perl', ['-e', shutdown, at]);
  await failsWhileHeld(report, { runtime: type, situation: 'every access fails while held', at, fail });
}

/** The errors are ENOTCONN, until the filesystem is mounted again. */
export async function deadDaemon(/** @type {Report} */ report, /** @type {string} */ work) {
  const names = { runtime: 'bindfs', situation: 'its daemon is killed while held' };
  const missing = program('bindfs', 'failing-disks');
  if (missing !== null) return report.skip(names.runtime, names.situation, missing);
  const [under, at] = [join(work, 'under'), join(work, 'mounted')];
  for (const folder of [under, at]) mkdirSync(folder, { recursive: true });
  const mount = async () => {
    const daemon = spawn('bindfs', ['-f', under, at], { stdio: 'ignore' });
    while (!isMounted(at)) await sleep(10);
    return daemon;
  };
  const daemon = await mount();
  const ended = new Promise((resolve) => daemon.once('exit', resolve));
  await failsWhileHeld(report, {
    ...names,
    at,
    fail: async () => {
      daemon.kill('SIGKILL');
      await ended;
    },
  });
  execFileSync('umount', [at]);
  await mount();
  const heir = await start();
  const { error, wallMs = 0 } = await heir.ask(
    'acquire',
    { path: join(at, NAME), options: { timeout: 60_000 } },
    70_000,
  );
  report.row({
    runtime: names.runtime,
    situation: 'mounted again, its owner dead',
    result: error === undefined ? 'reclaimed by lease' : error.message,
    ms: [wallMs],
    wedges: error === undefined ? 0 : 1,
  });
  await heir.kill();
}

/** @param {string} at */
function isMounted(at) {
  return spawnSync('mountpoint', ['-q', at]).status === 0;
}
