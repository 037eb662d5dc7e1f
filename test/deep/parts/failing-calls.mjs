import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { program, root } from '../frame/needs.mjs';
import { startLocalAgent } from '../locks/agent.mjs';
import { withFailure } from '../locks/injection.mjs';
import { expectValue } from '../locks/situations.mjs';

export const about =
  'every system call of an acquire and a release fails once; then another process takes the lock';
export const needs = () => [root(), program('strace', 'failing-calls')];
export const minutes = 15;

/** ms; longer than the grace for a directory without owner.json. */
const PATIENCE = 9_000;
const FIRST = ['openat', 'newfstatat', 'fstat', 'unlinkat', 'renameat'];
const ACQUIRING = ['mkdirat', 'fstatfs', 'fcntl', 'pwrite64', 'renameat2'];
const RELEASING = ['pread64'];

/** @param {import('../frame/report.mjs').Report} report @param {import('../frame/parts.mjs').Options} options */
export async function run(report, { directory }) {
  const at = join(directory, 'calls');
  mkdirSync(at);
  const path = join(at, 'a.lock');
  const other = await startLocalAgent();
  for (const errno of ['ENOSPC', 'EIO', 'EDQUOT', 'EROFS']) {
    const found = { tolerated: 0, thrown: 0, failures: /** @type {string[]} */ ([]) };
    const ms = [];
    for (const call of ['tryAcquire', 'release']) {
      for (const syscall of [...FIRST, ...(call === 'tryAcquire' ? ACQUIRING : RELEASING)]) {
        for (let n = 1; ; n += 1) {
          const agent = await startLocalAgent();
          if (call === 'release') expectValue(await agent.ask('tryAcquire', { path }));
          const failure = { pid: agent.pid, syscall, n, errno, directory };
          const { answer, injected } = await withFailure(failure, () => agent.ask(call, { path }));
          const what = `${call} with ${errno} of ${syscall} ${n}`;
          if (answer.error === undefined) found.tolerated += injected ? 1 : 0;
          else {
            found.thrown += 1;
            const isClear = answer.error.code === errno && answer.error.message.includes(path);
            if (!isClear && answer.error.code !== 'ERR_LOCK_LOST')
              found.failures.push(`${what}: ${answer.error.message}`);
          }
          if (call === 'tryAcquire' && answer.value) {
            if ((await other.ask('tryAcquire', { path })).value) found.failures.push(`${what}: a theft`);
            expectValue(await agent.ask('release', { path }));
          }
          const next = await other.ask('acquire', { path, options: { timeout: PATIENCE } });
          if (next.error === undefined) {
            ms.push(next.wallMs ?? 0);
            expectValue(await other.ask('release', { path }));
          } else found.failures.push(`${what}, then: ${next.error.message}`);
          await agent.kill();
          if (!injected) break;
        }
      }
    }
    const { tolerated, thrown, failures } = found;
    report.row({
      runtime: 'ext4',
      situation: `each system call fails with ${errno}, then another acquires`,
      cycles: ms.length,
      result: `${thrown} errors that name the lock, ${tolerated} tolerated`,
      ms,
      failures,
      wedges: failures.filter((failure) => failure.includes('then:')).length,
    });
  }
  await other.kill();
}
