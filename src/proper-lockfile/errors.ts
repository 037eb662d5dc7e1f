import { withCode } from '../errors.js';

/** ELOCKED: somebody holds the lock. `file` is the path of the file that it guards. */
export function locked(file: string, cause?: Error): Error {
  const error = new Error(
    'Lock file is already being held. The option `retries` waits for it.',
    cause === undefined ? undefined : { cause },
  );
  return Object.assign(withCode(error, 'ELOCKED'), { file });
}

/** ENOTACQUIRED: this thread holds no such lock. */
export function notAcquired(file: string): Error {
  return Object.assign(withCode(new Error('Lock is not acquired/owned by you'), 'ENOTACQUIRED'), { file });
}

/** ERELEASED: the lock was released before, or was lost. */
export function released(file: string): Error {
  return Object.assign(withCode(new Error('Lock is already released'), 'ERELEASED'), { file });
}

/** ECOMPROMISED: the lock was lost, because another program removed or replaced it. */
export function compromised(file: string, how: string, cause?: unknown): Error {
  const error = new Error(`the lock was lost: ${how}`, cause === undefined ? undefined : { cause });
  return Object.assign(withCode(error, 'ECOMPROMISED'), { file });
}

/** ESYNC: a synchronous call cannot try again. */
export function noRetries(): Error {
  return withCode(new Error('Cannot use retries with the sync api'), 'ESYNC');
}
