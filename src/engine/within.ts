/**
 * Waits for `work`, but not longer than `ms`.
 * @throws what `late` makes when the time is over; before that, what `work` throws.
 */
export function within<T>(work: Promise<T>, ms: number, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late()), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
