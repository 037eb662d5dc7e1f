// Starts five plugins at once that need the same lock, in a process that did nothing before. Argument: the lock.
// The script prints the ms until all five are done, import included.
const PLUGINS = ['browser', 'discord', 'memory-core', 'slack', 'telegram'];

const started = performance.now();
const { withLock } = await import('../../dist/index.js');
const done = [];
await Promise.all(PLUGINS.map((label) => withLock(process.argv[2], { label }, () => done.push(label))));
const elapsed = performance.now() - started;
if (done.length !== PLUGINS.length) throw new Error(`only ${done.join(', ')} had the lock`);
process.stdout.write(String(elapsed));
