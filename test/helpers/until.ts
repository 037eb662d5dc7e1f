import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until `look` returns something other than undefined and false; for states that no event announces.
 */
export async function until<T>(
  what: string,
  look: () => T | undefined | false,
  timeoutMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await sleep(2);
  }
}
