import {
  EngineDeniedError,
  EngineUnavailableError,
  type KernelIdentityError,
  withCode,
} from '../../errors.js';
import { formatElapsed } from '../../text/elapsed.js';
import { oneLine } from '../../text/one-line.js';
import { adviceOn, isFull, NO_ETCD, NO_ETCD_ADVICE } from './advice.js';
import {
  FAILED_PRECONDITION,
  INVALID_ARGUMENT,
  NOT_FOUND,
  PERMISSION_DENIED,
  RESOURCE_EXHAUSTED,
  UNAUTHENTICATED,
} from './grpc-codes.js';
import type { Answer } from './post.js';

/** Errors of node:tls by which no server of the cluster will be trusted at the next try either. */
const TLS_ERROR = /^(?:ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_)/;

/** Errors of node:tls where the server speaks no TLS, which is no refusal of this client. */
const NO_TLS = /^ERR_SSL_(?:WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)$/;

/** Characters of an answer that an error keeps. */
const MAX_WORDS = 300;

/** etcd's own answer to a request that it does not carry out. */
export class Refusal extends Error {
  /** A code of gRPC. */
  readonly grpc: number;

  constructor(grpc: number, words: string) {
    super(words);
    this.grpc = grpc;
  }
}

/** A request that no server of the cluster will ever carry out, in words for people. */
export class Hopeless extends Error {
  readonly isDenied: boolean;

  constructor(words: string, isDenied: boolean) {
    super(words);
    this.isDenied = isDenied;
  }
}

/**
 * The JSON of an answer.
 * @throws Refusal, Hopeless, and Error for what a proxy or another program answers.
 */
export function readAnswer({ status, text }: Answer): Record<string, unknown> {
  const json = parse(text);
  if (json === null) throw notJson(status, text);
  if (status === 200 && json.error === undefined) return json;
  throw refusalOf(json, status);
}

/** The refusal in an answer, or in a line of a watch. */
export function refusalOf(json: Record<string, unknown>, status: number): Error {
  // A stream wraps its error into an object.
  const inner = typeof json.error === 'object' && json.error !== null ? (json.error as typeof json) : json;
  const code = inner.code ?? inner.grpc_code;
  const words = String(inner.message ?? inner.error ?? `HTTP status ${status}`).slice(0, MAX_WORDS);
  return typeof code === 'number' ? new Refusal(code, words) : noEtcd(words);
}

export function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function notJson(status: number, text: string): Error {
  const words = text.trim().slice(0, MAX_WORDS);
  if (/CommonName of client/.test(text)) {
    return new Hopeless(
      'etcd takes no client certificate with a CN at its JSON gateway while authentication is enabled; use one whose CN is empty, and a user with a password',
      true,
    );
  }
  if (status === 404) {
    return new Hopeless(
      'the server has no JSON gateway at /v3: set enable-grpc-gateway: true (etcd 3.4 with --config-file leaves it off), or this is no etcd 3.4 or later',
      false,
    );
  }
  if (/HTTP request to an HTTPS server/.test(text)) {
    return new Hopeless('the server wants TLS: write etcds:// or give the option tls', false);
  }
  return noEtcd(`HTTP status ${status}: ${words === '' ? 'an empty answer' : words}`);
}

/** The error for what etcd never answers. */
function noEtcd(words: string): Error {
  return withCode(new Error(words), NO_ETCD);
}

/** True for an answer that says "authenticate again": the token has run out, or the server has forgotten it. */
export function isTokenOver(error: unknown): boolean {
  return error instanceof Refusal && error.grpc === UNAUTHENTICATED;
}

/** True for an error that every server gives, and every repetition. */
export function isFinal(error: unknown): boolean {
  if (error instanceof Hopeless) return true;
  if (error instanceof Refusal) {
    // A server that is asked too much has the same code as one whose database is full, and recovers.
    if (error.grpc === RESOURCE_EXHAUSTED) return isFull(error.message);
    return [INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED, FAILED_PRECONDITION, UNAUTHENTICATED].includes(
      error.grpc,
    );
  }
  return TLS_ERROR.test(codeOf(error)) && !isTransient(error);
}

/** A server that stops in the middle of a handshake. */
function isTransient(error: unknown): boolean {
  return codeOf(error) === 'ERR_TLS_HANDSHAKE_TIMEOUT';
}

function codeOf(error: unknown): string {
  const { code } = Object(error) as { code?: unknown };
  return typeof code === 'string' ? code : '';
}

/**
 * The error that a caller of this package gets.
 * @param triedMs for how long the call was repeated.
 */
export function errorOf(error: unknown, address: string, triedMs = 0): KernelIdentityError {
  const words = wordsOf(error);
  const grpc = error instanceof Refusal ? error.grpc : null;
  const isTls = address.startsWith('etcds://');
  const advice = adviceOn({ code: codeOf(error), grpc, words, isTls });
  const options = { cause: error };
  if (isDenied(error))
    return new EngineDeniedError(`${address} refuses this client: ${words}${advice}`, options);
  const time = triedMs < 1_000 ? '' : `, tried for ${formatElapsed(triedMs)}`;
  return new EngineUnavailableError(`${address} cannot be used: ${words}${time}${advice}`, options);
}

/** The error for an answer that etcd never gives. @param what stands after "it answered". */
export function nonsense(address: string, what: string): EngineUnavailableError {
  return new EngineUnavailableError(`${address} cannot be used: it answered ${what}; ${NO_ETCD_ADVICE}`);
}

/** What the words of an error are, in one line. */
function wordsOf(error: unknown): string {
  if (error instanceof Hopeless) return error.message;
  // Node gives no message where several addresses of one host have failed.
  const { message, code } = Object(error) as { message?: unknown; code?: unknown };
  const words = String(message || code || error);
  // OpenSSL puts the places of its own code around what has happened.
  const reason = /\berror:[\dA-F]+:[^:]*:[^:]*:([^:]+)/.exec(words)?.[1];
  return oneLine(reason === undefined ? words : `TLS: ${reason}`);
}

function isDenied(error: unknown): boolean {
  if (error instanceof Hopeless) return error.isDenied;
  if (error instanceof Refusal) {
    const isAuth =
      error.grpc === INVALID_ARGUMENT && /user name|authentication failed|password/.test(error.message);
    return isAuth || [PERMISSION_DENIED, UNAUTHENTICATED].includes(error.grpc);
  }
  const code = codeOf(error);
  return TLS_ERROR.test(code) && !NO_TLS.test(code);
}
