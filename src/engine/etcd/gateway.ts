import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from '../../backend/monotonic-clock.js';
import { EngineRestoredError, EngineUnavailableError, KernelIdentityError } from '../../errors.js';
import { formatElapsed } from '../../text/elapsed.js';
import { Fields } from '../../text/json-fields.js';
import { SILENT_ADVICE } from './advice.js';
import { errorOf, isFinal, isTokenOver, nonsense, readAnswer } from './answers.js';
import type { ClusterOptions } from './options.js';
import { type Endpoint, hedged, post, type Transport } from './post.js';
import { openStream } from './stream.js';

/** Milliseconds after which the next server is asked too. */
export const HEDGE = 200;
/** Milliseconds for one request at one server. */
const TIMEOUT = 2_000;
/** Milliseconds for which a call is repeated: an election of etcd takes one to two seconds. */
const PATIENCE = 15_000;
/** Milliseconds between two repetitions. */
const PAUSE = 100;

/** Calls of etcd v3 through its JSON gateway (grpc-gateway), which needs nothing but HTTP. */
export class Gateway {
  readonly address: string;
  readonly #options: ClusterOptions;
  readonly #transport: Transport;
  /** Each watch has a connection of its own, which ends with it. */
  readonly #streams: Transport;
  /** Index of the server that answered last. */
  #server = 0;
  #token: string | null = null;
  #authenticating: Promise<void> | null = null;
  #cluster: string | null = null;
  /** The highest revision that an answer had. */
  #revision = 0n;
  #restored: EngineRestoredError | null = null;
  /** Why the latest try of a call failed. null where an answer has come since. */
  #trouble: unknown = null;
  #isClosed = false;
  /** An error after which no other server is asked. One of them is not to get a request that was broken off here. */
  readonly #endsCall = (error: unknown) => this.#isClosed || isFinal(error);
  /** Called with each new token. */
  onToken: (token: string) => void = () => {};
  /** Called once when the server turns out to be another one. */
  onRestored: (error: EngineRestoredError) => void = () => {};

  constructor(address: string, options: ClusterOptions) {
    this.address = address;
    this.#options = options;
    // The modules are loaded only here, because most programs have no engine.
    const isTls = options.endpoints[0]?.protocol === 'https:';
    const { Agent, request } = isTls
      ? process.getBuiltinModule('node:https')
      : (process.getBuiltinModule('node:http') as unknown as typeof import('node:https'));
    const tls = options.tls ?? {};
    this.#transport = {
      request,
      tls,
      agent: new Agent({ keepAlive: true, noDelay: true, maxSockets: 16, ...tls }),
    };
    this.#streams = { request, tls, agent: new Agent({ keepAlive: false, noDelay: true, ...tls }) };
  }

  get token(): string | null {
    return this.#token;
  }

  /** The id of the cluster. null before the first answer. */
  get cluster(): string | null {
    return this.#cluster;
  }

  /**
   * Makes a call, and repeats it until it succeeds or is refused. It must be one that may be carried out twice.
   * @throws EngineUnavailableError, EngineDeniedError, EngineRestoredError. Refusal, for an answer that `passes`.
   */
  async call(path: string, body: object, options: CallOptions = {}): Promise<Fields> {
    const { patience = PATIENCE, passes = none } = options;
    const startedAt = monotonicMs();
    const text = JSON.stringify(body);
    let isSecondToken = false;
    for (;;) {
      if (this.#restored !== null) throw this.#restored;
      if (this.#isClosed) throw this.#closed();
      try {
        if (this.#options.auth !== undefined && this.#token === null) await this.#authenticate();
        return await this.#once(path, text, options);
      } catch (error) {
        if (passes(error)) throw error;
        if (isTokenOver(error) && this.#options.auth !== undefined && !isSecondToken) {
          isSecondToken = true;
          this.#token = null;
          continue;
        }
        if (error instanceof KernelIdentityError) throw error;
        if (this.#isClosed) throw this.#closed();
        this.#trouble = error;
        const tried = monotonicMs() - startedAt;
        if (isFinal(error) || tried >= patience) throw errorOf(error, this.address, tried);
      }
      await sleep(PAUSE);
    }
  }

  async #once(path: string, body: string, options: CallOptions): Promise<Fields> {
    const { reads = true, sent = { unanswered: 0 }, isDoubtful = none } = options;
    const seenBefore = this.#revision;
    const { endpoints } = this.#options;
    const { value, server } = await hedged(
      endpoints.length,
      this.#server,
      HEDGE,
      async (index, requests) => {
        const endpoint = endpoints[index] as Endpoint;
        sent.unanswered += 1;
        try {
          const found = readAnswer(
            await post(this.#transport, endpoint, path, body, this.#token, TIMEOUT, requests),
          );
          sent.unanswered -= 1;
          return found;
        } catch (error) {
          if (isFinal(error)) sent.unanswered -= 1;
          throw error;
        }
      },
      this.#endsCall,
      isDoubtful,
    );
    this.#server = server;
    this.#trouble = null;
    const answer = new Fields(value);
    if (this.#check(answer, reads ? seenBefore : 0n)) return answer;
    // Each answer of etcd has one. What has none says nothing, not even that nothing was done.
    throw nonsense(this.address, 'without a revision');
  }

  /**
   * A cluster that was restored from a backup has another id, or revisions that were given out before. Then tokens may
   * come twice.
   * @param atLeast a revision that had been answered before the call was sent. Only what is read or written through the
   * whole cluster has such an order.
   * @returns false when the answer has no revision.
   */
  #check(answer: Fields, atLeast: bigint): boolean {
    const result = answer.get('result');
    const outer = typeof result === 'object' && result !== null ? new Fields(result) : answer;
    const header = new Fields(Object(outer.get('header')) as object);
    const cluster = header.get('cluster_id');
    if (typeof cluster === 'string') {
      this.#cluster ??= cluster;
      if (cluster !== this.#cluster) this.#endRestored('it is another cluster than before');
    }
    const revision = toRevision(header.get('revision'));
    if (revision === null) return false;
    if (revision < atLeast) this.#endRestored(`its revision went back from ${atLeast} to ${revision}`);
    if (revision > this.#revision) this.#revision = revision;
    return true;
  }

  /** Checks an answer of a watch, which one server gives by what it knows itself. */
  #isOfCluster(result: Fields): boolean {
    try {
      this.#check(result, 0n);
      return true;
    } catch {
      return false;
    }
  }

  #endRestored(how: string): never {
    if (this.#restored === null) {
      this.#restored = new EngineRestoredError(
        `${this.address} is not what it was: ${how}, as after the restore of a backup, so its fencing tokens may have been given out before; open the locks anew, or restart this program`,
      );
      this.onRestored(this.#restored);
    }
    throw this.#restored;
  }

  /** Gets a token for the password. Calls at the same time share one. */
  #authenticate(): Promise<void> {
    this.#authenticating ??= (async () => {
      const { username, password } = this.#options.auth as NonNullable<ClusterOptions['auth']>;
      const answer = await this.#once('/auth/authenticate', JSON.stringify({ name: username, password }), {
        reads: false,
      });
      const token = answer.get('token');
      if (typeof token !== 'string') throw new Error('it gave no token for the password');
      this.#token = token;
      this.onToken(token);
    })().finally(() => {
      this.#authenticating = null;
    });
    return this.#authenticating;
  }

  /**
   * Opens a stream of answers.
   * @param onAnswer is called with each one.
   * @param onEnd is called once, when no further one will come.
   * @returns ends it, without calling `onEnd`.
   */
  stream(path: string, body: object, onAnswer: (result: Fields) => void, onEnd: () => void): () => void {
    const endpoint = this.#options.endpoints[this.#server] as Endpoint;
    return openStream(this.#streams, endpoint, path, JSON.stringify(body), this.#token, {
      onAnswer: (result) => {
        if (!this.#isOfCluster(result)) return false;
        onAnswer(result);
        return true;
      },
      onEnd,
    });
  }

  /** See `Engine.unavailable`. */
  unavailable(waitedMs: number): KernelIdentityError {
    if (this.#trouble !== null) return errorOf(this.#trouble, this.address, waitedMs);
    return new EngineUnavailableError(
      `${this.address} has not answered within ${formatElapsed(waitedMs)}; ${SILENT_ADVICE}`,
    );
  }

  #closed(): EngineUnavailableError {
    return new EngineUnavailableError(`${this.address} cannot be used: its connections were closed`);
  }

  close(): void {
    this.#isClosed = true;
    this.#transport.agent.destroy();
    this.#streams.agent.destroy();
  }
}

interface CallOptions {
  /** Milliseconds for which the call is repeated. */
  readonly patience?: number;
  /** True for an error that the caller wants as it is. */
  readonly passes?: (error: unknown) => boolean;
  /** False for a call that one server answers by what it knows itself. */
  readonly reads?: boolean;
  /** Counts the requests that were made. */
  readonly sent?: Sent;
  /** True for an answer that counts only if the requests that are still under way bring no other. */
  readonly isDoubtful?: (answer: object) => boolean;
}

interface Sent {
  /** How many requests the server may have carried out, though nothing came that says so. */
  unanswered: number;
}

function none(): boolean {
  return false;
}

export function toRevision(value: unknown): bigint | null {
  return typeof value === 'string' && /^\d{1,19}$/.test(value) ? BigInt(value) : null;
}
