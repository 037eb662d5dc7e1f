// Loads a build and takes the first lock of a process. Arguments: the file to load, which `require` or `import` loads by
// its ending, and the path of the lock. Prints the ms that each step took, as time and as CPU time of all threads.
const { writeSync } = require('node:fs');

const [, , entry, path] = process.argv;

function clocks() {
  const [seconds, nanoseconds] = process.hrtime();
  const { user, system } = process.cpuUsage();
  return { wall: seconds * 1e3 + nanoseconds / 1e6, cpu: (user + system) / 1e3 };
}

function since(before, now) {
  return { wall: now.wall - before.wall, cpu: now.cpu - before.cpu };
}

async function measure() {
  const started = clocks();
  const api = entry.endsWith('.cjs') ? require(entry) : await import(entry);
  const loaded = clocks();
  const lock = api.acquireLockSync(path);
  const taken = clocks();
  lock.releaseSync();
  writeSync(1, JSON.stringify({ load: since(started, loaded), lock: since(loaded, taken) }));
}

void measure();
