// Wrong arguments: what a user of another lock library writes, and slips of the pen. None may go unnoticed, because the
// default would be in force instead: to wait for ever, or to judge by a bare pid.
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as api from '../../src/index.js';
import { tempDir } from '../helpers/temp-dir.js';

const TYPE = 'ERR_INVALID_ARG_TYPE';
const VALUE = 'ERR_INVALID_ARG_VALUE';

const newPath = () => join(tempDir(), 'install.lock');
const self = () => api.selfIdentity();

/** Every function that takes options, called with these. */
const CALLS: Readonly<Record<string, (path: string, options: never) => unknown>> = {
  acquireLock: api.acquireLock,
  acquireLockSync: api.acquireLockSync,
  tryAcquireLock: api.tryAcquireLock,
  tryAcquireLockSync: api.tryAcquireLockSync,
  withLock: (path, options) => api.withLock(path, options, () => {}),
  withLockSync: (path, options) => api.withLockSync(path, options, () => {}),
  inspectLock: api.inspectLock,
  inspectLockSync: api.inspectLockSync,
  reclaimLock: api.reclaimLock,
  reclaimLockSync: api.reclaimLockSync,
  judgeOwner: (_, options) => api.judgeOwner(self(), options),
  watchOwner: (_, options) => api.watchOwner(self(), options),
  parseOwner: (_, options) => api.parseOwner(self(), options),
  listLifelines: (_, options) => api.listLifelines(options),
  dumpDiagnostics: (_, options) => api.dumpDiagnostics(options),
};

/** `TypeError CODE: message` of what a call throws or rejects with; the value that it gives otherwise. */
async function outcome(call: () => unknown): Promise<unknown> {
  try {
    return await call();
  } catch (error) {
    const { name, code, message } = error as Error & { code?: string };
    return `${name} ${code}: ${message}`;
  }
}

describe.each(Object.entries(CALLS))('%s', (_name, call) => {
  test.each([
    [null, 'not null'],
    ['5s', 'not string'],
    [true, 'not boolean'],
    [[], 'not an array'],
    [() => {}, 'not function'],
  ])('refuses %o for its options, and takes nothing', async (wrong, words) => {
    const path = newPath();
    const said = `TypeError ${TYPE}: options must be an object, ${words}`;
    expect(await outcome(() => call(path, wrong as never))).toBe(said);
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  test('refuses an option that there is not, unless its value is undefined', async () => {
    const path = newPath();
    const wrong = { zzz: 1 } as never;
    expect(await outcome(() => call(path, wrong))).toMatch(
      new RegExp(`^TypeError ${VALUE}: unknown option "zzz"; the options are `),
    );
    // Object.create makes no own key, and neither does a prototype that another library has extended.
    const harmless = Object.assign(Object.create({ zzz: 1 }), { zzzz: undefined });
    const said = await outcome(() => call(path, harmless as never));
    expect(String(said)).not.toContain('unknown option');
    if (existsSync(path)) await (said as api.Lock).release();
  });
});

describe('an option that there is not', () => {
  const refusal = (call: string, options: object) =>
    outcome(() => CALLS[call]?.(newPath(), options as never)).then(String);

  test.each([
    ['acquireLock', 'timout', 'timeout'],
    ['acquireLock', 'TimeOut', 'timeout'],
    ['acquireLock', 'expectedhold', 'expectedHold'],
    ['acquireLock', 'trustBootID', 'trustBootId'],
    ['inspectLock', 'legasy', 'legacy'],
    ['reclaimLock', 'ownerlesGrace', 'ownerlessGrace'],
    ['judgeOwner', 'pth', 'path'],
    ['watchOwner', 'key', 'keys'],
    ['dumpDiagnostics', 'lock', 'locks'],
    ['listLifelines', 'limits', 'limit'],
  ])('%s with %s: the error names %s', async (call, slip, meant) => {
    expect(await refusal(call, { [slip]: 1 })).toBe(
      `TypeError ${VALUE}: unknown option "${slip}"; did you mean '${meant}'?`,
    );
  });

  test.each(['retries', 'stale', 'update', 'realpath', 'onCompromised', 'lockfilePath', 'fs'])(
    "%s is proper-lockfile's: the error says what to do instead, and where to read on",
    async (name) => {
      expect(await refusal('acquireLock', { [name]: 1 })).toMatch(
        new RegExp(
          `unknown option "${name}": it is one of proper-lockfile, so .*\\(docs/from-proper-lockfile.md\\)$`,
        ),
      );
    },
  );

  test('a name that an object has by itself, or that JSON can give, is none', async () => {
    expect(await refusal('acquireLock', { constructor: 1 })).toContain('unknown option "constructor"');
    expect(await refusal('acquireLock', JSON.parse('{"__proto__":1}'))).toContain(
      'unknown option "__proto__"',
    );
    expect(await refusal('acquireLock', { ['x'.repeat(1e6)]: 1 })).toContain('the options are');
  });

  test('a single try takes no timeout, because it would not be kept', async () => {
    for (const call of ['tryAcquireLock', 'tryAcquireLockSync', 'inspectLock']) {
      expect(await refusal(call, { timeout: 5000 })).toContain(
        'only a function that waits for a lock takes it',
      );
    }
  });

  test('a number of milliseconds: the error shows how to write it', async () => {
    expect(await outcome(() => api.acquireLock(newPath(), 2000 as never))).toContain(
      'not number; did you mean { timeout: 2000 }?',
    );
  });
});

describe('what is no record', () => {
  test.each([
    [null, 'null'],
    [undefined, 'undefined'],
    [5, 'number'],
    ['{}', 'string'],
  ])('judgeOwner, watchOwner and parseOwner refuse %o', async (wrong, kind) => {
    const said = `TypeError ${TYPE}: a recorded owner must be an object, not ${kind}`;
    expect(await outcome(() => api.judgeOwner(wrong as never))).toBe(said);
    expect(await outcome(() => api.watchOwner(wrong as never))).toBe(said);
    expect(await outcome(() => api.parseOwner(wrong as never))).toBe(said);
  });

  test('compareIdentities and formatIdentity refuse what is no identity, on either side', async () => {
    const missing = `TypeError ${TYPE}: a process identity must be an object, not null`;
    expect(await outcome(() => api.compareIdentities(self(), null as never))).toBe(missing);
    expect(await outcome(() => api.compareIdentities(null as never, self()))).toBe(missing);
    expect(await outcome(() => api.formatIdentity(null as never))).toBe(missing);
    // Two records have no boot id each, and no pidfd inode, which would be equal.
    const record = { pid: 1 } as never;
    const other = { pid: 2 } as never;
    expect(await outcome(() => api.compareIdentities(record, other))).toContain('it has no pidNamespace');
  });

  test('probeIdentity refuses a text, and says that it is one', async () => {
    expect(await outcome(() => api.probeIdentity('1' as never))).toBe(
      `TypeError ${TYPE}: a PID is an integer from 1 to 2147483647, not the string "1"`,
    );
  });

  test('dumpDiagnostics refuses what is no list of paths', async () => {
    for (const locks of ['abc', [7], {}]) {
      expect(await outcome(() => api.dumpDiagnostics({ locks } as never))).toContain(
        `${TYPE}: option 'locks' must be an array of paths`,
      );
    }
  });

  test('handOver refuses options that are no object, and keeps the lock', async () => {
    const lock = api.acquireLockSync(newPath(), { handOver: true });
    expect(await outcome(() => lock.handOver('true', [], null as never))).toContain(TYPE);
    expect(lock.verify()).toBe(true);
    lock.releaseSync();
  });
});

describe('withLockSync', () => {
  // biome-ignore lint/suspicious/noThenProperty: this is what is refused.
  const thenable = { then: (resolve: (value: number) => void) => resolve(1) };
  const functions: Readonly<Record<string, () => unknown>> = {
    'an async function': async () => 1,
    'a function that returns a thenable': () => thenable,
    'a function that returns a callable thenable': () => Object.assign(() => {}, thenable),
  };

  test.each(Object.entries(functions))('refuses %s, and releases the lock before', async (_name, run) => {
    const path = newPath();
    for (const call of [
      () => api.withLockSync(path, run as () => number),
      () => api.withLockSync(path, {}, run as () => number),
    ]) {
      expect(await outcome(call)).toMatch(/^TypeError ERR_INVALID_RETURN_VALUE: .* returned a promise/);
      expect(existsSync(path)).toBe(false);
    }
  });

  test('takes a function whose result only has a property `then`', () => {
    // biome-ignore lint/suspicious/noThenProperty: this is what is not refused.
    const plan = { then: 'later' };
    expect(api.withLockSync(newPath(), () => plan)).toBe(plan);
  });

  test('the types refuse a function that returns a promise, and infer every other result', async () => {
    // @ts-expect-error: an async function
    await outcome(() => api.withLockSync(newPath(), async () => 1));
    // @ts-expect-error: a thenable
    await outcome(() => api.withLockSync(newPath(), {}, () => thenable));
    const text: string = api.withLockSync(newPath(), () => 'x');
    const nothing: undefined = api.withLockSync(newPath(), {}, () => undefined);
    expect([text, nothing]).toEqual(['x', undefined]);
  });
});

test('withLock may be given undefined for its options', async () => {
  expect(await api.withLock(newPath(), undefined as never, () => 7)).toBe(7);
});

/** Under exactOptionalPropertyTypes this compiles only while every option may be given as undefined. */
test('the types allow undefined for every option', () => {
  type Undefined<T> = { [K in keyof T]-?: undefined };
  const none = (): never => ({}) as never;
  const options: [
    api.AcquireOptions,
    api.TryAcquireOptions,
    api.InspectOptions,
    api.JudgeOptions,
    api.OwnerOptions,
    api.ListOptions,
    api.DumpOptions,
    api.RowKeys,
    api.ParseOwnerOptions,
  ] = [
    none() as Undefined<api.AcquireOptions>,
    none() as Undefined<api.TryAcquireOptions>,
    none() as Undefined<api.InspectOptions>,
    none() as Undefined<api.JudgeOptions>,
    none() as Undefined<api.OwnerOptions>,
    none() as Undefined<api.ListOptions>,
    none() as Undefined<api.DumpOptions>,
    none() as Undefined<api.RowKeys>,
    none() as Undefined<api.ParseOwnerOptions>,
  ];
  expect(options).toHaveLength(9);
});
