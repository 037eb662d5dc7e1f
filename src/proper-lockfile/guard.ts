/** Added to the path of a lock: the lock that a process holds while it removes an abandoned one. */
export const GUARD_ENDING = '.reclaim';
