// One of two containers that share nothing. Without arguments it is an owner: it prints its identity, and lives until its
// stdin ends. With `judge` it reads an identity and options from each line on stdin, and prints the verdict.
import { createInterface } from 'node:readline';
import { judgeOwner, selfIdentity } from '../../../dist/index.js';

if (process.argv[2] === 'judge') {
  console.log('"ready"');
  for await (const line of createInterface({ input: process.stdin })) {
    const [identity, options] = JSON.parse(line);
    const { state, certainty, reason } = judgeOwner(identity, options);
    console.log(JSON.stringify({ state, certainty, reason }));
  }
} else {
  console.log(JSON.stringify(selfIdentity()));
  process.stdin.resume();
}
