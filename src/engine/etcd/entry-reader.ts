import type { EngineUnavailableError } from '../../errors.js';
import { Fields } from '../../text/json-fields.js';
import type { Change, Entry, Line } from '../engine.js';
import { nonsense } from './answers.js';
import { toRevision } from './gateway.js';

/** Reads entries in the answers of a cluster. @throws each EngineUnavailableError for what etcd never answers. */
export class EntryReader {
  readonly #address: string;

  /** @param address for errors. */
  constructor(address: string) {
    this.#address = address;
  }

  /** All entries in the answer to a transaction that reads so many ranges. */
  lineIn(answer: Fields, asked = 1): Line {
    const position = new Fields(Object(answer.get('header')) as object).get('revision');
    const ranges = rangesIn(answer).filter((range) => range !== null);
    if (toRevision(position) === null || ranges.length < asked) throw this.nonsense('less than it was asked');
    const byKey = new Map<string, Entry>();
    for (const range of ranges) {
      for (const entry of this.entriesIn(range)) byKey.set(entry.key, entry);
    }
    const entries = [...byKey.values()].sort(byAge);
    return { entries, position: position as string };
  }

  /** The entries in the answer to one range. */
  entriesIn(range: Fields): Entry[] {
    return listIn(range, 'kvs').map((value) => this.#entryIn(Object(value) as object));
  }

  #entryIn(kv: object): Entry {
    const fields = new Fields(kv);
    const [token, version] = [fields.get('create_revision'), fields.get('mod_revision')];
    if (toRevision(token) === null || toRevision(version) === null)
      throw this.nonsense('an entry without a revision');
    const lease = fields.get('lease');
    const isLease = typeof lease === 'string' && /^-?\d{1,19}$/.test(lease) && lease !== '0';
    return {
      key: textOf(fields.get('key')),
      text: textOf(fields.get('value') ?? ''),
      token: token as string,
      version: version as string,
      lease: isLease ? lease : null,
    };
  }

  /** @param what stands after "it answered". */
  nonsense(what: string): EngineUnavailableError {
    return nonsense(this.#address, what);
  }

  /** null for what cannot be read, so that the caller looks itself. */
  changeIn(result: Fields): Change | null {
    try {
      return listIn(result, 'events').map((value) => {
        const event = new Fields(Object(value) as object);
        const kv = Object(event.get('kv')) as object;
        if (event.get('type') === 'DELETE') return { removed: textOf(new Fields(kv).get('key')) };
        return { made: this.#entryIn(kv) };
      });
    } catch {
      return null;
    }
  }
}

export function byAge(a: Entry, b: Entry): number {
  return BigInt(a.token) < BigInt(b.token) ? -1 : 1;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString() : '';
}

export function listIn(fields: Fields, name: string): readonly unknown[] {
  const list = fields.get(name);
  return Array.isArray(list) ? list : [];
}

/** The answers to the ranges of a transaction; null for what was no range. */
export function rangesIn(answer: Fields): (Fields | null)[] {
  return listIn(answer, 'responses').map((one) => {
    const range = new Fields(Object(one) as object).get('response_range');
    return typeof range === 'object' && range !== null ? new Fields(range) : null;
  });
}
