// What a lock protects: a value that is read and written over TCP, by lines. `read` is answered by `VALUE TOKEN`, and
// `write TOKEN VALUE` by `ok`, or by `stale` where it has a smaller token than one before and the register compares them.
// `post TOKEN VALUE` is a write without an answer.
// Arguments: PORT, `fenced` or `unfenced`, and the milliseconds that a write takes. A line on stdin makes it print a
// line of JSON.
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const [port = '', guard = '', ms = '0'] = process.argv.slice(2);
let value = '[]';
let highest = 0n;
/** Writes with a smaller token than one before: what became of them. */
const stale = { applied: 0, refused: 0 };
/** Connections that were closed, and of which every line was dealt with. */
let done = 0;

/** @param {string} line */
async function answer(line) {
  const [what, token = '0', written = ''] = line.split(' ');
  if (what === 'read') return `${value} ${highest}`;
  if (ms !== '0') await sleep(Number(ms));
  if (BigInt(token) < highest) {
    if (guard === 'fenced') {
      stale.refused += 1;
      return 'stale';
    }
    stale.applied += 1;
  } else {
    highest = BigInt(token);
  }
  value = written;
  return 'ok';
}

createServer(async (socket) => {
  socket.on('error', () => {});
  try {
    for await (const line of createInterface({ input: socket })) {
      const words = await answer(line);
      if (!line.startsWith('post ')) socket.write(`${words}\n`);
    }
  } catch {}
  done += 1;
}).listen(Number(port), '0.0.0.0', () => console.log('ready'));

for await (const _ of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify({ value: JSON.parse(value), stale, done }));
}
process.exit(0);
