import { Fields } from '../../text/json-fields.js';
import { parse } from './answers.js';
import type { Endpoint, Transport } from './post.js';

/** Most bytes of one line. */
const MAX_LINE = 16 * 1024 * 1024;

export interface StreamListener {
  /** Gets each answer. False: it is not wanted, and ends the stream. */
  readonly onAnswer: (result: Fields) => boolean;
  /** Called once, when no further answer will come. */
  readonly onEnd: () => void;
}

/**
 * Sends a request whose answer is a stream of JSON, a line each: a watch. It does not keep a program alive.
 * @param token what etcd gave for a password; null: none.
 * @returns ends the stream, without calling `onEnd`.
 */
export function openStream(
  { request, agent, tls }: Transport,
  { hostname, port }: Endpoint,
  path: string,
  body: string,
  token: string | null,
  { onAnswer, onEnd }: StreamListener,
): () => void {
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    sent.destroy();
    onEnd();
  };
  const take = (line: string) => {
    if (isOver || line === '') return;
    const result = parse(line)?.result;
    const isAnswer = typeof result === 'object' && result !== null;
    if (!isAnswer || !onAnswer(new Fields(result))) end();
  };
  const headers: Record<string, string | number> = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  };
  if (token !== null) headers.authorization = token;
  const sent = request(
    { ...tls, hostname, port, path: `/v3${path}`, method: 'POST', agent, headers },
    (answer) => {
      let rest = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => {
        const lines = (rest + part).split('\n');
        rest = lines.pop() as string;
        if (rest.length > MAX_LINE) end();
        for (const line of lines) take(line);
      });
      answer.on('end', end);
      answer.on('error', end);
      answer.on('aborted', end);
    },
  );
  sent.on('error', end);
  sent.end(body);
  sent.on('socket', (socket) => socket.unref());
  return () => {
    isOver = true;
    sent.destroy();
  };
}
