// Takes and releases rows with the module that the argument names, as each line on stdin says: ["take", NAME]. It answers
// `taken`, or why not.
import { createInterface } from 'node:readline';

const rows = await import(process.argv[2]);
console.log('"ready"');
for await (const line of createInterface({ input: process.stdin })) {
  const [method, name] = JSON.parse(line);
  const verdict = await rows[method](name);
  const answer = verdict === null ? 'taken' : verdict && `${verdict.state}: ${verdict.reason}`;
  console.log(JSON.stringify(answer ?? 'released'));
}
process.exit();
