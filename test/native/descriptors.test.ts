import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { startProcess } from '../helpers/processes.js';
import { describeRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';
import { built, files, nativeFixture, openDescriptors, processes, thrownBy, witness } from './addon.js';

const CALLS = 100_000;

/** Tests the witness through another description, as any observer would. */
function testWitness(path: string): string {
  const directory = files.openParent(path);
  const fd = files.openAt(directory, 'lock');
  const answer = witness.test(fd, 'ext');
  files.close(fd);
  files.close(directory);
  return answer;
}

describeRequiring([built], 'descriptors of the addon', () => {
  test('close accepts only descriptors that the addon opened, and each of them once', () => {
    const foreign = fs.openSync('/dev/null', 'r');
    expect(thrownBy(() => files.close(foreign))).toMatchObject({ code: 'EBADF', syscall: 'close' });
    expect(fs.fstatSync(foreign).isCharacterDevice()).toBe(true);
    fs.closeSync(foreign);

    const own = files.openParent('/');
    files.close(own);
    // The number is free, so the next file gets it. That file must survive a late second close.
    const next = fs.openSync('/dev/null', 'r');
    expect(next).toBe(own);
    expect(thrownBy(() => files.close(own)).code).toBe('EBADF');
    expect(fs.fstatSync(next).isCharacterDevice()).toBe(true);
    fs.closeSync(next);
  });

  test('inherited from another process are closed at exec once they are adopted', async () => {
    const path = join(tempDir(), 'file');
    fs.writeFileSync(path, '');
    const fd = fs.openSync(path, 'r');
    // Numbers up to 15 are made close-on-exec by Node itself.
    const stdio = ['ignore', 'pipe', 'inherit', ...Array(17).fill('ignore'), fd] as const;
    const heir = spawn(process.execPath, [nativeFixture('adopt.mjs'), path, '20'], { stdio: [...stdio] });
    fs.closeSync(fd);
    const [output] = await Promise.all([text(heir.stdout as Readable), once(heir, 'exit')]);
    expect(JSON.parse(output)).toEqual({
      before: 'inherited',
      ofAnotherFile: 'EBADF',
      after: 'not inherited',
      closed: true,
    });
  });

  test('large numbers are kept apart as well', () => {
    const opened = Array.from({ length: 200 }, () => files.openParent('/'));
    for (const fd of opened.filter((_, index) => index % 2 === 0)) files.close(fd);
    for (const [index, fd] of opened.entries()) {
      if (index % 2 === 0) expect(thrownBy(() => files.close(fd)).code).toBe('EBADF');
      else files.close(fd);
    }
  });

  test('a hundred thousand calls leave no descriptor behind', { timeout: 120_000 }, () => {
    const path = tempDir();
    fs.writeFileSync(join(path, 'file'), 'text');
    fs.symlinkSync('nowhere', join(path, 'link'));
    const directory = files.openParent(path);
    const file = files.openAt(directory, 'file');
    const rounds: (() => unknown)[] = [
      () => processes.bootId(),
      () => processes.pidNamespace(),
      () => processes.pidNamespace(4_194_305),
      () => processes.timeOffset(),
      () => processes.stat(process.pid),
      () => processes.stat(4_194_305),
      () => processes.status('self'),
      () => processes.openPidfd(4_194_305),
      () => files.close(files.openParent(path)),
      () => files.close(files.openAt(directory, 'file')),
      () => thrownBy(() => files.createAt(directory, 'file')),
      () => thrownBy(() => files.openAt(directory, 'link')),
      () => thrownBy(() => files.findDirectoryAt(directory, 'file')),
      () => files.list(directory, 1),
      () => thrownBy(() => files.list(file, 1)),
      () => files.read(file, 100),
      () => witness.test(file, 'ext'),
    ];
    const before = openDescriptors();
    for (let i = 0; i < CALLS; ++i) rounds[i % rounds.length]?.();
    expect(openDescriptors()).toBe(before);
    files.close(file);
    files.close(directory);
  });

  test('a witness is seen through another description, and ends with its own', () => {
    const path = tempDir();
    const directory = files.openParent(path);
    const owner = files.createAt(directory, 'lock').descriptor;
    expect(testWitness(path)).toBe('free');
    witness.take(owner);
    expect(testWitness(path)).toBe('held');
    // Testing has no side effect: it may be repeated, and closing the description that tested frees nothing.
    expect(testWitness(path)).toBe('held');
    fs.closeSync(fs.openSync(join(path, 'lock'), 'r+'));
    expect(testWitness(path)).toBe('held');
    files.close(owner);
    expect(testWitness(path)).toBe('free');
    files.close(directory);
  });

  test('a descriptor whose lock cannot be tested is untestable, not free', () => {
    // openParent opens with O_PATH, for which fcntl(2) answers EBADF.
    const path = files.openParent('/');
    expect(witness.test(path, 'ext')).toBe('untestable');
    files.close(path);
  });

  test('a terminated worker thread loses its witness and all its descriptors', async () => {
    const path = tempDir();
    const before = openDescriptors();
    const worker = new Worker(nativeFixture('witness-holder.mjs'), { workerData: path });
    const fd = await new Promise<number>((resolve, reject) => {
      worker.once('message', resolve).once('error', reject);
    });
    expect(testWitness(path)).toBe('held');
    // The descriptor belongs to the thread that opened it.
    expect(thrownBy(() => files.close(fd)).code).toBe('EBADF');
    expect(testWitness(path)).toBe('held');
    await worker.terminate();
    expect(testWitness(path)).toBe('free');
    await until('its descriptors are gone', () => openDescriptors() <= before);
  });

  test('a killed process loses its witness', async () => {
    const path = tempDir();
    const owner = await startProcess([process.execPath, nativeFixture('witness-holder.mjs'), path]);
    await owner.line();
    expect(testWitness(path)).toBe('held');
    await owner.kill();
    expect(testWitness(path)).toBe('free');
  });
});
