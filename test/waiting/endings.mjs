// Takes a lock and ends, or waits for one and ends. Arguments: path, and how to end.
import { spawn } from 'node:child_process';
import * as api from '../../dist/index.js';

const [path, how] = process.argv.slice(2);

function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

const endings = {
  'returning with the lock held': async () => void (await api.acquireLock(path)),
  'process.exit': async () => {
    await api.acquireLock(path);
    process.exit(3);
  },
  'process.exit inside withLock': () => api.withLock(path, () => process.exit(3)),
  'process.exit inside withLockSync': () => api.withLockSync(path, () => process.exit(3)),
  'an uncaught exception': async () => {
    await api.acquireLock(path);
    setImmediate(() => {
      throw new Error('on purpose');
    });
  },
  'an unhandled rejection': async () => {
    await api.acquireLock(path);
    void Promise.reject(new Error('on purpose'));
  },
  'process.abort': async () => {
    await api.acquireLock(path);
    process.abort();
  },
  'an exception inside withLock': () =>
    api.withLock(path, () => {
      throw new Error('on purpose');
    }),

  'process.exit while it waits': async () => {
    void api.acquireLock(path);
    await new Promise((resolve) => setTimeout(resolve, 50));
    process.exit(3);
  },
  'an uncaught exception while it waits': () => {
    void api.acquireLock(path);
    setTimeout(() => {
      throw new Error('on purpose');
    }, 50);
  },
  'nothing left to do but wait': () => {
    void api.acquireLock(path).then((lock) => {
      say('acquired');
      lock.releaseSync();
    });
  },
  'an abort of the only thing it waited for': () => {
    const controller = new AbortController();
    api.acquireLock(path, { signal: controller.signal }).catch(({ name }) => say(name));
    setTimeout(() => controller.abort(), 50);
  },

  'children that go on': async () => {
    const lock = await api.acquireLock(path);
    const children = [
      spawn('sleep', ['600'], { detached: true, stdio: 'ignore' }),
      spawn('sh', ['-c', 'sleep 600 & wait'], { detached: true, stdio: 'ignore' }),
      spawn(process.execPath, ['-e', 'setTimeout(() => {}, 600000)'], { detached: true, stdio: 'ignore' }),
    ];
    say({ nonce: lock.owner.nonce, children: children.map(({ pid }) => pid) });
    setTimeout(() => {}, 600_000);
  },
};

await endings[how]();
