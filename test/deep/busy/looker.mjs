// Inspects a lock again and again, and counts what it sees: looker.mjs PATH MS. Every owner lives, so nothing that it sees
// may be called dead. Prints the counts as JSON: of all looks, of those that found nothing, of those that called an owner
// dead, and of the others by what they saw.
import { inspectLockSync } from '../../../dist/index.js';

const [path = '', ms = '0'] = process.argv.slice(2);
const until = performance.now() + Number(ms);
/** @type {Record<string, number>} */
const seen = {};
let looks = 0;
let free = 0;
let dead = 0;
while (performance.now() < until) {
  const { state, verdict, description } = inspectLockSync(path);
  const what = `${state}: ${verdict?.reason ?? description.split(/[,;]/)[0]}`;
  if (state === 'free') free += 1;
  else seen[what] = (seen[what] ?? 0) + 1;
  if (verdict?.state === 'dead') dead += 1;
  looks += 1;
}
console.log(JSON.stringify({ looks, free, dead, seen }));
