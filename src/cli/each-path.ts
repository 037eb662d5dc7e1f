import { complain, printJson } from './output.js';

export interface Looks<T> {
  /** In the order of the paths, without those that failed. */
  readonly results: readonly T[];
  readonly failed: boolean;
}

/** Looks at each path; an error is reported and does not keep the others from being looked at. */
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

/** One path asked for: its object, or nothing if it failed. Several: an array of those that did not. */
export function printJsonOfEach(paths: readonly string[], objects: readonly unknown[]): void {
  if (paths.length > 1) printJson(objects);
  else if (objects.length > 0) printJson(objects[0]);
}
