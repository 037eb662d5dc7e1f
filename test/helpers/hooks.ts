import { onTestFinished } from 'vitest';
import type { Backend, FileOperations } from '../../src/backend/backend.js';

export type FileOperation = keyof FileOperations;

interface Hooks {
  /** Called before the operation. An error that it throws is thrown in place of the operation. */
  readonly before?: (operation: FileOperation, parameters: readonly unknown[]) => void;
  readonly after?: (operation: FileOperation, parameters: readonly unknown[]) => void;
}

const OPERATIONS: readonly FileOperation[] = [
  'openParent',
  'findDirectoryAt',
  'openAt',
  'createAt',
  'openText',
  'mkdirAt',
  'createDirectoryAt',
  'renameAt',
  'renameNoReplaceAt',
  'linkAt',
  'unlinkAt',
  'rmdirAt',
  'rmdirIfAt',
  'statAt',
  'statDescriptor',
  'statFresh',
  'isAt',
  'isStillAt',
  'list',
  'read',
  'readText',
  'write',
  'takeModeOf',
  'filesystem',
  'close',
  'closeIfStill',
];

/**
 * Calls hooks around every operation of the backend until the test is over, because anything can happen to a
 * process between two operations.
 */
export function hookFiles(backend: Backend, { before, after }: Hooks): void {
  const files = backend.files as unknown as Record<FileOperation, (...parameters: unknown[]) => unknown>;
  let inside = false;
  // Without it, the two deletions are calls of their own, as on all other backends.
  Object.defineProperty(files, 'unlinkLastAt', { value: undefined, configurable: true });
  onTestFinished(() => {
    delete (files as Partial<typeof files>).unlinkLastAt;
  });
  for (const operation of OPERATIONS) {
    const original = files[operation];
    const own = Object.hasOwn(files, operation);
    files[operation] = (...parameters) => {
      // A hook may use the same backend itself, which must not call hooks again.
      if (inside) return original.apply(files, parameters);
      inside = true;
      try {
        before?.(operation, parameters);
        inside = false;
        const result = original.apply(files, parameters);
        inside = true;
        after?.(operation, parameters);
        return result;
      } finally {
        inside = false;
      }
    };
    onTestFinished(() => {
      if (own) files[operation] = original;
      else delete (files as Partial<typeof files>)[operation];
    });
  }
}

/** Runs `action` once, just before the first operation for which `when` holds. */
export function interfereOnce(
  backend: Backend,
  when: (operation: FileOperation, parameters: readonly unknown[]) => boolean,
  action: () => void,
): { readonly happened: boolean } {
  const state = { happened: false };
  hookFiles(backend, {
    before: (operation, parameters) => {
      if (state.happened || !when(operation, parameters)) return;
      state.happened = true;
      action();
    },
  });
  return state;
}

/**
 * Runs `work` again and again: with `interfere` just before its first file operation, then just before its
 * second, and so on, until there are no more. Returns the number of operations.
 */
export function interfereAtEachStep(backend: Backend, prepare: () => Work): number {
  let step = -1;
  let count = 0;
  let interfere: () => void = () => {};
  hookFiles(backend, {
    before: () => {
      if (count === step) interfere();
      count += 1;
    },
  });
  do {
    step += 1;
    // The operations of the preparation do not count.
    count = Number.NEGATIVE_INFINITY;
    const work = prepare();
    interfere = work.interfere;
    count = 0;
    work.run();
    const hasInterfered = count > step;
    count = Number.NEGATIVE_INFINITY;
    if (!hasInterfered) break;
    work.check(step);
  } while (step < MAX_STEPS);
  return step;
}

/** What is done, what another process does in the middle of it, and what must be true afterwards. */
export interface Work {
  readonly run: () => void;
  readonly interfere: () => void;
  readonly check: (step: number) => void;
}

const MAX_STEPS = 1000;
