// node guided.mjs TARGET SECONDS [SEED]: coverage-guided fuzzing on V8's own counters. An input that runs a
// new block is kept and changed further. Prints a summary; exits 1 with the input when a target throws.
import { randomFrom } from '../../torture/random.mjs';
import { corpusOf } from './corpus.mjs';
import { Coverage } from './coverage.mjs';
import { mutate } from './mutate.mjs';
import { TARGETS } from './targets.mjs';

/**
 * Reading V8's counters takes as long as many inputs. So inputs are tried in batches, and one by one only
 * when a batch reached something new.
 */
const AT_ONCE = 64;

const [name = '', seconds = '', seed = String(Date.now() % 2 ** 32)] = process.argv.slice(2);
const target = TARGETS[name];
if (target === undefined) throw new Error(`no such target: ${name}`);

const draw = randomFrom(Number(seed));
const random = (/** @type {number} */ below) => Math.floor(draw() * below);
const coverage = new Coverage();
const corpus = corpusOf(name);
/** @type {Set<string>} */
const seen = new Set();
let executions = 0;
for (const text of corpus) execute(text);
for (const block of coverage.take()) seen.add(block);
const start = seen.size;

const end = performance.now() + Number(seconds) * 1000;
while (performance.now() < end) {
  const texts = Array.from({ length: AT_ONCE }, () => mutate(pick(), pick(), random));
  for (const text of texts) execute(text);
  const fresh = new Set(coverage.take().filter((block) => !seen.has(block)));
  if (fresh.size === 0) continue;
  for (const text of texts) {
    execute(text);
    const own = coverage.take().filter((block) => !seen.has(block));
    if (own.length > 0) corpus.push(text);
    for (const block of own) seen.add(block);
  }
  // Several inputs together may have reached a count that none reaches alone.
  for (const block of fresh) seen.add(block);
}
console.log(
  JSON.stringify({ executions, corpus: corpus.length, blocks: seen.size, start, seed: Number(seed) }),
);

/** @param {string} text */
function execute(text) {
  executions += 1;
  try {
    target?.(text);
  } catch (error) {
    console.error(error);
    console.error(`input of ${name}: ${JSON.stringify(text)}`);
    process.exit(1);
  }
}

function pick() {
  return /** @type {string} */ (corpus[random(corpus.length)]);
}
