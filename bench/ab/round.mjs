// One round of bench/ab.mjs: loads both builds and lets them take turns, operation by operation. Argument: JSON of
// { urls: { A, B }, order, locks, plan }. Prints { A, B } for each operation, each { p10, p50 } in ns, as JSON.
import { createRequire } from 'node:module';
import { interleave } from '../harness/sample.mjs';

const { cache } = createRequire(import.meta.url);
const { urls, order, locks, plan } = JSON.parse(process.argv[2]);

const operations = {};
for (const build of order) {
  // Each build calls from a module instance of its own, so that V8 compiles its call sites for that build alone.
  const { operationsOf } = await import(`./operations.mjs?${build}`);
  // index.js takes everything from index.cjs, of which two equal builds would share one copy.
  for (const path of Object.keys(cache)) delete cache[path];
  operations[build] = operationsOf(await import(urls[build]), locks);
}

const measured = {};
for (const operation of Object.keys(operations.A)) {
  const subjects = Object.fromEntries(order.map((build) => [build, operations[build][operation]]));
  const { A, B } = await interleave(subjects, plan);
  measured[operation] = { A: { p10: A.p10, p50: A.p50 }, B: { p10: B.p10, p50: B.p50 } };
}
process.stdout.write(JSON.stringify(measured), () => process.exit());
