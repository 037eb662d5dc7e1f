// Wraps the backend of the built package, so that a process is killed before any file operation, or judges
// falsely.

const CHANGING = [
  'mkdirAt',
  'createDirectoryAt',
  'renameAt',
  'renameNoReplaceAt',
  'unlinkAt',
  'rmdirAt',
  'rmdirIfAt',
  'write',
];

/** Ends this process by SIGKILL before its n-th operation that changes anything. */
export function dieBeforeOperation(n, { files }) {
  let left = n;
  for (const name of CHANGING) {
    const call = files[name].bind(files);
    files[name] = (...args) => {
      left -= 1;
      if (left <= 0) process.kill(process.pid, 'SIGKILL');
      return call(...args);
    };
  }
}

/**
 * Makes every owner but this process look dead. Acquiring still works, because it checks its own witness by
 * `testAt`.
 */
export function judgeAllDead({ witness }) {
  witness.test = () => 'free';
}
