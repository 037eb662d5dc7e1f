// The addon for macOS on x64, the very file of prebuilds/, loaded and run on Linux: test/fixtures/other-systems/mach-o. That
// shows its code and its use of Node-API, of XNU's layouts and of libdispatch. What it is answered is made up here, and not
// by the kernel of macOS.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect } from 'vitest';
import type { ThinAddon } from '../../src/backend/thin/thin-addon.js';
import { onCleanup } from '../helpers/cleanup.js';
import { descriptorsOn } from '../helpers/descriptors.js';
import { lockFile } from '../helpers/file-locks.js';
import { startZombie } from '../helpers/odd-processes.js';
import {
  canLoadMachO,
  compileMachOLoader,
  compileOpenFlags,
  onMacosWithAddon,
} from '../helpers/other-systems.js';
import { startProcess } from '../helpers/processes.js';
import { describeRequiring, hasProgram, isBuilt, test, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';

const ADDON = fileURLToPath(new URL('../../prebuilds/darwin-x64/kernel-identity.node', import.meta.url));
const QUESTIONS = fileURLToPath(new URL('../other-systems/addon.mjs', import.meta.url));
/** A number that no process of Linux has. */
const NOBODY = 2 ** 22 + 1;

interface Loader {
  load(path: string): ThinAddon;
  livingObjects(): number;
  /** See struct Trouble in lib_system.h. */
  makeTrouble(trouble: Readonly<Record<string, number>>): void;
}

describeRequiring([canLoadMachO(), hasProgram('python3')], 'the addon for macOS, on Linux', () => {
  let workshop: string;
  let loader: string;
  let addon: ThinAddon;
  let livingObjects: Loader['livingObjects'];
  let makeTrouble: Loader['makeTrouble'];

  beforeAll(() => {
    workshop = mkdtempSync(join(tmpdir(), 'kernel-identity-mach-o-'));
    loader = compileMachOLoader(workshop);
    const loaded = createRequire(import.meta.url)(loader) as Loader;
    addon = loaded.load(ADDON);
    livingObjects = loaded.livingObjects;
    makeTrouble = loaded.makeTrouble;
  });
  afterAll(() => rmSync(workshop, { recursive: true }));

  /** An empty file, open for reading. */
  function watchedFile(path = join(tempDir(), 'a')) {
    writeFileSync(path, '');
    const fd = openSync(path, 'r');
    onCleanup(() => closeSync(fd));
    return { path, fd };
  }

  /** The same, with the witness on it held by another process. */
  async function heldFile() {
    const file = watchedFile();
    return { ...file, owner: await lockFile(file.path, 'flock:write:0:0') };
  }

  /** The ticket of a watch, which is over at the end of the test at the latest. */
  function ticketOf(ticket: number | string): number {
    if (typeof ticket === 'string') throw new Error(ticket);
    onCleanup(() => addon.cancel(ticket));
    return ticket;
  }

  function newWords(): Int32Array {
    return new Int32Array(new SharedArrayBuffer(4));
  }

  /** The descriptor of an addon is closed, and what it made freed, by other threads. */
  async function untilNothingIsLeft(path: string): Promise<void> {
    await until('everything is freed', () => livingObjects() === 0);
    // The test has one.
    expect(descriptorsOn(path)).toHaveLength(1);
  }

  test('has the hash of its sources', () => {
    expect(readFileSync(ADDON).includes(addon.sourceHash)).toBe(true);
  });

  test('reads processes: the start, the key, who has ended, and who is nobody', async () => {
    const { pid, keeper } = await startZombie();
    const [own, other, zombie] = [process.pid, keeper.pid, pid].map((number) => addon.probe(number));
    const ticks = Number(readFileSync('/proc/self/stat', 'utf8').replace(/.*\) /, '').split(' ')[19]);
    expect(own).toMatchObject({ started: 10_000 * ticks, hasExited: false });
    expect(own).toEqual(addon.probe(process.pid));
    expect(zombie).toMatchObject({ hasExited: true });
    const keys = [own, other, zombie].map((sight) => (sight as { key: string }).key);
    expect(new Set(keys).size).toBe(3);
    for (const key of keys) expect(key).toMatch(/^[1-9]\d+$/);
    expect(addon.probe(NOBODY)).toBe('ESRCH');
    expect(addon.numbersAreShared()).toBe(true);
  });

  test('reads the boot, and what is a local disk', () => {
    expect(addon.boot()?.toLowerCase()).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
    expect(addon.volume(tmpdir())).toBe('apfs');
    expect(addon.volume('/proc')).toBeNull();
    expect(addon.volume(join(tmpdir(), 'kernel-identity-nothing'))).toBeNull();
  });

  for (const [lock, state] of [
    ['flock:write:0:0', 'held'],
    ['flock:read:0:0', 'untestable'],
    [null, 'free'],
  ] as const) {
    test(`tests the witness of a file that is locked by ${lock}: ${state}`, async () => {
      const { path, fd } = watchedFile();
      if (lock !== null) await lockFile(path, lock);
      expect(addon.testWitness(fd)).toBe(state);
    });
  }

  test('reports the end of a process, by a word and by a call', async () => {
    const child = await startProcess(['sleep', '60']);
    const words = newWords();
    const tickets = [ticketOf(addon.watchEnd(child.pid, words, 0, null))];
    const woken = new Promise<void>((wake) => {
      tickets.push(ticketOf(addon.watchEnd(child.pid, null, 0, wake)));
    });
    expect(words[0]).toBe(0);
    process.kill(child.pid, 'SIGKILL');
    await woken;
    await until('the word is written', () => words[0] === 1);
    for (const ticket of tickets) addon.cancel(ticket);
    await until('everything is freed', () => livingObjects() === 0);
  });

  test('reports that a witness is dropped, and that the file is renamed and deleted', async () => {
    const { path, fd, owner } = await heldFile();
    const words = newWords();
    let calls = 0;
    const counted = (): void => {
      calls += 1;
    };
    const tickets = [addon.watchFile(fd, words, 0, null), addon.watchFile(fd, null, 0, counted)].map(
      ticketOf,
    );
    // What stands for the kernel opens the file as well, for moments.
    await until('each watch has a descriptor', () => descriptorsOn(path).length === 3);
    renameSync(path, `${path}.retired`);
    await until('it is renamed', () => calls === 1);
    expect(words[0]).toBe(0);
    process.kill(owner.pid, 'SIGKILL');
    await until('it is free', () => calls === 2 && words[0] === 1);
    unlinkSync(`${path}.retired`);
    await until('it is deleted', () => calls === 3);
    for (const ticket of tickets) addon.cancel(ticket);
    await untilNothingIsLeft(path);
  });

  /** Until the test is over. */
  function withTrouble(trouble: Readonly<Record<string, number>>): void {
    makeTrouble(trouble);
    onCleanup(() => makeTrouble({}));
  }

  for (const [what, trouble] of [
    ['that the event of a release reports', { stopsTimers: 1 }],
    ['whose event comes before the lock is gone', { lateUnlock: 30 }],
    ['whose event is lost', { losesUnlocks: 1 }],
  ] as const) {
    test(`finds a witness free ${what}`, async () => {
      const { path, fd, owner } = await heldFile();
      withTrouble(trouble);
      const words = newWords();
      const ticket = ticketOf(addon.watchFile(fd, words, 0, null));
      process.kill(owner.pid, 'SIGKILL');
      await until('it is free', () => words[0] === 1);
      addon.cancel(ticket);
      await untilNothingIsLeft(path);
    });
  }

  test('misses nothing that happens once its call has returned', async () => {
    const { path, fd } = await heldFile();
    withTrouble({ lateRegistration: 50 });
    const renamed = new Promise<number>((resolve) => {
      const ticket = ticketOf(addon.watchFile(fd, null, 0, () => resolve(ticket)));
    });
    renameSync(path, `${path}.retired`);
    addon.cancel(await renamed);
    await untilNothingIsLeft(path);
  });

  test('gives up a watch of which the kernel does not hear within a second', async () => {
    const { path, fd } = watchedFile();
    withTrouble({ lateRegistration: 1_200 });
    const words = newWords();
    expect(addon.watchFile(fd, words, 0, null)).toBe('ENOMEM');
    await untilNothingIsLeft(path);
    expect(words[0]).toBe(0);
  });

  test('needs no descriptor once the word is written', async () => {
    const { path, fd } = watchedFile();
    const words = newWords();
    const ticket = ticketOf(addon.watchFile(fd, words, 0, null));
    await until('it is free', () => words[0] === 1);
    await until('the descriptor is closed', () => descriptorsOn(path).length === 1);
    addon.cancel(ticket);
    await untilNothingIsLeft(path);
  });

  test('writes and calls nothing after it was cancelled', async () => {
    const { path, fd, owner } = await heldFile();
    const words = newWords();
    let calls = 0;
    const counted = (): void => {
      calls += 1;
    };
    const tickets = Array.from({ length: 20 }, (_, index) =>
      ticketOf(index % 2 === 0 ? addon.watchFile(fd, words, 0, null) : addon.watchFile(fd, null, 0, counted)),
    );
    for (const ticket of tickets) addon.cancel(ticket);
    process.kill(owner.pid, 'SIGKILL');
    await owner.exited;
    await untilNothingIsLeft(path);
    expect([words[0], calls]).toEqual([0, 0]);
  });

  test('lets a handler that runs end before a cancellation does', async () => {
    const { path, fd, owner } = await heldFile();
    withTrouble({ slowEvents: 20 });
    const watches = Array.from({ length: 12 }, () => {
      const words = newWords();
      return { words, ticket: ticketOf(addon.watchFile(fd, words, 0, null)) };
    });
    process.kill(owner.pid, 'SIGKILL');
    await owner.exited;
    // The events come now, and are cancelled before, while and after they are handled.
    const atOnce: number[] = [];
    for (const { words, ticket } of watches) {
      addon.cancel(ticket);
      atOnce.push(words[0] as number);
      await sleep(3);
    }
    await untilNothingIsLeft(path);
    expect(watches.map(({ words }) => words[0])).toEqual(atOnce);
  });

  testRequiring([isBuilt()], 'answers what it is asked on macOS itself', async () => {
    const env = onMacosWithAddon(compileOpenFlags(), loader);
    const child = spawn(process.execPath, [QUESTIONS], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    const { passed, failed } = JSON.parse(output) as { passed: number; failed: string[] };
    expect(failed).toEqual([]);
    expect(passed).toBe(18);
  });
});
