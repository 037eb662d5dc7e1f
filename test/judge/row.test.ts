import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hasBackend } from '../helpers/backends.js';
import { openBox } from '../helpers/box.js';
import { NOBODY } from '../helpers/crafted.js';
import { describeForEachBackend, type Package } from '../helpers/package.js';
import { fixture, startProcess } from '../helpers/processes.js';
import { isBuilt, isolationTest, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

const keys = { identity: 'owner', pid: 'owner_pid', createdAt: 'locked_at', hostname: 'host' };

describeForEachBackend('a row with column names of its own', (api, backend) => {
  function rowOf(identity: ReturnType<Package['selfIdentity']>) {
    const { pid, hostname } = identity;
    return { id: 1, owner_pid: pid, host: hostname, locked_at: Date.now(), owner: JSON.stringify(identity) };
  }

  const judge = (row: object) => {
    const { state, certainty, reason } = api.judgeOwner(row, { keys });
    return `${state}, ${certainty}: ${reason}`;
  };

  testRequiring([isBuilt()], 'is judged by its identity', async () => {
    const owner = await startProcess([process.execPath, fixture('print-identity.mjs')], {
      env: { KERNEL_IDENTITY_BACKEND: backend },
    });
    const row = rowOf(await owner.message());
    expect(judge(row)).toMatch(/^alive, proven: /);
    using watch = api.watchOwner(row, { keys });
    expect(watch.alive).toBe(true);
    await owner.kill();
    expect(judge(row)).toMatch(/^dead, proven: /);
    await expect.poll(() => watch.alive).toBe(false);
    expect(watch.verdict.state).toBe('dead');
  });

  test('is judged by its pid, assumed, where an older version wrote no identity', () => {
    const row = { ...rowOf(api.selfIdentity()), owner: null };
    expect(judge(row)).toBe('alive, assumed: legacy-born-before-record');
    expect(judge({ ...row, owner_pid: NOBODY })).toBe('dead, assumed: legacy-no-such-process');
    expect(api.judgeOwner(row, { keys, legacy: 'unknown' }).state).toBe('unknown');
  });

  test('of another host is never judged by its pid', () => {
    const row = { ...rowOf(api.selfIdentity()), owner: null, owner_pid: NOBODY, host: '3f1c0a77e2d4' };
    expect(judge(row)).toBe('unknown, assumed: legacy-other-container');
  });

  test('is never dead for a value that no owner writes', () => {
    const row = rowOf(api.selfIdentity());
    for (const wrong of [{ owner: '{}' }, { owner_pid: NOBODY }, { owner: null, locked_at: 3_035_332 }]) {
      expect(judge({ ...row, ...wrong })).toBe('unknown, proven: malformed-record');
    }
  });

  test('is refused where the keys do not fit it', () => {
    const row = rowOf(api.selfIdentity());
    for (const wrong of [{ ...keys, identity: 'ownr' }, { pid: 'owner', x: 'y' }, 7]) {
      const options = { keys: wrong as never };
      expect(() => api.judgeOwner(row, options)).toThrow(TypeError);
      expect(() => api.watchOwner(row, options)).toThrow(TypeError);
    }
  });
});

isolationTest('a row in a database is judged from another container, by its lifeline and by where it stands', async () => {
  const env = { KERNEL_IDENTITY_BACKEND: 'native' };
  const [home, sibling] = [await openBox({ hostname: 'owner', env }), await openBox({ env })];
  const owner = await home.node('print-identity.mjs');
  const path = join(tempDir(), 'state.json');
  const identity = await owner.message<{ pid: number }>();
  const row = { owner_pid: identity.pid, host: 'owner', locked_at: 0, owner: JSON.stringify(identity) };
  writeFileSync(path, JSON.stringify(row));
  const judge = await sibling.node('judge-identity.mjs', [path]);
  const ask = async (options: object) => {
    judge.send(options);
    const { state, reason } = await judge.message<{ state: string; reason: string }>();
    return `${state}: ${reason}`;
  };
  expect(await ask({ keys })).toBe('alive: lifeline-held');
  await home.kill();
  expect(await ask({ keys, path })).toBe('dead: lifeline-free');
  expect(await ask({ keys })).toBe('unknown: place-unknown');
  expect(await ask({ keys, path: '/proc/nothing' })).toBe('unknown: place-unknown');
}, [isBuilt(), hasBackend('native')]);
