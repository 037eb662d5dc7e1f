import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { invalidArgument, kindOf, shownName, unknownKey } from '../errors.js';
import { meantOrAll } from '../text/nearest.js';
import { CHANNELS, type LockEvents } from './events.js';

/** The events of this thread's locks, by the keys of {@link CHANNELS}. */
export type LockEventName = keyof typeof CHANNELS;

/** What a listener of an event gets. */
export type LockEventOf<Name extends LockEventName> = LockEvents[(typeof CHANNELS)[Name]];

/**
 * Listens to an event of this thread's locks: a subscription to the channel of node:diagnostics_channel that
 * {@link CHANNELS} names, with the type of its payload. An error of the listener becomes an uncaught exception, and does
 * not disturb the lock.
 * @example
 * const stop = onLockEvent('reclaim', ({ path, description }) => console.warn(`took over ${path}: ${description}`));
 * stop();
 * @returns a function that ends the subscription. A second call of it does nothing.
 * @throws TypeError: ERR_INVALID_ARG_VALUE for a name that there is not, ERR_INVALID_ARG_TYPE for what is no function.
 */
export function onLockEvent<Name extends LockEventName>(
  name: Name,
  listener: (event: LockEventOf<Name>) => void,
): () => void {
  if (!Object.hasOwn(CHANNELS, name)) throw unknownEvent(name);
  if (typeof listener !== 'function') {
    throw invalidArgument(`the listener must be a function, not ${kindOf(listener)}`);
  }
  const channel = CHANNELS[name];
  // A function of its own, because one listener may be given twice, and each subscription ends by itself.
  const onMessage = (message: unknown) => listener(message as LockEventOf<Name>);
  subscribe(channel, onMessage);
  return () => {
    unsubscribe(channel, onMessage);
  };
}

function unknownEvent(name: unknown): TypeError {
  return unknownKey(`unknown event ${shownName(name)}; ${meantOrAll(name, Object.keys(CHANNELS), 'events')}`);
}
