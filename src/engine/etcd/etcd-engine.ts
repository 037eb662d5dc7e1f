import { newBootTime } from '../../backend/boot-clock.js';
import { Fields } from '../../text/json-fields.js';
import { shellQuoted } from '../../text/shell-quote.js';
import type { Change, Engine, EngineWatch, Entry, Lease, LeaseState, Line, Watched } from '../engine.js';
import { isFinal, Refusal } from './answers.js';
import { byAge, EntryReader, listIn, rangesIn } from './entry-reader.js';
import { Gateway, toRevision } from './gateway.js';
import { NOT_FOUND } from './grpc-codes.js';
import { EtcdLease } from './lease.js';
import type { CheckedOptions } from './options.js';
import { encode, removalOf } from './removal.js';

/** Most entries at the head of a line that are read at once. */
const HEAD = 8;
const MS_PER_SECOND = 1_000;
/** Seconds; the timers of Node know no longer time. */
const MAX_GRANT = 2_000_000;
/** Most operations in a transaction: etcd takes 128 by default. */
const MAX_OPERATIONS = 100;
/** Entries that one call reads of all locks. */
const PAGE = 1_000;

const ASCENDING = { sort_order: 'ASCEND', sort_target: 'CREATE' };
const DESCENDING = { sort_order: 'DESCEND', sort_target: 'CREATE' };

/**
 * Locks in etcd, in the layout of Go's package clientv3/concurrency: an entry's key is `<prefix><name>/<lease in
 * hexadecimal>`, and the entry with the lowest create_revision holds the lock. So `etcdctl lock <prefix><name>` and
 * programs in Go wait for the same locks.
 */
export class EtcdEngine implements Engine {
  readonly address: string;
  readonly prefix: string;
  readonly #options: CheckedOptions;
  readonly #gateway: Gateway;
  readonly #reader: EntryReader;
  readonly #leases = new Set<EtcdLease>();

  constructor(options: CheckedOptions) {
    const { endpoints, prefix } = options;
    const scheme = endpoints[0]?.protocol === 'https:' ? 'etcds' : 'etcd';
    const hosts = endpoints.map(
      ({ hostname, port }) => `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`,
    );
    this.address = `${scheme}://${hosts.join(',')}/${prefix}`;
    this.prefix = prefix;
    this.#options = options;
    this.#gateway = new Gateway(this.address, options);
    this.#reader = new EntryReader(this.address);
    this.#gateway.onToken = (token) => {
      for (const lease of this.#leases) lease.setToken(token);
    };
  }

  keyOf(name: string, { id }: Lease): string {
    return `${this.#lineOf(name)}${BigInt(id).toString(16)}`;
  }

  nameOf(key: string): string {
    return key.slice(this.prefix.length, key.lastIndexOf('/'));
  }

  deletingCommand(key: string): string {
    return `etcdctl del ${shellQuoted(key)}`;
  }

  onEnd(ended: (how: string) => void): void {
    this.#gateway.onRestored = ({ message }) => ended(message);
  }

  async grant(ttlMs: number): Promise<Lease> {
    const sentAt = newBootTime();
    const wanted = String(Math.ceil(ttlMs / MS_PER_SECOND));
    // A repeated grant may leave a lease behind that nobody uses, which ends by itself.
    const answer = await this.#gateway.call('/lease/grant', { TTL: wanted }, { reads: false });
    const id = answer.get('ID');
    const ttl = Number(answer.get('TTL'));
    if (toRevision(id) === null || !(ttl > 0 && ttl <= MAX_GRANT))
      throw this.#reader.nonsense('a grant without a lease');
    const { token, cluster } = this.#gateway;
    const granted = { id: id as string, ttlMs: ttl * MS_PER_SECOND, sentAt, token, cluster };
    const lease = new EtcdLease(granted, this.#options, () => {
      // Any call that needs a token gets a new one.
      this.stateOf(lease.id).catch(() => {});
    });
    this.#leases.add(lease);
    return lease;
  }

  async revoke(lease: Lease): Promise<void> {
    lease.stop();
    this.#leases.delete(lease as EtcdLease);
    const options = { passes: isNotFound, reads: false };
    await this.#gateway.call('/lease/revoke', { ID: lease.id }, options).catch(nullIfNotFound);
  }

  async stateOf(lease: string): Promise<LeaseState | null> {
    const answer = await this.#timeToLive({ ID: lease });
    const left = Number(answer.get('TTL') ?? 0);
    const granted = Number(answer.get('grantedTTL') ?? 0);
    if (!Number.isSafeInteger(left) || !Number.isSafeInteger(granted))
      throw this.#reader.nonsense('a lease without a time');
    return left < 0 ? null : { leftMs: left * MS_PER_SECOND, ttlMs: granted * MS_PER_SECOND };
  }

  async #timeToLive(request: { readonly ID: string; readonly keys?: boolean }): Promise<Fields> {
    const answer = await this.#gateway.call('/lease/timetolive', request, { reads: false });
    if (answer.get('ID') !== request.ID) throw this.#reader.nonsense('nothing of the lease');
    return answer;
  }

  async entriesOf(lease: string): Promise<readonly Entry[] | null> {
    const answer = await this.#timeToLive({ ID: lease, keys: true });
    if (Number(answer.get('TTL') ?? 0) < 0) return null;
    const keys = listIn(answer, 'keys');
    const entries: Entry[] = [];
    for (let first = 0; first < keys.length; first += MAX_OPERATIONS) {
      const page = keys.slice(first, first + MAX_OPERATIONS).map((key) => ({ request_range: { key } }));
      entries.push(
        ...this.#reader.lineIn(await this.#gateway.call('/kv/txn', { success: page }), page.length).entries,
      );
    }
    return entries;
  }

  async publish(
    name: string,
    lease: Lease,
    text: string,
  ): Promise<{ mine: Entry; first: Pick<Entry, 'token'> } | null> {
    const line = this.#lineOf(name);
    const key = this.keyOf(name, lease);
    // The record of the first would have to be read only where another is first, and that one is then listed.
    const first = { request_range: { ...rangeOf(line), ...ASCENDING, limit: '1', keys_only: true } };
    const encoded = encode(key);
    const put = { key: encoded, value: encode(text), lease: lease.id };
    const request = {
      compare: [{ key: encoded, target: 'CREATE', create_revision: '0', result: 'EQUAL' }],
      success: [{ request_put: put }, first],
      failure: [{ request_range: { key: encoded } }, first],
    };
    const answer = await this.#gateway.call('/kv/txn', request, { passes: isNotFound }).catch(nullIfNotFound);
    if (answer === null) return null;
    const [, head] = rangesIn(answer);
    const [oldest] = head == null ? [] : this.#reader.entriesIn(head);
    const revision = new Fields(Object(answer.get('header')) as object).get('revision');
    const made: Entry = {
      ...{ key, text, lease: lease.id },
      ...{ token: String(revision), version: String(revision) },
    };
    const [found] = hasSucceeded(answer) ? [made] : this.#reader.entriesIn(rangesIn(answer)[0] ?? answer);
    if (toRevision(revision) === null || found === undefined || oldest === undefined)
      throw this.#reader.nonsense('a line without an entry');
    return { mine: found, first: oldest };
  }

  async list(name: string, upTo?: string): Promise<Line> {
    const line = rangeOf(this.#lineOf(name));
    const until = upTo === undefined ? {} : { max_create_revision: upTo };
    const head = { request_range: { ...line, ...until, ...ASCENDING, limit: String(HEAD) } };
    const tail = { request_range: { ...line, ...until, ...DESCENDING, limit: '2' } };
    const success = upTo === undefined ? [head] : [head, tail];
    return this.#reader.lineIn(await this.#gateway.call('/kv/txn', { success }), success.length);
  }

  async listAll(): Promise<Line> {
    const { range_end, ...start } = rangeOf(this.prefix);
    let { key } = start;
    let position: string | null = null;
    const entries: Entry[] = [];
    for (;;) {
      // All pages are of one state, so that no entry is missed that moves from one to the next.
      const page = { key, range_end, limit: String(PAGE), revision: position ?? '0' };
      const answer = await this.#gateway.call('/kv/txn', { success: [{ request_range: page }] });
      const line = this.#reader.lineIn(answer);
      position ??= line.position;
      entries.push(...line.entries);
      const found = listIn(rangesIn(answer)[0] ?? answer, 'kvs');
      if (found.length < PAGE) return { entries: entries.sort(byAge), position };
      key = afterKey(new Fields(Object(found.at(-1)) as object).get('key'));
    }
  }

  async read(key: string): Promise<Entry | null> {
    const one = { request_range: { key: encode(key) } };
    const { entries } = this.#reader.lineIn(await this.#gateway.call('/kv/txn', { success: [one] }));
    return entries[0] ?? null;
  }

  async removeIf(entry: Pick<Entry, 'key' | 'version'>): Promise<boolean | null> {
    const sent = { unanswered: 0 };
    // Where a server is slow, another is asked too, and finds nothing when the first one has done the work.
    const isDoubtful = (answer: object) => !hasSucceeded(new Fields(answer));
    const answer = await this.#gateway.call('/kv/txn', removalOf(entry), { sent, isDoubtful });
    if (hasSucceeded(answer)) return true;
    return sent.unanswered === 0 ? false : null;
  }

  watch(what: Watched, from: string, changed: (change: Change | null) => void): EngineWatch {
    const range =
      what === 'all'
        ? rangeOf(this.prefix)
        : 'name' in what
          ? rangeOf(this.#lineOf(what.name))
          : { key: encode(what.key) };
    const start = String(BigInt(from) + 1n);
    const close = this.#gateway.stream(
      '/watch',
      { create_request: { ...range, start_revision: start } },
      (result) => {
        // A watch from a state that was compacted away is cancelled, and the caller then looks itself.
        if (result.get('canceled') === true) changed(null);
        else if (listIn(result, 'events').length > 0) changed(this.#reader.changeIn(result));
      },
      () => changed(null),
    );
    return { close };
  }

  unavailable(waitedMs: number): Error {
    return this.#gateway.unavailable(waitedMs);
  }

  close(): void {
    for (const lease of this.#leases) lease.stop();
    this.#gateway.close();
  }

  #lineOf(name: string): string {
    return `${this.prefix}${name}/`;
  }
}

function hasSucceeded(answer: Fields): boolean {
  return answer.get('succeeded') === true;
}

function isNotFound(error: unknown): boolean {
  return error instanceof Refusal && error.grpc === NOT_FOUND && isFinal(error);
}

/** @throws any other error. */
function nullIfNotFound(error: unknown): null {
  if (isNotFound(error)) return null;
  throw error;
}

/** All keys that begin with a text, as etcd wants a range: up to the next text of the same length. */
function rangeOf(prefix: string): { key: string; range_end: string } {
  const end = Buffer.from(prefix);
  // A prefix ends with a slash, so its last byte has a successor.
  end[end.length - 1] = (end.at(-1) as number) + 1;
  return { key: encode(prefix), range_end: end.toString('base64') };
}

/** The first key that can follow one. It is made from bytes, because a stranger's key need not be a text. */
function afterKey(key: unknown): string {
  return Buffer.concat([Buffer.from(String(key), 'base64'), Buffer.of(0)]).toString('base64');
}
