// node owner.cjs MODULE FILE: holds a lock until it is killed, or told to release it, and sends the time of that.
const [, , module_, file] = process.argv;
const release = require(module_).lockSync(file);
process.on('message', () => {
  const at = String(process.hrtime.bigint());
  release();
  process.send(at);
});
process.send('held');
