// Watches owners with the built package, as its test asks: one call a line on stdin, one answer a line on
// stdout. If the argument says so, it runs in a worker thread, and the main thread only passes lines on.
import { closeSync, openSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { judgeOwner, watchOwner } from '../../dist/index.js';

const watches = [];

function last() {
  return watches.at(-1);
}

const calls = {
  watch({ owner, count = 1, ...options }) {
    for (let i = 0; i < count; i += 1) watches.push(watchOwner(owner, options));
    return { alive: last().alive, event: last().event, state: last().verdict.state };
  },
  alive: () => watches.filter((watch) => watch.alive).length,
  events: () => watches.filter((watch) => watch.event).length,
  verdict: () => last().verdict,
  judge: ({ owner, lock }) => judgeOwner(owner, { lock }),
  /** Reads in a loop without a body, which a compiler could take to be endless. */
  empty() {
    const watch = last();
    while (watch.alive);
    return watch.verdict;
  },
  /** Reads in a loop that blocks the thread, until the last watch says dead or `ms` are over. */
  spin({ ms }) {
    const watch = last();
    const started = performance.now();
    let reads = 0;
    let alive = true;
    while (alive && performance.now() - started < ms) {
      for (let i = 0; alive && i < 1000; i += 1) {
        alive = watch.alive;
        reads += 1;
      }
    }
    return { alive, reads, ms: performance.now() - started };
  },
  close() {
    for (const watch of watches.splice(0)) watch.close();
    return 'closed';
  },
  /** Opens and closes watches again and again. */
  cycle({ owner, count, lock }) {
    for (let i = 0; i < count; i += 1) {
      const watch = watchOwner(owner, { lock });
      if (!watch.alive) throw new Error('dead');
      if (i % 2 === 0) watch.close();
      else watch[Symbol.dispose]();
    }
    return descriptors();
  },
  descriptors,
  /** Opens files until there is room for only that many more descriptors. */
  fill({ room }) {
    const opened = [];
    for (;;) {
      try {
        opened.push(openSync('/dev/null'));
      } catch {
        break;
      }
    }
    for (const fd of opened.slice(0, room)) closeSync(fd);
    return opened.length;
  },
};

function descriptors() {
  return readdirSync('/proc/self/fd').length;
}

function answer({ call, ...args }) {
  try {
    return { value: calls[call](args) ?? null };
  } catch (error) {
    return { error: `${error.code ?? ''} ${error.stack}` };
  }
}

if (isMainThread) {
  const inThread = process.argv[2] === 'thread';
  const worker = inThread ? new Worker(new URL(import.meta.url)) : null;
  worker?.on('message', (reply) => console.log(JSON.stringify(reply)));
  console.log(JSON.stringify('ready'));
  for await (const line of createInterface({ input: process.stdin })) {
    if (worker !== null) worker.postMessage(JSON.parse(line));
    else console.log(JSON.stringify(answer(JSON.parse(line))));
  }
  process.exit();
} else {
  parentPort.on('message', (message) => parentPort.postMessage(answer(message)));
}
