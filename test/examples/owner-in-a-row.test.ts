import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hasBackend } from '../helpers/backends.js';
import { type Box, openBox } from '../helpers/box.js';
import { startProcess, type TestProcess } from '../helpers/processes.js';
import { describeRequiring, isBuilt, isolationTest } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { example } from './programs.js';

const NEEDS = [isBuilt(), hasBackend('native')];
const env = { KERNEL_IDENTITY_BACKEND: 'native' };

function command(file: string): string[] {
  return [process.execPath, example('owner-in-a-row.mjs'), file];
}

function rowIn(file: string): Record<string, unknown> {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** A container that shares nothing with the others but the directory of the file. Its program is always pid 7. */
function openContainer(hostname: string): Promise<Box> {
  return openBox({ hostname, env });
}

function startIn(box: Box, file: string): Promise<TestProcess> {
  return box.start(command(file), { pid: 7, env });
}

isolationTest(
  'a recreated container, with another host name and the same PID, takes the row of the killed one at once',
  async () => {
    const file = join(tempDir(), 'lease.json');
    const first = await openContainer('3f1c0a77e2d4');
    const owner = await startIn(first, file);
    expect(await owner.line()).toMatch(/^took the row in \d+ ms$/);
    expect(rowIn(file)).toMatchObject({ pid: 7, host: '3f1c0a77e2d4' });

    const second = await openContainer('9b2e6640c1aa');
    const refused = await startIn(second, file);
    expect((await refused.exited).code).toBe(1);
    expect(refused.errors).toMatch(/^refused: pid 7 on 3f1c0a77e2d4, since \S+, is alive: lifeline-held$/m);
    expect(owner.running).toBe(true);

    await first.kill();
    await owner.exited;
    const successor = await startIn(second, file);
    const line = await successor.line();
    expect(successor.errors).toMatch(/^pid 7 on 3f1c0a77e2d4 is dead \(assumed\): lifeline-free$/m);
    const [, ms] = /^took the row from pid 7 on 3f1c0a77e2d4 in (\d+) ms$/.exec(line) ?? [];
    // It was up to 300 s. The limit is far above what is measured, because the machine may be busy.
    expect(Number(ms)).toBeLessThan(1_000);
    expect(rowIn(file)).toMatchObject({ pid: 7, host: '9b2e6640c1aa' });
  },
  NEEDS,
);

isolationTest(
  'of several that find the row of a dead owner, one replaces it, and the others find that one alive',
  async () => {
    const file = join(tempDir(), 'lease.json');
    const dead = await startIn(await openContainer('dead'), file);
    await dead.line();
    await dead.kill();
    const boxes = await Promise.all(['a', 'b', 'c', 'd'].map(openContainer));
    const contenders = await Promise.all(boxes.map((box) => startIn(box, file)));
    const outcomes = await Promise.all(
      contenders.map((one) => Promise.race([one.line(), one.exited.then(({ code }) => code)])),
    );
    const taken = outcomes.filter((outcome) => String(outcome).startsWith('took the row'));
    expect(taken).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 1)).toHaveLength(3);
    const winner = contenders[outcomes.indexOf(taken[0] as string)];
    expect(winner?.running).toBe(true);
  },
  NEEDS,
);

describeRequiring(NEEDS, 'the owner of a row', () => {
  test('deletes its row when it ends', async () => {
    const file = join(tempDir(), 'lease.json');
    const owner = await startProcess(command(file), { env });
    await owner.line();
    owner.signal('SIGTERM');
    expect((await owner.exited).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe('');
    const next = await startProcess(command(file), { env });
    expect(await next.line()).toMatch(/^took the row in/);
  });

  test('leaves a row alone that is no longer its own', async () => {
    const file = join(tempDir(), 'lease.json');
    const owner = await startProcess(command(file), { env });
    await owner.line();
    writeFileSync(file, JSON.stringify({ pid: 1, host: 'another' }));
    owner.endInput();
    await owner.exited;
    expect(rowIn(file)).toEqual({ pid: 1, host: 'another' });
  });
});
