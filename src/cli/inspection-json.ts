import type { LockInspection } from '../lock/inspect.js';

/** The fields that scripts may rely on. */
export function inspectionJson({ path, format, state, verdict, owner, ageMs }: LockInspection) {
  return { path, format, state, verdict, owner, ageMs };
}
