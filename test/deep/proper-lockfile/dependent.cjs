// node dependent.cjs PROJECT NAME FILE hold|try: locks as a package does that depends on proper-lockfile. `hold` prints
// "held", works until a line comes from its input, of which a number blocks the event loop for so many milliseconds, and
// prints "done". `try` prints "got" or the error.
const { createInterface } = require('node:readline');
const { createRequire } = require('node:module');
const { join } = require('node:path');
const [, , project = '', name = '', file = '', action] = process.argv;
const load = createRequire(join(project, 'package.json'));
/** A file that its package does not export. */
const loadFile = (path) => load(join(project, 'node_modules', path));

/** Each calls `work` while the package has its lock. */
const DEPENDENTS = {
  async 'jsonl-db'(work) {
    const { JsonlDB } = load('@alcalzone/jsonl-db');
    const db = new JsonlDB(file);
    await db.open();
    await work();
    await db.close();
  },
  async testcontainers(work) {
    const { withFileLock } = loadFile('testcontainers/build/common/file-lock.js');
    await withFileLock(file.replaceAll('/', '-'), work);
  },
  async '@salesforce/core'(work) {
    const { lockInit } = loadFile('@salesforce/core/lib/util/fileLocking.js');
    const { writeAndUnlock } = await lockInit(file);
    await work();
    await writeAndUnlock('{}');
  },
};

const say = (what) => console.log(what);
const input = createInterface(process.stdin);
const work = () => {
  say(action === 'hold' ? 'held' : 'got');
  if (action !== 'hold') return undefined;
  return /** @type {Promise<void>} */ (
    new Promise((resolve) => {
      input.on('line', (line) => {
        const end = Date.now() + Number(line);
        while (Date.now() < end);
        if (line === '0') resolve();
      });
    })
  );
};
DEPENDENTS[name](work).then(
  () => {
    say('done');
    process.exit();
  },
  (error) => {
    say(`error ${error.code ?? error.message}`);
    process.exit();
  },
);
