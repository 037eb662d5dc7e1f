interface Listeners {
  readonly calls: Set<() => void>;
  readonly listener: () => void;
}

/**
 * What the waiters of this thread do once a signal aborts. All of them have one listener together, because an
 * AbortSignal takes time in proportion to its listeners to add another one, and warns of a leak from the eleventh on.
 */
const listenersOf = new WeakMap<AbortSignal, Listeners>();

/** Calls `call` once the signal aborts, until {@link ignoreAbort}. */
export function onAbort(signal: AbortSignal, call: () => void): void {
  const known = listenersOf.get(signal);
  if (known !== undefined) {
    known.calls.add(call);
    return;
  }
  const calls = new Set([call]);
  const listener = () => {
    for (const each of [...calls]) each();
  };
  listenersOf.set(signal, { calls, listener });
  signal.addEventListener('abort', listener, { once: true });
}

export function ignoreAbort(signal: AbortSignal, call: () => void): void {
  const known = listenersOf.get(signal);
  known?.calls.delete(call);
  if (known === undefined || known.calls.size > 0) return;
  listenersOf.delete(signal);
  signal.removeEventListener('abort', known.listener);
}
