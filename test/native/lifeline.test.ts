import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openBox } from '../helpers/box.js';
import { onCleanup } from '../helpers/cleanup.js';
import { type StartOptions, startProcess, type TestProcess } from '../helpers/processes.js';
import {
  canShiftTime,
  describeRequiring,
  hasProgram,
  isolationTest,
  isRoot,
  testRequiring,
} from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';
import { addon, built, lifeline, namespaceFds, nativeFixture } from './addon.js';

/** A decimal offset that no other test uses. */
function newOffset(): string {
  lastOffset += 2n;
  return String(lastOffset);
}

let lastOffset = 2n ** 60n + BigInt(process.pid) * 1_000_000n;

/** A process that does with lifelines what it is asked. */
class Holder {
  readonly process: TestProcess;

  constructor(started: TestProcess) {
    this.process = started;
  }

  static async start(options: StartOptions = {}): Promise<Holder> {
    return new Holder(await startProcess([process.execPath, nativeFixture('lifelines.mjs')], options));
  }

  async ask(method: string, ...args: readonly unknown[]): Promise<unknown> {
    this.process.send([method, ...args]);
    return this.process.message();
  }
}

describeRequiring([built], 'a lifeline', () => {
  test('is available here, which dump says with its reason', () => {
    expect(addon.capabilities().lifeline).toEqual({
      available: true,
      reason: 'a lock on the initial time namespace is seen by others',
    });
  });

  test('of the process is one for all its calls, with 62 bits', () => {
    const first = lifeline.takeOfProcess() ?? '';
    expect(first).toMatch(/^time:\d{1,19}$/);
    expect(BigInt(first.slice('time:'.length))).toBeLessThan(2n ** 62n);
    expect(lifeline.takeOfProcess()).toBe(first);
    expect(lifeline.test(first)).toBe('held');
  });

  test('of another process is held while it lives and free once it is dead, whatever happens between', async () => {
    const holder = await Holder.start();
    const held = (await holder.ask('takeOfProcess')) as string;
    expect(lifeline.test(held)).toBe('held');
    holder.process.signal('SIGSTOP');
    await sleep(50);
    expect(lifeline.test(held)).toBe('held');
    await holder.process.kill();
    expect(lifeline.test(held)).toBe('free');
  });

  test('is dropped by its holder and by nobody else', async () => {
    const holder = await Holder.start();
    const taken = (await holder.ask('take', newOffset())) as string;
    lifeline.drop(taken);
    expect(lifeline.test(taken)).toBe('held');
    await holder.ask('drop', taken);
    expect(lifeline.test(taken)).toBe('free');
  });

  test('of the process cannot be dropped', async () => {
    const holder = await Holder.start();
    const held = (await holder.ask('takeOfProcess')) as string;
    await holder.ask('drop', held);
    expect(lifeline.test(held)).toBe('held');
    // Nor can it by a lock that takes the same byte and drops it.
    await holder.ask('take', held.slice('time:'.length));
    await holder.ask('drop', held);
    expect(lifeline.test(held)).toBe('held');
  });

  isolationTest('is seen from and by a container that shares nothing', async () => {
    const box = await openBox({ hostname: 'sibling' });
    const started = await box.start([process.execPath, nativeFixture('lifelines.mjs')]);
    const inside = new Holder(started);
    const own = lifeline.takeOfProcess();
    const theirs = (await inside.ask('takeOfProcess')) as string;
    expect(lifeline.test(theirs)).toBe('held');
    expect(await inside.ask('test', own)).toBe('held');
    await box.kill();
    await started.exited;
    expect(lifeline.test(theirs)).toBe('free');
  });

  isolationTest('is taken through a pidfd where there is no /proc', async () => {
    const box = await openBox({ proc: 'none' });
    const inside = new Holder(await box.start([process.execPath, nativeFixture('lifelines.mjs')]));
    const theirs = (await inside.ask('takeOfProcess')) as string | null;
    // PIDFD_GET_TIME_NAMESPACE came with kernel 6.11; before that there is none.
    expect(theirs ?? 'time:0').toMatch(/^time:\d+$/);
    if (theirs !== null) expect(lifeline.test(theirs)).toBe('held');
  });

  isolationTest('in a time namespace of its own is one of the user namespace', async () => {
    const box = await openBox({ bootOffset: { seconds: 1000 }, userNamespace: false });
    const inside = new Holder(await box.start([process.execPath, nativeFixture('lifelines.mjs')]));
    const own = lifeline.takeOfProcess();
    const theirs = (await inside.ask('takeOfProcess')) as string;
    expect(theirs).toMatch(/^user:\d+$/);
    expect(lifeline.test(theirs)).toBe('held');
    expect(await inside.ask('test', own)).toBe('untestable');
    // In a user namespace of its own it has no lifeline at all.
  }, [canShiftTime(), isRoot()]);
});

describeRequiring([built, hasProgram('python3')], 'a lifeline beside locks of strangers', () => {
  async function lockRanges(...ranges: readonly string[]): Promise<TestProcess> {
    const stranger = await startProcess(['python3', nativeFixture('ranges.py'), ...ranges]);
    await stranger.message();
    return stranger;
  }

  test('that is only covered by a range is neither held nor free', async () => {
    const offset = newOffset();
    await lockRanges(`ofd:${BigInt(offset) - 1n}:3`);
    expect(lifeline.test(`time:${offset}`)).toBe('untestable');
  });

  test('that a classic POSIX lock covers is neither held nor free', async () => {
    const offset = newOffset();
    await lockRanges(`posix:${offset}:1`);
    expect(lifeline.test(`time:${offset}`)).toBe('untestable');
  });

  test('is never free for others while its holder lives, though a stranger came first with a wide range', async () => {
    // It covers the offsets of this file. The whole range would hide those of all tests that run beside this one.
    const stranger = await lockRanges(`ofd:${2n ** 60n}:${2n ** 50n}`);
    const holder = await Holder.start();
    const held = (await holder.ask('take', newOffset())) as string;
    expect(['held', 'untestable']).toContain(lifeline.test(held));
    await stranger.kill();
    expect(lifeline.test(held)).toBe('held');
  });

  test('is found by the list, however many there are, and a range in the way is reported', async () => {
    const offsets = Array.from({ length: 100 }, newOffset);
    await lockRanges(...offsets.map((offset) => `ofd:${offset}:1`));
    const all = lifeline.list(100_000);
    if (all === null) throw new Error('the lifelines cannot be listed');
    expect(all.found).toEqual(expect.arrayContaining(offsets.map((offset) => `time:${offset}`)));
    expect(all).toMatchObject({ truncated: false, obscured: false });
    expect(new Set(all.found).size).toBe(all.found.length);

    expect(lifeline.list(10)).toMatchObject({ truncated: true });
    await lockRanges(`ofd:${newOffset()}:1000`);
    expect(lifeline.list(100_000)).toMatchObject({ obscured: true });
  });
});

describeRequiring([built], 'a bad lifeline', () => {
  test.each([
    '',
    'time:',
    'time:-1',
    'time:1.5',
    'time:0x10',
    'time: 1',
    `time:${2n ** 62n}`,
    'time:99999999999999999999',
    'cgroup:1',
    'time:1\0',
  ])('such as %j is not testable', (text) => {
    expect(lifeline.test(text)).toBe('untestable');
  });

  test('is refused when it is to be taken', () => {
    expect(() => lifeline.take(String(2n ** 62n))).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
    expect(() => lifeline.take('-1')).toThrow(TypeError);
    expect(() => lifeline.take(7 as never)).toThrow(TypeError);
  });
});

describeRequiring([built], 'the descriptor of the lifelines', () => {
  test('is one, whatever is taken and tested', () => {
    lifeline.takeOfProcess();
    for (let round = 0; round < 20; round += 1) {
      const taken = lifeline.take(newOffset()) ?? '';
      lifeline.test(`time:${newOffset()}`);
      lifeline.drop(taken);
    }
    expect(namespaceFds()).toHaveLength(1);
  });

  test('may be closed by other code: the bytes are taken again, the loss is counted, no living owner reads as free', async () => {
    const holder = await Holder.start();
    const theirs = (await holder.ask('takeOfProcess')) as string;
    const own = lifeline.takeOfProcess();
    const ofLock = lifeline.take(newOffset()) ?? '';
    const before = lifeline.losses();

    const [fd] = namespaceFds();
    closeSync(Number(fd));
    const taker = openSync('/dev/null', 'r');
    onCleanup(() => closeSync(taker));
    expect(taker).toBe(Number(fd));

    expect(lifeline.test(theirs)).toBe('held');
    expect(lifeline.losses()).toBe(before + 1);
    expect(await holder.ask('test', own)).toBe('held');
    expect(await holder.ask('test', ofLock)).toBe('held');
    // The number belongs to the other code, which still has its file open.
    expect(readlinkSync(`/proc/self/fd/${taker}`)).toBe('/dev/null');
    lifeline.drop(ofLock);
  });

  test('outlives the last environment that used the addon', async () => {
    const holder = await Holder.start();
    const own = (await holder.ask('worker', 'takeOfProcess')) as string;
    expect(lifeline.test(own)).toBe('held');
    expect(await holder.ask('worker', 'takeOfProcess')).toBe(own);
  });

  test('loses what a worker thread took for its locks when that thread ends', async () => {
    const holder = await Holder.start();
    const taken = (await holder.ask('worker', 'take', newOffset())) as string;
    expect(lifeline.test(taken)).toBe('free');
  });
});

testRequiring(
  [built, hasProgram('gcc')],
  'a child that was forked and never calls exec does not keep the lifeline of a dead process',
  async () => {
    const library = join(tempDir(), 'fork_on_signal.so');
    execFileSync('gcc', ['-shared', '-fPIC', '-o', library, nativeFixture('fork_on_signal.c')]);
    const holder = await Holder.start({ env: { LD_PRELOAD: library } });
    const own = (await holder.ask('takeOfProcess')) as string;
    holder.process.signal('SIGUSR2');
    const child = Number(await holder.process.line());
    onCleanup(() => {
      process.kill(child, 'SIGKILL');
    });
    expect(lifeline.test(own)).toBe('held');
    await holder.process.kill();
    await until('the lifeline is free', () => lifeline.test(own) === 'free' || undefined);
    expect(() => process.kill(child, 0)).not.toThrow();
  },
);
