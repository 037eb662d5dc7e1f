import * as fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import { onCleanup } from '../helpers/cleanup.js';
import { startProcess, type TestProcess } from '../helpers/processes.js';
import { describeRequiring, hasProgram } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { built, files, nativeFixture, openDescriptors, sharedWords, watch, witness } from './addon.js';
import { activityOf, inotifyWatches, threadNamed } from './threads.js';

const HELD = 0;
const FREE = 1;

describeRequiring([built, hasProgram('python3')], 'watching for a witness to become free', () => {
  let path: string;
  let file: number;
  let holder: TestProcess;

  beforeEach(async () => {
    path = join(tempDir(), 'owner.json');
    fs.writeFileSync(path, '');
    holder = await startProcess(['python3', nativeFixture('witness.py'), path]);
    await holder.message();
    const directory = files.openParent(join(path, '..'));
    file = files.openAt(directory, 'owner.json');
    files.close(directory);
    onCleanup(() => files.close(file));
  });

  function begin(words = sharedWords(1), index = 0): { words: Int32Array; ticket: number } {
    const ticket = watch.onRelease(file, words, index);
    if (typeof ticket === 'string') throw new Error(ticket);
    onCleanup(() => watch.cancel(ticket));
    return { words, ticket };
  }

  async function command(line: string): Promise<unknown> {
    holder.send(line);
    return holder.message();
  }

  test('writes the word while the event loop is blocked', () => {
    const { words } = begin();
    spinUntil(() => false, 20);
    expect(words[0]).toBe(HELD);
    process.kill(holder.pid, 'SIGKILL');
    expect(spinUntil(() => Atomics.load(words, 0) === FREE)).toBe(true);
  });

  test('reports that the holder closed its file and lives on', async () => {
    const { words } = begin();
    await command('close');
    expect(spinUntil(() => Atomics.load(words, 0) === FREE)).toBe(true);
  });

  test('reports a witness that was free before', async () => {
    await command('close');
    const { words } = begin();
    expect(spinUntil(() => Atomics.load(words, 0) === FREE)).toBe(true);
  });

  test('reports when the last process that inherited it closes it', async () => {
    const { words } = begin();
    const child = (await command('fork')) as number;
    await holder.kill();
    await sleep(100);
    expect(words[0]).toBe(HELD);
    process.kill(child, 'SIGKILL');
    expect(spinUntil(() => Atomics.load(words, 0) === FREE)).toBe(true);
  });

  test('reports for a file that has no name any more', async () => {
    const { words } = begin();
    fs.unlinkSync(path);
    await sleep(20);
    expect(words[0]).toBe(HELD);
    await holder.kill();
    expect(spinUntil(() => Atomics.load(words, 0) === FREE)).toBe(true);
  });

  test('is not misled when other processes close the file', async () => {
    const { words } = begin();
    for (let i = 0; i < 20; i += 1) fs.closeSync(fs.openSync(path, 'r+'));
    fs.writeFileSync(path, 'theirs');
    await sleep(50);
    expect(words[0]).toBe(HELD);
    expect(witness.test(file, 'ext')).toBe('held');
    await command('close');
    expect(spinUntil(() => Atomics.load(words, 0) === FREE)).toBe(true);
  });

  test('checks again after the event, because that comes before the lock is dropped', async () => {
    const { words } = begin();
    // The first re-checks are over, and the others are so far apart that they cannot find the change in time.
    await sleep(1500);
    fs.closeSync(fs.openSync(path, 'r+'));
    await sleep(5);
    expect(words[0]).toBe(HELD);
    // This makes no event.
    await command('unlock');
    const unlocked = performance.now();
    expect(spinUntil(() => Atomics.load(words, 0) === FREE)).toBe(true);
    expect(performance.now() - unlocked).toBeLessThan(400);
  });

  test('sleeps again soon, whatever others do with the file', async () => {
    const { words } = begin();
    fs.closeSync(fs.openSync(path, 'r+'));
    await sleep(300);
    const thread = threadNamed('kernel-identity') as string;
    const before = activityOf(thread);
    await sleep(1500);
    const after = activityOf(thread);
    // The re-checks at 512 and 1024 ms, and one more if the machine is late.
    expect(after.sleeps - before.sleeps).toBeLessThanOrEqual(3);
    expect(after.ticks - before.ticks).toBeLessThanOrEqual(1);
    expect(words[0]).toBe(HELD);
  });

  test('takes no lock itself, and ends with the cancel', async () => {
    const { words, ticket } = begin();
    const watches = inotifyWatches();
    watch.cancel(ticket);
    expect(inotifyWatches()).toBe(watches - 1);
    await holder.kill();
    await sleep(50);
    expect(words[0]).toBe(HELD);
    expect(witness.test(file, 'ext')).toBe('free');
    // Another process can take it.
    const next = await startProcess(['python3', nativeFixture('witness.py'), path]);
    expect(await next.message()).toBe('ready');
  });

  test('a thousand watches of one file all report, and leave nothing behind', () => {
    const words = sharedWords(1000);
    begin(sharedWords(1));
    const before = openDescriptors();
    for (const index of words.keys()) begin(words, index);
    expect(openDescriptors() - before).toBe(1000);
    expect(words.every((word) => word === HELD)).toBe(true);
    process.kill(holder.pid, 'SIGKILL');
    expect(spinUntil(() => words.every((_, index) => Atomics.load(words, index) === FREE))).toBe(true);
    expect(openDescriptors()).toBeLessThanOrEqual(before);
  });

  test('answers EBADF for a closed descriptor', () => {
    const closed = fs.openSync(path, 'r');
    fs.closeSync(closed);
    expect(watch.onRelease(closed, sharedWords(1), 0)).toBe('EBADF');
  });
});

/** Blocks the event loop. */
function spinUntil(isDone: () => boolean, ms = 5000): boolean {
  const deadline = performance.now() + ms;
  while (!isDone()) {
    if (performance.now() > deadline) return false;
  }
  return true;
}
