import { type Failure, toFailure } from '../dump/failure.js';
import { complain, printJson, printJsonLine } from './output.js';

/** A path that could not be looked at, as JSON shows it. */
export interface FailedPath {
  readonly path: string;
  readonly error: Failure;
}

/** What became of several paths. */
export interface Looks<T> {
  /** One result for each path that did not fail, in the order of the paths. */
  readonly results: readonly T[];
  /** True when at least one path failed. */
  readonly failed: boolean;
  /** One entry for each path, in the order of the paths. */
  readonly entries: readonly (T | FailedPath)[];
}

/** Calls `look` for each path. An error is reported on stderr, and the next path follows all the same. */
export function lookAtEach<T extends object>(paths: readonly string[], look: (path: string) => T): Looks<T> {
  return looksOf<T>(
    paths.map((path) => {
      try {
        return look(path);
      } catch (error) {
        return failedPath(path, error);
      }
    }),
  );
}

/** Calls `look` for all paths, and waits for all answers. Otherwise like {@link lookAtEach}. */
export async function awaitEach<T extends object>(
  paths: readonly string[],
  look: (path: string) => Promise<T>,
): Promise<Looks<T>> {
  const answers = await Promise.allSettled(paths.map(look));
  return looksOf<T>(
    answers.map((answer, index) =>
      answer.status === 'fulfilled' ? answer.value : failedPath(paths[index] as string, answer.reason),
    ),
  );
}

/** Reports the error of a path on stderr. */
export function failedPath(path: string, error: unknown): FailedPath {
  const failure = toFailure(error);
  complain(failure.message);
  return { path, error: failure };
}

export function looksOf<T extends object>(entries: readonly (T | FailedPath)[]): Looks<T> {
  const results = entries.filter((entry): entry is T => !isFailed(entry));
  return { results, failed: results.length < entries.length, entries };
}

export function isFailed(entry: object): entry is FailedPath {
  return 'error' in entry;
}

/** How results are printed for programs: `array`, one array of all; `lines`, one object in each line. */
export type JsonForm = 'array' | 'lines';

/** The form that the options --json and --json-lines ask for. null: text for people. */
export function jsonForm(options: { json?: boolean; 'json-lines'?: boolean }): JsonForm | null {
  if (options['json-lines']) return 'lines';
  return options.json ? 'array' : null;
}

/** Prints an object for each entry, that of a path which failed among them. */
export function printJsonOfEach<T extends object>(
  { entries }: Looks<T>,
  form: JsonForm,
  toObject: (result: T) => object,
): void {
  const objects = entries.map((entry) => (isFailed(entry) ? entry : toObject(entry)));
  if (form === 'array') printJson(objects);
  else for (const object of objects) printJsonLine(object);
}
