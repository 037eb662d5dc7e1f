import { complain, printJson } from './output.js';

/** What became of several paths. */
export interface Looks<T> {
  /** One result for each path that did not fail, in the order of the paths. */
  readonly results: readonly T[];
  /** True when at least one path failed. */
  readonly failed: boolean;
}

/** Calls `look` for each path. An error is reported on stderr, and the next path follows all the same. */
export function lookAtEach<T>(paths: readonly string[], look: (path: string) => T): Looks<T> {
  const results: T[] = [];
  for (const path of paths) {
    try {
      results.push(look(path));
    } catch (error) {
      complain((error as Error).message);
    }
  }
  return { results, failed: results.length < paths.length };
}

/** Calls `look` for all paths, and waits for all answers. Otherwise like {@link lookAtEach}. */
export async function awaitEach<T>(
  paths: readonly string[],
  look: (path: string) => Promise<T>,
): Promise<Looks<T>> {
  const answers = await Promise.allSettled(paths.map(look));
  const results = answers.flatMap((answer) => {
    if (answer.status === 'fulfilled') return [answer.value];
    complain((answer.reason as Error).message);
    return [];
  });
  return { results, failed: results.length < paths.length };
}

/**
 * Prints the object of a single path, or nothing if that path failed. Several paths give an array with the
 * objects of those that did not fail.
 */
export function printJsonOfEach(paths: readonly string[], objects: readonly unknown[]): void {
  if (paths.length > 1) printJson(objects);
  else if (objects.length > 0) printJson(objects[0]);
}
