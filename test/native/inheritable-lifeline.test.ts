import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
import { onCleanup } from '../helpers/cleanup.js';
import { withDescriptors } from '../helpers/descriptors.js';
import { startProcess } from '../helpers/processes.js';
import { describeRequiring } from '../helpers/requirements.js';
import { until } from '../helpers/until.js';
import { built, files, lifeline, namespaceFds, nativeFixture } from './addon.js';

/** A decimal offset that no other test uses. */
function newOffset(): string {
  lastOffset += 2n;
  return String(lastOffset);
}

let lastOffset = 2n ** 61n + BigInt(process.pid) * 1_000_000n;

function take() {
  const taken = lifeline.takeInheritable(newOffset());
  if (taken === null) throw new Error('no lifeline can be taken');
  return taken;
}

/** Starts a process that inherits the descriptors as 3, 4, ... and lives until it is killed. */
function startHeir(...descriptors: number[]): ChildProcess {
  return startCommand(['sleep', '600'], descriptors);
}

function startCommand([program = '', ...args]: readonly string[], descriptors: readonly number[]) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit', ...descriptors] });
  onCleanup(() => {
    child.kill('SIGKILL');
  });
  return child;
}

/** Kills it, and resolves once the kernel has dropped all that it held. */
async function kill(child: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
}

describeRequiring([built], 'a lifeline that child processes can inherit', () => {
  test('is held until its descriptor is closed, which is one of its own', () => {
    lifeline.takeOfProcess();
    const before = namespaceFds();
    const taken = take();
    expect(taken.lifeline).toMatch(/^time:\d{1,19}$/);
    expect(namespaceFds()).toEqual([...before, String(taken.descriptor)].sort((a, b) => +a - +b));
    expect(lifeline.test(taken.lifeline)).toBe('held');
    files.close(taken.descriptor);
    expect(lifeline.test(taken.lifeline)).toBe('free');
    expect(namespaceFds()).toEqual(before);
  });

  test('is held by a child that inherited it, when it is closed here, and free when that child is dead', async () => {
    const taken = take();
    const heir = startHeir(taken.descriptor);
    files.close(taken.descriptor);
    expect(lifeline.test(taken.lifeline)).toBe('held');
    await kill(heir);
    expect(lifeline.test(taken.lifeline)).toBe('free');
  });

  test('is held by a grandchild that inherited it, as long as that lives', async () => {
    const taken = take();
    const child = startCommand(['sh', '-c', 'sleep 600 >/dev/null & echo $!; wait'], [taken.descriptor]);
    const grandchild = Number(await new Promise((resolve) => child.stdout?.once('data', resolve)));
    onCleanup(() => {
      process.kill(grandchild, 'SIGKILL');
    });
    files.close(taken.descriptor);
    await kill(child);
    expect(lifeline.test(taken.lifeline)).toBe('held');
    process.kill(grandchild, 'SIGKILL');
    await until('the grandchild is gone', () => lifeline.test(taken.lifeline) === 'free' || undefined);
  });

  test('is not held by a child to which it is not passed', async () => {
    const taken = take();
    startHeir();
    files.close(taken.descriptor);
    expect(lifeline.test(taken.lifeline)).toBe('free');
  });

  test('passes on nothing but itself: no other lifeline of the process outlives it', async () => {
    const holder = await startProcess([process.execPath, nativeFixture('lifelines.mjs')]);
    const ask = async (...call: readonly unknown[]) => {
      holder.send(call);
      return holder.message();
    };
    const ofProcess = (await ask('takeOfProcess')) as string;
    const ofLock = (await ask('take', newOffset())) as string;
    const passedOn = (await ask('passOn', newOffset())) as { lifeline: string; heir: number };
    onCleanup(() => {
      process.kill(passedOn.heir, 'SIGKILL');
    });
    await holder.kill();
    expect(lifeline.test(passedOn.lifeline)).toBe('held');
    expect(lifeline.test(ofProcess)).toBe('free');
    expect(lifeline.test(ofLock)).toBe('free');
  });

  test('stays held when the same byte is taken and dropped by other means', () => {
    const offset = newOffset();
    const taken = lifeline.takeInheritable(offset);
    const plain = lifeline.take(offset) ?? '';
    lifeline.drop(plain);
    expect(lifeline.test(plain)).toBe('held');
    files.close(taken?.descriptor ?? -1);
    expect(lifeline.test(plain)).toBe('free');
  });

  test('is no byte that the shared descriptor takes again after a loss', () => {
    lifeline.takeOfProcess();
    const [shared] = namespaceFds();
    const taken = take();
    closeSync(Number(shared));
    const taker = openSync('/dev/null', 'r');
    onCleanup(() => closeSync(taker));
    expect(taker).toBe(Number(shared));
    expect(lifeline.test(taken.lifeline)).toBe('held');
    files.close(taken.descriptor);
    expect(lifeline.test(taken.lifeline)).toBe('free');
    expect(fstatSync(taker).isCharacterDevice()).toBe(true);
  });

  test('is dropped with the worker thread that took it', async () => {
    const holder = await startProcess([process.execPath, nativeFixture('lifelines.mjs')]);
    holder.send(['worker', 'takeInheritable', newOffset()]);
    const taken = (await holder.message()) as { lifeline: string };
    expect(lifeline.test(taken.lifeline)).toBe('free');
  });

  test('is an error where no descriptor is left, because a record without it would stand', async () => {
    const scarce = await startProcess([
      ...withDescriptors(64),
      process.execPath,
      nativeFixture('scarce-lifeline.mjs'),
    ]);
    expect(await scarce.message()).toEqual(['EMFILE', 'time:4321']);
  });

  test('is not taken at an impossible offset', () => {
    const before = namespaceFds();
    expect(() => lifeline.takeInheritable(String(2n ** 62n))).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
    expect(() => lifeline.takeInheritable('-1')).toThrow(TypeError);
    expect(namespaceFds()).toEqual(before);
  });
});

describeRequiring([built], 'a lifeline taken through a descriptor of others', () => {
  test('is held until the last copy of that descriptor is closed', async () => {
    const own = take();
    const opened = openSync('/proc/self/ns/time', 'r');
    lifeline.takeThrough(opened, own.lifeline);
    files.close(own.descriptor);
    const heir = startHeir(opened);
    closeSync(opened);
    expect(lifeline.test(own.lifeline)).toBe('held');
    await kill(heir);
    expect(lifeline.test(own.lifeline)).toBe('free');
  });

  test('is refused on any other file, and where the text is none', () => {
    const time = openSync('/proc/self/ns/time', 'r');
    const other = openSync('/proc/self/ns/pid', 'r');
    onCleanup(() => {
      closeSync(time);
      closeSync(other);
    });
    const text = `time:${newOffset()}`;
    for (const [fd, name, code] of [
      [other, text, 'EXDEV'],
      [time, text.replace('time', 'user'), 'EXDEV'],
      [time, 'nonsense', 'EXDEV'],
      [100_000, text, 'EBADF'],
    ] as const) {
      expect(() => lifeline.takeThrough(fd, name), name).toThrow(expect.objectContaining({ code }));
    }
    expect(() => lifeline.takeThrough(-1, text)).toThrow(RangeError);
    expect(() => lifeline.takeThrough(time, 7 as never)).toThrow(TypeError);
    expect(lifeline.test(text)).toBe('free');
  });
});
