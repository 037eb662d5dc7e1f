import type { ObservedProcess } from '../identity/observe-process.js';
import type { ProcessIdentity } from '../identity/process-identity.js';
import type { OwnerRecord } from '../record/owner-record.js';
import { LiveObservation } from './live-observation.js';
import type { WitnessObservation } from './observation.js';

/** What a test says of an owner that does not exist. */
export type FakeState = 'alive' | 'dead' | 'unknown';

/**
 * Where kernel-identity/testing leaves its fake owners, by the pidfd inode of their identity. It is a property of
 * the global object, because a process may load several copies of this package, and a test wants all of them to see the
 * owner alike. Nothing but that module sets it.
 */
export const FAKES = Symbol.for('kernel-identity.fake-owners');

type Global = { readonly [FAKES]?: ReadonlyMap<string, FakeState> };

/** undefined for every owner that no test has made up. */
export function fakeStateOf({ identity }: OwnerRecord): FakeState | undefined {
  const fakes = (globalThis as Global)[FAKES];
  if (fakes === undefined || identity === null || identity.pidfdInode === null) return undefined;
  return fakes.get(identity.pidfdInode);
}

const SOURCE = 'kernel-identity/testing';
const NOT_TESTED = { state: 'untestable', source: SOURCE } as const;

/** The kernel's answers about an owner that a test has made up, as if it were on the observer's machine. */
export class FakeObservation extends LiveObservation {
  readonly #record: OwnerRecord;
  readonly #state: FakeState;

  constructor(state: FakeState, ...live: ConstructorParameters<typeof LiveObservation>) {
    super(...live);
    this.#state = state;
    this.#record = live[1];
  }

  override get self(): ProcessIdentity {
    const { identity } = this.#record;
    return { ...super.self, ...identity, pid: process.pid, pidfdInode: '0' };
  }

  override get filesystem(): string | null {
    return this.#record.filesystem;
  }

  override get observedProcess(): ObservedProcess {
    const existence = ({ alive: 'present', dead: 'absent', unknown: 'unknown' } as const)[this.#state];
    const identity = existence === 'present' ? this.#record.identity : null;
    return { existence, source: SOURCE, identity, exited: false, ticksAsRead: null };
  }

  override get witness(): WitnessObservation {
    const state = ({ alive: 'held', dead: 'free', unknown: 'untestable' } as const)[this.#state];
    return { state, file: 'recorded', source: SOURCE };
  }

  override get lifeline() {
    return NOT_TESTED;
  }

  override get lockLifeline() {
    return { ...NOT_TESTED, wasSeenHeld: false };
  }
}
