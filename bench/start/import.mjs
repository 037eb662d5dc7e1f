// Imports a module in a process that did nothing before, and prints the ms that it took. Arguments: the URL of the
// module, and the name of a function to call after the import, with the text that it gets.
const [, , url, first, ...given] = process.argv;

const listeners = () => process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
const left = () => listeners() + process.getActiveResourcesInfo().length;

const before = left();
const started = performance.now();
const module = await import(url);
const imported = performance.now();
const leftovers = left() - before;
if (first !== undefined) module[first](...given);
const called = performance.now();
process.stdout.write(JSON.stringify({ import: imported - started, call: called - imported, leftovers }));
