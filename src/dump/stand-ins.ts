// A stand-in takes the place of a name in a redacted dump: `host-1`, `path-2`. Equal names get equal ones, so that a reader
// still sees what belongs together.
import { basename, dirname } from 'node:path';
import { SHORT_CONTAINER_ID } from '../identity/container-id.js';

/** What a name is a name of. */
export type Kind =
  | 'boot'
  | 'command'
  | 'container'
  | 'domain'
  | 'file'
  | 'filesystem'
  | 'host'
  | 'id'
  | 'label'
  | 'lifeline'
  | 'machine'
  | 'path'
  | 'user';

/**
 * Names of two or more characters that are not all digits. Any other name is replaced only where it is the whole value,
 * because inside a text one character or a number occurs by accident. So does the name of the superuser.
 */
const DISTINCTIVE = /^(?!\d+$)(?!root$)../;

/** Ends of file names that say what kind of lock a file is, and of nobody whose. */
const LOCK_ENDING = /\.(?:lock|lck|pid|json)$/i;

/** The address of a lock on an engine: scheme, servers, path. */
const ADDRESS = /^([a-z]+:\/\/)([^/]+)(\/.*)$/;

/** The host in `host:2379` and `[::1]:2379`. */
const HOST_OF = /(?<=^\[)[^\]]+|^[^:[]+/;

/** The user in the path of a home directory. */
const HOME_OF = /\/(?:home|Users)\/([^/\s'"]+)/g;

/**
 * What is replaced in a text although it was not learnt: paths, in quotes or up to a space or a mark, but for those of the
 * kernel and of container runtimes; addresses of IPv4 and IPv6; UUIDs; nonces and the ids of machines and containers.
 */
const UNLEARNT = [
  "(?<=')/[^']+(?=')",
  '(?<=")/[^"]+(?=")',
  '(?<![\\w.~\'"/-])/(?!(?:proc|sys|dev)/|\\.dockerenv|run/(?:\\.containerenv|secrets/kubernetes\\.io|host/container-manager))[^\\s\'"(),;:]+',
  '(?<![\\w.])(?:\\d{1,3}\\.){3}\\d{1,3}(?!\\w|\\.\\w)',
  '(?<![\\w:])(?:(?:[\\da-f]{1,4}:){7}[\\da-f]{1,4}|(?:[\\da-f]{1,4}:)*:(?::?[\\da-f]{1,4})+)(?![\\w:])',
  '(?<![\\da-f])[\\da-f]{8}(?:-[\\da-f]{4}){3}-[\\da-f]{12}(?![\\da-f])',
  '(?<![\\da-z])(?:[\\da-f]{64}|[\\da-f]{32})(?![\\da-z])',
];

export class StandIns {
  readonly #counts = new Map<string, number>();
  /** The keys are in lower case, because host names are compared so. */
  readonly #words = new Map<string, string>();
  #pattern: RegExp | undefined;

  /** The stand-in of a name. */
  of(kind: Kind, name: string): string {
    if (name === '') return name;
    const known = this.#words.get(name.toLowerCase());
    if (known !== undefined) return known;
    const address = kind === 'path' ? ADDRESS.exec(name) : null;
    if (address !== null) return this.#ofAddress(name, address);
    if (kind === 'path') return this.#ofPath(name);
    return this.#learn(
      name,
      kind === 'file' ? this.#next('name', LOCK_ENDING.exec(name)?.[0]) : this.#next(kind),
    );
  }

  /** Learns a name that texts may hold, and those that follow from it. */
  learn(kind: Kind, name: string): void {
    const word = this.of(kind, name);
    if (kind === 'host') {
      const [short = '', ...domain] = name.split('.');
      if (domain.length > 0) this.#learnAlso(short, word);
      for (let rest = domain; rest.length > 1; rest = rest.slice(1)) this.of('domain', rest.join('.'));
    }
    // Docker names a container's host after the beginning of the container's id.
    if (kind === 'container') this.#learnAlso(name.slice(0, SHORT_CONTAINER_ID), word);
    for (const [, user] of name.matchAll(HOME_OF)) this.of('user', user as string);
  }

  /** The text with every name that was learnt, and every path and long id, replaced. */
  inText(text: string): string {
    this.#pattern ??= patternOf(this.#words.keys());
    return (
      this.#words.get(text.toLowerCase()) ??
      text.replace(this.#pattern, (name) => this.of(kindOf(name), name))
    );
  }

  /** The address of all locks of the engine is learnt too, because its errors name that. */
  #ofAddress(address: string, [, scheme = '', servers = '', path = '']: RegExpExecArray): string {
    const places = servers.split(',').map((server) =>
      server.replace(HOST_OF, (host) => {
        this.learn('host', host);
        return this.of('host', host);
      }),
    );
    const word = `${scheme}${places.join(',')}${this.#ofPath(path)}`;
    const all = address.slice(0, address.lastIndexOf('/') + 1);
    this.#learnAlso(all, word.slice(0, word.lastIndexOf('/') + 1));
    return this.#learn(address, word);
  }

  #ofPath(path: string): string {
    const directory = dirname(path);
    const name = this.of('file', basename(path));
    if (directory === '.') return name;
    const word =
      this.#words.get(`${directory.toLowerCase()}/`) ??
      this.#learn(`${directory}/`, `/${this.#next('path')}/`);
    return this.#learn(path, `${word}${name}`);
  }

  #next(kind: string, ending = ''): string {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    return kind === 'lifeline' ? `lifeline:${count}` : `${kind}-${count}${ending}`;
  }

  #learnAlso(name: string, word: string): void {
    if (!this.#words.has(name.toLowerCase())) this.#learn(name, word);
  }

  #learn(name: string, word: string): string {
    this.#words.set(name.toLowerCase(), word);
    this.#pattern = undefined;
    return word;
  }
}

/** What a name is that stands in a text and was not learnt. */
function kindOf(name: string): Kind {
  if (name.startsWith('/')) return 'path';
  if (name.includes('-')) return 'boot';
  return /[.:]/.test(name) ? 'host' : 'id';
}

/** The longest name comes first, because a name may begin like another one. */
function patternOf(names: Iterable<string>): RegExp {
  const learnt = [...names].filter((name) => DISTINCTIVE.test(name)).sort((a, b) => b.length - a.length);
  const named = learnt.map((name) => `(?<![A-Za-z0-9])${escaped(name)}(?![A-Za-z0-9])`);
  return new RegExp([...named, ...UNLEARNT].join('|'), 'gi');
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
