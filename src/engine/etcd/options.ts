import { invalidArgument, invalidType, invalidValue, unknownKey } from '../../errors.js';
import { checkBoolean } from '../../judge/options.js';
import { type OptionNames, requireOptions } from '../../known-options.js';
import { MAX_SETTLE } from '../../record/parse.js';
import { oneLine } from '../../text/one-line.js';
import type { Endpoint, TlsOptions } from './post.js';

export interface EtcdOptions {
  /**
   * The servers of the cluster, such as `https://etcd-1:2379`. Without a scheme it is http, or https where `tls` is
   * given. The port is 2379 where none is given.
   */
  readonly endpoints: readonly string[];
  /** What the names of all locks begin with in etcd. It ends with a slash. Default `locks/`. */
  readonly prefix?: string | undefined;
  /**
   * Milliseconds after which the locks of a process fall that nobody can prove to be dead. It is renewed three times in
   * that time. Default 30 000, 2 000 to 86 400 000 (a day).
   */
  readonly ttl?: number | undefined;
  readonly tls?: TlsOptions | undefined;
  /** A user of etcd, where its authentication is enabled. */
  readonly auth?: { readonly username: string; readonly password: string } | undefined;
  /**
   * Milliseconds for which the lock of a dead owner is kept after its death was seen: what the owner had sent may still
   * be on its way. Default 0.
   */
  readonly settle?: number | undefined;
  /**
   * True: an owner with this machine's boot id ran on this very kernel, so that a free lifeline is its death though this
   * process never saw it held. Default false: two copies of one virtual machine have the same boot id.
   */
  readonly trustBootId?: boolean | undefined;
}

const OPTIONS = {
  endpoints: true,
  prefix: true,
  ttl: true,
  tls: true,
  auth: true,
  settle: true,
  trustBootId: true,
} satisfies OptionNames<EtcdOptions>;

/** The options beside an address, which carries the others. */
export type OptionsAtAddress = Omit<EtcdOptions, 'endpoints' | 'prefix'>;

const { endpoints: _, prefix: __, ...OPTIONS_AT_ADDRESS } = OPTIONS;

const TLS_OPTIONS = { ca: true, cert: true, key: true } satisfies OptionNames<TlsOptions>;
const AUTH_OPTIONS = { username: true, password: true } satisfies OptionNames<
  NonNullable<EtcdOptions['auth']>
>;

/** What a connection needs. */
export interface ClusterOptions {
  readonly endpoints: readonly Endpoint[];
  readonly tls: TlsOptions | undefined;
  readonly auth: { readonly username: string; readonly password: string } | undefined;
}

/** Options with all defaults. */
export interface CheckedOptions extends ClusterOptions {
  readonly prefix: string;
  readonly ttl: number;
  readonly settle: number;
  readonly trustBootId: boolean;
}

const DEFAULT_TTL = 30_000;
/** Milliseconds. */
export const MIN_TTL = 2_000;
export const MAX_TTL = 86_400_000;
const DEFAULT_PORT = '2379';

/** @throws TypeError: ERR_INVALID_ARG_TYPE unless it is an object, ERR_INVALID_ARG_VALUE for an unknown option. */
export function checkOptionsAtAddress(options: OptionsAtAddress): void {
  for (const name of ['endpoints', 'prefix']) {
    if ((Object(options) as Record<string, unknown>)[name] === undefined) continue;
    throw unknownKey(
      `unknown option "${name}": the address carries it, as in etcd://HOST:2379,HOST:2379/PREFIX/; etcd() takes it as an option`,
    );
  }
  requireOptions(options, OPTIONS_AT_ADDRESS);
}

/** @throws TypeError (ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE), RangeError (ERR_OUT_OF_RANGE). */
export function checkEtcdOptions(options: EtcdOptions): CheckedOptions {
  requireOptions(options, OPTIONS);
  const {
    endpoints,
    prefix = 'locks/',
    ttl = DEFAULT_TTL,
    tls,
    auth,
    settle = 0,
    trustBootId = false,
  } = options;
  if (!Array.isArray(endpoints)) throw invalidType('endpoints', 'an array of at least one server', endpoints);
  if (endpoints.length === 0) throw invalidValue('endpoints', 'at least one server', 'an empty array');
  if (typeof prefix !== 'string') throw invalidType('prefix', 'a string', prefix);
  if (!isPrefix(prefix)) {
    throw invalidValue('prefix', 'a name that ends with a slash', JSON.stringify(prefix));
  }
  if (typeof ttl !== 'number') throw invalidType('ttl', 'a number of milliseconds', ttl);
  if (!(ttl >= MIN_TTL && ttl <= MAX_TTL))
    throw invalidValue('ttl', `${MIN_TTL} to ${MAX_TTL} milliseconds`, ttl);
  if (typeof settle !== 'number') throw invalidType('settle', 'a number of milliseconds', settle);
  if (!(settle >= 0 && settle <= MAX_SETTLE)) {
    throw invalidValue('settle', `0 to ${MAX_SETTLE} milliseconds`, settle);
  }
  checkBoolean('trustBootId', trustBootId);
  checkTls(tls);
  checkAuth(auth);
  const all = endpoints.map((one) => toEndpoint(one, tls !== undefined));
  if (new Set(all.map(({ protocol }) => protocol)).size > 1) {
    throw invalidValue('endpoints', 'all with TLS or all without', endpoints.join(', '));
  }
  // Whoever gives certificates must not send a password to whatever program answers in clear text.
  if (tls !== undefined && all.some(({ protocol }) => protocol === 'http:')) {
    throw invalidValue('endpoints', 'addresses with https, because tls is given', endpoints.join(', '));
  }
  return { endpoints: all, prefix, ttl, tls, auth, settle, trustBootId };
}

/** An option of node:tls that is not known here could turn the verification off. */
function checkTls(tls: EtcdOptions['tls']): void {
  if (tls === undefined) return;
  if (typeof tls !== 'object' || tls === null || Array.isArray(tls)) {
    throw invalidType('tls', 'an object with the texts ca, cert and key', tls);
  }
  requireOptions(tls, TLS_OPTIONS);
  for (const [name, value] of Object.entries(tls)) {
    if (value === undefined) continue;
    const isText = typeof value === 'string' || Buffer.isBuffer(value);
    if (!isText) throw invalidType(`tls.${name}`, 'a text in PEM', value);
    if (!value.includes('-----BEGIN ')) throw invalidValue(`tls.${name}`, 'a text in PEM', 'another text');
  }
  if ((tls.cert === undefined) !== (tls.key === undefined)) {
    throw unknownKey('options tls.cert and tls.key go together: give both, or neither');
  }
  try {
    // A server would be asked again and again with a pair that does not fit. The module is loaded only here.
    process.getBuiltinModule('node:tls').createSecureContext(tls);
  } catch (error) {
    const words = oneLine((error as Error).message);
    throw unknownKey(
      `option 'tls' cannot be used: ${words}; the key must be that of the certificate, and have no passphrase`,
    );
  }
}

function checkAuth(auth: EtcdOptions['auth']): void {
  if (auth === undefined) return;
  const { username, password } = Object(auth) as { username?: unknown; password?: unknown };
  if (typeof username !== 'string' || typeof password !== 'string') {
    throw invalidType('auth', 'an object with the strings username and password', auth);
  }
  requireOptions(auth, AUTH_OPTIONS);
  // The usual mistake, which the server can only call a wrong password.
  if (/[\r\n]$/.test(password)) {
    throw invalidValue('auth.password', 'one without the line end of its file', 'one with it');
  }
}

function toEndpoint(text: unknown, isTls: boolean): Endpoint {
  if (typeof text !== 'string') throw invalidType('endpoints', 'an array of strings', text);
  if (text.includes('@')) throw secretInAddress();
  const endpoint = endpointIn(text, isTls);
  if (endpoint !== null) return endpoint;
  throw invalidValue('endpoints', 'addresses such as https://etcd-1:2379', JSON.stringify(text));
}

/** null for what is no host, with or without a scheme and a port. */
export function endpointIn(text: string, isTls: boolean): Endpoint | null {
  const whole = /^https?:\/\//.test(text) ? text : `${isTls ? 'https' : 'http'}://${text}`;
  const url = URL.canParse(whole) ? new URL(whole) : null;
  const isBare = url !== null && url.pathname === '/' && url.search === '' && url.hash === '';
  // A colon without a port is what is left of a scheme, as in etcd://http://host/.
  if (url === null || !isBare || url.hostname === '' || text.endsWith(':')) return null;
  const protocol = url.protocol === 'https:' ? 'https:' : 'http:';
  // Node takes an IPv6 address without its brackets.
  return { protocol, hostname: url.hostname.replace(/^\[(.*)\]$/, '$1'), port: portOf(text, url) };
}

/** True for what the names of all locks may begin with. */
export function isPrefix(text: string): boolean {
  return /^[\w./:+-]{0,500}\/$/.test(text) && !text.includes('//');
}

/** URL leaves out the port that its scheme has by default, though 80 was meant as 80. */
function portOf(text: string, { port, protocol }: URL): string {
  if (port !== '') return port;
  const isGiven = /:\d+\/?$/.test(text);
  return isGiven ? (protocol === 'https:' ? '443' : '80') : DEFAULT_PORT;
}

/** A password in an address would stand in process lists, logs and messages. */
export function secretInAddress(): TypeError {
  return invalidArgument(
    'an address holds no user and no password; give them as the option auth, or by the environment',
  );
}
