import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers a call of the gateway. undefined: never. */
export type Answers = (
  path: string,
  token: string | undefined,
  body: unknown,
) => Answered | undefined | Promise<Answered | undefined>;
type Answered = { status?: number; body: object };

const servers: Server[] = [];

/** Starts a server on loopback that answers like etcd, as far as a test needs it. Returns `host:port`. */
export async function fakeGateway(answers: Answers): Promise<string> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    const found = await answers(request.url ?? '', request.headers.authorization, JSON.parse(body));
    if (found === undefined) return;
    response.writeHead(found.status ?? 200, { 'content-type': 'application/json' });
    // A stream is read by lines.
    response.end(`${JSON.stringify(found.body)}\n`);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An operation of a transaction, as far as a test tells them apart. */
interface Operation {
  readonly request_put?: object;
  readonly request_delete_range?: object;
}

/** The first operation of a transaction that succeeds. It is empty where there is none. */
export function operationIn(body: unknown): Operation {
  return (body as { success?: Operation[] }).success?.[0] ?? {};
}

/** The answer to a transaction that has made this entry, which is the first of its line. */
export function madeFirst(header: object, entry: object): Answered {
  return { body: { header, succeeded: true, responses: [{}, { response_range: { kvs: [entry] } }] } };
}

/** Ends all servers; for afterEach. */
export function endGateways(): void {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
}
