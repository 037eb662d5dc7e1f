/**
 * Waits for `work`, but not longer than `ms`, which may be Infinity.
 * @throws what `late` makes when the time is over; before that, what `work` throws.
 */
export function within<T>(work: Promise<T>, ms: number, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    // Node ends a timer at once that is set to more.
    const timer = ms < 2 ** 31 ? setTimeout(() => reject(late()), ms) : undefined;
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
