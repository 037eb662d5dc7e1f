// The package, but a judge that finds an owner dead says so, and waits for the file GO before it goes on.
import { existsSync } from 'node:fs';
import { judgeOwner as judge } from '../../../dist/index.js';

export * from '../../../dist/index.js';

const { GO } = process.env;
const nobody = new Int32Array(new SharedArrayBuffer(4));

export function judgeOwner(...asked) {
  const verdict = judge(...asked);
  if (verdict.state === 'dead' && GO !== undefined) {
    console.log('"judged"');
    while (!existsSync(GO)) Atomics.wait(nobody, 0, 0, 5);
  }
  return verdict;
}
