// Stands in for the package ioredis, as far as the documentation calls it, with a real server on a Unix socket: SOCKET.
import { once } from 'node:events';
import { createConnection } from 'node:net';

export default class Redis {
  #socket = createConnection(process.env.SOCKET);

  constructor() {
    this.#socket.unref();
  }

  set(...words) {
    return this.#ask('SET', ...words);
  }

  get(...words) {
    return this.#ask('GET', ...words);
  }

  del(...words) {
    return this.#ask('DEL', ...words);
  }

  eval(...words) {
    return this.#ask('EVAL', ...words);
  }

  /** Sends one command, and reads its answer: https://redis.io/docs/latest/develop/reference/protocol-spec/. */
  async #ask(...words) {
    const parts = words.map((word) => `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`);
    this.#socket.write(`*${words.length}\r\n${parts.join('')}`);
    let text = '';
    for (;;) {
      text += (await once(this.#socket, 'data'))[0];
      const answer = parseAnswer(text);
      if (answer instanceof Error) throw answer;
      if (answer !== undefined) return answer;
    }
  }
}

/** undefined while the answer is not whole. */
function parseAnswer(text) {
  const end = text.indexOf('\r\n');
  if (end < 0) return undefined;
  const first = text.slice(1, end);
  if (text[0] === '-') return new Error(first);
  if (text[0] === ':') return Number(first);
  if (text[0] === '+') return first;
  if (first === '-1') return null;
  const rest = text.slice(end + 2);
  return rest.length < Number(first) + 2 ? undefined : rest.slice(0, Number(first));
}
