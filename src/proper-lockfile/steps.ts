// The lock is one sequence of steps for both APIs: a generator that hands out each call of a file system module, and a
// driver that makes the call, synchronously or not.

/** What proper-lockfile asks of a file system module: these methods with a callback, and again ending in `Sync`. */
export type FsMethod = 'mkdir' | 'rmdir' | 'stat' | 'utimes' | 'realpath';

/** A module like node:fs. Its methods are looked up at each call, because tests put others in their place. */
export type FileSystem = Readonly<Record<string, unknown>>;

/** A call for the driver to make. */
export interface FsCall {
  readonly fs: FileSystem;
  readonly method: FsMethod;
  readonly args: readonly unknown[];
}

export type Steps<T> = Generator<FsCall, T, unknown>;

/** Runs steps to their end, in one of two ways. */
export type Drive = <T>(steps: Steps<T>) => T | Promise<T>;

type Callback = (error: unknown, value?: unknown) => void;
type Method = (...args: unknown[]) => unknown;

/** One call, to be used with `yield*`. */
export function* call(fs: FileSystem, method: FsMethod, ...args: readonly unknown[]): Steps<unknown> {
  return yield { fs, method, args };
}

export function driveSync<T>(steps: Steps<T>): T {
  let step = steps.next();
  while (step.done !== true) {
    const { fs, method, args } = step.value;
    let value: unknown;
    try {
      value = (fs[`${method}Sync`] as Method)(...args);
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(value);
  }
  return step.value;
}

export async function driveAsync<T>(steps: Steps<T>): Promise<T> {
  let step = steps.next();
  while (step.done !== true) {
    let value: unknown;
    try {
      value = await callBack(step.value);
    } catch (error) {
      step = steps.throw(error);
      continue;
    }
    step = steps.next(value);
  }
  return step.value;
}

function callBack({ fs, method, args }: FsCall): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const done: Callback = (error, value) => {
      // Some modules call back with undefined, and some with null.
      if (error === null || error === undefined) resolve(value);
      else reject(error);
    };
    (fs[method] as Method)(...args, done);
  });
}
