/*
 * Requests to etcd's JSON gateway. The functions of this file use nothing from outside, because the thread that renews
 * leases gets their text: see beats.ts.
 */
import type { Agent, ClientRequest, IncomingMessage } from 'node:http';
import type { request as Request } from 'node:https';

/** One server of the cluster. */
export interface Endpoint {
  readonly protocol: 'http:' | 'https:';
  readonly hostname: string;
  readonly port: string;
}

/** How requests are sent: `request` of node:http or node:https, and what node:tls needs. */
export interface Transport {
  readonly request: typeof Request;
  readonly agent: Agent;
  readonly tls: TlsOptions;
}

/** The options of node:tls that etcd's users need. All are PEM texts. */
export interface TlsOptions {
  /** The certificates that may have signed that of the server. Default: those that Node trusts. */
  readonly ca?: string | Buffer | undefined;
  readonly cert?: string | Buffer | undefined;
  readonly key?: string | Buffer | undefined;
}

export interface Answer {
  /** HTTP status. */
  readonly status: number;
  readonly text: string;
}

/** Requests that are under way, and can be broken off. */
export type Requests = Set<Pick<ClientRequest, 'destroy'>>;

/**
 * Sends one request.
 * @param token what etcd gave for a password; null: none.
 * @param requests those to which this one belongs while it is under way.
 * @returns the answer, whatever its status.
 */
export function post(
  { request, agent, tls }: Transport,
  endpoint: Endpoint,
  path: string,
  body: string,
  token: string | null,
  timeoutMs: number,
  requests: Requests,
): Promise<Answer> {
  const MAX_BYTES = 32 * 1024 * 1024;
  return new Promise((resolve, reject) => {
    const { hostname, port } = endpoint;
    const headers: Record<string, string | number> = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    if (token !== null) headers.authorization = token;
    let timer: NodeJS.Timeout | undefined;
    const end = () => {
      clearTimeout(timer);
      requests.delete(sent);
    };
    const fail = (error: Error) => {
      end();
      reject(error);
    };
    const sent = request(
      { ...tls, hostname, port, path: `/v3${path}`, method: 'POST', agent, headers },
      (answer: IncomingMessage) => {
        // A decoder for each answer would make a lock take 15 us more.
        const parts: Buffer[] = [];
        let bytes = 0;
        answer.on('data', (part: Buffer) => {
          parts.push(part);
          bytes += part.length;
          if (bytes <= MAX_BYTES) return;
          fail(new Error(`an answer of more than ${MAX_BYTES} bytes`));
          answer.destroy();
        });
        answer.on('error', fail);
        answer.on('aborted', () => fail(new Error('the connection broke off')));
        answer.on('end', () => {
          end();
          resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString() });
        });
      },
    );
    // The whole request has to be over by then, while the timeout of a socket counts silence only.
    timer = setTimeout(
      () => sent.destroy(Object.assign(new Error(`no answer within ${timeoutMs} ms`), { code: 'ETIMEDOUT' })),
      timeoutMs,
    );
    sent.on('error', fail);
    requests.add(sent);
    sent.end(body);
  });
}

/**
 * Makes the same request at one server after the other: the next is asked when the one before has failed, or has not
 * answered for `pauseMs`. The first success counts, and the other requests are broken off. A set costs nothing here, while
 * an AbortController made a call 5 % slower.
 * @param first index of the server that is asked first.
 * @param isFinal true for an error that every server would answer.
 * @param isDoubtful true for a success that counts only if no other request that is under way brings a better one.
 */
export function hedged<T>(
  servers: number,
  first: number,
  pauseMs: number,
  attempt: (server: number, requests: Requests) => Promise<T>,
  isFinal: (error: unknown) => boolean,
  isDoubtful: (value: T) => boolean = () => false,
): Promise<{ readonly value: T; readonly server: number }> {
  return new Promise((resolve, reject) => {
    const requests: Requests = new Set();
    let doubtful: { readonly value: T; readonly server: number } | null = null;
    let started = 0;
    let open = 0;
    let isOver = false;
    let timer: NodeJS.Timeout | undefined;
    const end = (settle: () => void) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      settle();
      for (const request of requests) request.destroy();
    };
    const endWithout = (error: unknown) =>
      end(() => {
        if (doubtful === null) reject(error);
        else resolve(doubtful);
      });
    const next = () => {
      clearTimeout(timer);
      if (isOver || started === servers) return;
      const server = (first + started) % servers;
      started += 1;
      open += 1;
      attempt(server, requests).then(
        (value) => {
          open -= 1;
          if (open > 0 && isDoubtful(value)) doubtful = { value, server };
          else end(() => resolve({ value, server }));
        },
        (error: unknown) => {
          open -= 1;
          if (isFinal(error)) endWithout(error);
          else if (started < servers && doubtful === null) next();
          else if (open === 0) endWithout(error);
        },
      );
      if (started < servers) timer = setTimeout(next, pauseMs);
    };
    next();
  });
}
