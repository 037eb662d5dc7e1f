import { EngineDeniedError, EngineUnavailableError, type KernelIdentityError } from '../../errors.js';
import type { Answer } from './post.js';

/** Codes of gRPC (https://grpc.github.io/grpc/core/md_doc_statuscodes.html) that etcd answers with. */
const INVALID_ARGUMENT = 3;
export const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const FAILED_PRECONDITION = 9;
const UNAUTHENTICATED = 16;

/** Errors of node:tls by which no server of the cluster will be trusted at the next try either. */
const TLS_ERROR = /^(?:ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_)/;

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
  const words = String(inner.message ?? inner.error ?? `HTTP status ${status}`).slice(0, 300);
  return typeof code === 'number' ? new Refusal(code, words) : new Error(words);
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
  const words = text.trim().slice(0, 200);
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
  return new Error(`HTTP status ${status}: ${words === '' ? 'an empty answer' : words}`);
}

/** True for an answer that says "authenticate again": the token has run out, or the server has forgotten it. */
export function isTokenOver(error: unknown): boolean {
  return error instanceof Refusal && error.grpc === UNAUTHENTICATED;
}

/** True for an error that every server gives, and every repetition. */
export function isFinal(error: unknown): boolean {
  if (error instanceof Hopeless) return true;
  if (error instanceof Refusal) {
    return [
      INVALID_ARGUMENT,
      NOT_FOUND,
      PERMISSION_DENIED,
      RESOURCE_EXHAUSTED,
      FAILED_PRECONDITION,
      UNAUTHENTICATED,
    ].includes(error.grpc);
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

/** The error that a caller of this package gets. */
export function errorOf(error: unknown, address: string): KernelIdentityError {
  const words = error instanceof Error ? error.message : String(error);
  const options = { cause: error };
  if (isDenied(error))
    return new EngineDeniedError(`${address} refuses this client: ${denialOf(error, words)}`, options);
  return new EngineUnavailableError(`${address} cannot be used: ${words}`, options);
}

function isDenied(error: unknown): boolean {
  if (error instanceof Hopeless) return error.isDenied;
  if (error instanceof Refusal) {
    const isAuth =
      error.grpc === INVALID_ARGUMENT && /user name|authentication failed|password/.test(error.message);
    return isAuth || [PERMISSION_DENIED, UNAUTHENTICATED].includes(error.grpc);
  }
  return TLS_ERROR.test(codeOf(error));
}

function denialOf(error: unknown, words: string): string {
  if (error instanceof Refusal && /user name is empty/.test(words)) {
    return `${words}; give a user and a password`;
  }
  if (error instanceof Refusal && error.grpc === PERMISSION_DENIED) {
    return `${words}; its role needs to read and write the prefix`;
  }
  return words;
}
