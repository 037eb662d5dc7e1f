// node locker.cjs MODULE FILE: prints "ready", and for each line "lock" or "release" of its input what became of that.
const { createInterface } = require('node:readline');
const [, , module_ = '', file = ''] = process.argv;
const { lockSync } = require(module_);
const attempt = (work) => {
  try {
    return work();
  } catch (error) {
    return String(/** @type {{ code?: string }} */ (error).code ?? error);
  }
};

/** @type {(() => void) | string} */
let release = 'never locked';
createInterface(process.stdin).on('line', (line) => {
  let result;
  if (line === 'lock') {
    release = attempt(() => lockSync(file, { stale: 2_000, onCompromised: () => {} }));
    result = typeof release === 'string' ? release : 'got';
  } else result = typeof release === 'string' ? release : (attempt(release) ?? 'released');
  process.stdout.write(`${result}\n`);
});
// What is made at the first call of a process is no part of what is tried.
attempt(() => lockSync(`${file}-warm`, { realpath: false })());
process.stdout.write('ready\n');
