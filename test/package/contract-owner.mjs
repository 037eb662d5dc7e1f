// Takes a lock, says who it is, and holds the lock until its stdin ends.
import { acquireLockSync, formatIdentity, selfIdentity } from 'kernel-identity';

const lock = acquireLockSync(process.argv[2]);
console.log(formatIdentity(selfIdentity()));
process.stdin.on('end', () => {
  lock.release();
  process.exit(0);
});
process.stdin.resume();
