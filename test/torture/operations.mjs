// Stands between the built package and its backend: to be killed before any file operation, and to judge falsely.

const CHANGING = ['mkdirAt', 'renameAt', 'renameNoReplaceAt', 'unlinkAt', 'rmdirAt', 'write'];

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

/** Makes every owner but this process look dead. */
export function judgeAllDead({ witness }) {
  const test = witness.test.bind(witness);
  const take = witness.take.bind(witness);
  // The acquirer looks at its own witness once, right after it took it.
  let isOwn = false;
  witness.take = (fd) => {
    take(fd);
    isOwn = true;
  };
  witness.test = (fd, type) => {
    const answer = isOwn ? test(fd, type) : 'free';
    isOwn = false;
    return answer;
  };
}
