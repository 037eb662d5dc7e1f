// An HTTP server that may run only once per directory: `node http-server-with-pid-file.mjs DIR [PORT]`. The lock says who
// runs it. The PID file beside it is for tools that read nothing else, and belongs to the process that holds the lock.
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { acquireLock, LockTimeoutError } from 'kernel-identity';

const [directory = '.', port = '8080'] = process.argv.slice(2);
const pidFile = join(directory, 'server.pid');
/** ms to wait for a predecessor that is shutting down. The lock of a dead one is taken at once. */
const timeout = Number(process.env.LOCK_TIMEOUT ?? 10_000);

let lock;
try {
  lock = await acquireLock(join(directory, 'server.lock'), { timeout, label: 'http server' });
} catch (error) {
  if (!(error instanceof LockTimeoutError)) throw error;
  console.error(error.message);
  process.exit(75); // EX_TEMPFAIL: try again later
}

const server = createServer((_request, response) => response.end(`served by pid ${process.pid}\n`));
server.listen(Number(port), () => {
  writeFileSync(pidFile, `${process.pid}\n`);
  console.log(`listening on port ${server.address().port}`);
});
server.once('error', stop);
// The lock was lost: another server may be running by now, so this one must not go on.
lock.signal.addEventListener('abort', () => stop(lock.signal.reason));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop());

function stop(error) {
  if (error !== undefined) {
    console.error(error.message);
    process.exitCode = 1;
  }
  server.close(() => {
    if (!lock.verify()) return;
    rmSync(pidFile, { force: true });
    lock.releaseSync();
  });
  server.closeAllConnections();
}
