// Uses a lock, and is killed in the middle: before the n-th of its calls that change anything in the file
// system or drop its witness. A death between two such calls has the same effect as one before the second, so
// these moments cover all.
// Arguments: what to do, the lock's path, n. In place of n there may be the beginning of a call; the process
// is then stopped before that call. Prints each call before it is made, and `completed` if it came that far.
// With `leave` it acquires again and again, each time up to a later call, until the lock appears, and is killed then.
import { existsSync, writeSync } from 'node:fs';
import { api, currentBackend } from '../../build/modules/internals.js';

const [work, path, given] = process.argv.slice(2);
const { acquireLockSync, reclaimLockSync } = api;
const { files, witness } = currentBackend();

const WORKS = {
  acquire: () => acquireLockSync(path, { ownerlessGrace: 20 }),
  'acquire and release': () => acquireLockSync(path, { ownerlessGrace: 20 }).releaseSync(),
  reclaim: () => reclaimLockSync(path, { ownerlessGrace: 20 }),
  'reclaim with the usual grace': () => reclaimLockSync(path),
  leave: () => {
    for (let n = 1; !existsSync(path); n += 1) {
      [moment, calls, isAbandoned] = [String(n), 0, false];
      try {
        acquireLockSync(path, { ownerlessGrace: 20 });
      } catch (error) {
        if (error !== ABANDONED) throw error;
      }
    }
    process.kill(process.pid, 'SIGKILL');
  },
};

/** What a call throws once a work was abandoned, so that nothing is tidied up. */
const ABANDONED = new Error('abandoned');

/** The descriptors of the files made here, which may carry a witness. */
const made = new Set();
let moment = given;
let calls = 0;
let halted = false;
let isAbandoned = false;

function interrupt(operations, name, changesSomething) {
  const call = operations[name].bind(operations);
  operations[name] = (...args) => {
    if (changesSomething(...args)) {
      if (isAbandoned) throw ABANDONED;
      calls += 1;
      const names = args.filter((arg) => typeof arg === 'string' && name !== 'write');
      const text = [name, ...names].join(' ');
      writeSync(1, `${text}\n`);
      if (String(calls) === moment) end();
      else if (!halted && text.startsWith(moment)) {
        halted = true;
        process.kill(process.pid, 'SIGSTOP');
      }
    }
    return call(...args);
  };
}

function end() {
  if (work !== 'leave') process.kill(process.pid, 'SIGKILL');
  isAbandoned = true;
  throw ABANDONED;
}

const always = () => true;
const createAt = files.createAt.bind(files);
files.createAt = (directory, name) => {
  const file = createAt(directory, name);
  made.add(file.descriptor);
  return file;
};
for (const name of [
  'mkdirAt',
  'createDirectoryAt',
  'createAt',
  'write',
  'renameAt',
  'renameNoReplaceAt',
  'linkAt',
  'takeModeOf',
  'unlinkAt',
  'rmdirAt',
  'rmdirIfAt',
]) {
  interrupt(files, name, always);
}
for (const name of ['close', 'closeIfStill']) interrupt(files, name, (descriptor) => made.delete(descriptor));
interrupt(witness, 'take', always);

WORKS[work]();
writeSync(1, 'completed\n');
