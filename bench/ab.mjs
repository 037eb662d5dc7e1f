// Compares two builds of this package, which take turns in one process, so that a change can show what it costs:
// `npm run bench:ab`. Each round is a process of its own, because one of two equal builds may be faster by up to 8 % for
// the life of a process (measured with judgements of a dead owner).
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { inFreshProcess, reported } from './harness/fresh-process.mjs';
import { describeMachine } from './harness/machine.mjs';
import { startContender } from './harness/owners.mjs';
import { machineLine, tableText } from './harness/report.mjs';
import { interleave } from './harness/sample.mjs';
import { defaultParent, makeScratch, newPath } from './harness/scratch.mjs';
import { median, pairedRatios, quartiles } from './harness/statistics.mjs';
import { endUnbuilt, readTwoBuilds } from './harness/two-builds.mjs';
import { formatValue } from './harness/units.mjs';

const USAGE = `npm run bench:ab -- DIR_A DIR_B [--rounds N]

  DIR_A, DIR_B   two checkouts of this package, both built; the same one twice shows how far noise goes
  --rounds N     how many processes measure both builds, one after another; by default 15, three seconds each

p10 and p50 are medians over the rounds, in microseconds. B/A is the ratio of the p10 of a round, as the
median over the rounds; half of the rounds lie between the quartiles \`from\` and \`to\`.`;

/** The turns of each build in a round. */
const PLAN = { rounds: 5, turnMs: 20 };
const IMPORT = 'import';

const { urls, rounds } = readArguments();
const parent = defaultParent();
console.log(machineLine(describeMachine(parent)));
for (const [build, url] of Object.entries(urls)) console.log(`${build}: ${await describeBuild(url)}`);

const directory = makeScratch(parent);
const held = await startOwner();
const stale = await startOwner();
await stale.owner.kill();
const locks = { held: held.path, stale: stale.path, free: newPath(directory) };

const measured = [];
for (let round = 0; round < rounds; round += 1) {
  // The build that is loaded first is another one each time, so that the order favours neither.
  const order = round % 2 === 0 ? ['A', 'B'] : ['B', 'A'];
  const job = JSON.stringify({ urls, order, locks, plan: PLAN });
  measured.push({
    ...(await inFreshProcess('ab/round.mjs', job)),
    [IMPORT]: await interleave(Object.fromEntries(order.map((build) => [build, importOf(urls[build])])), {
      ...PLAN,
      turnMs: 0,
    }),
  });
}
await held.owner.kill();

console.log(
  `\n${tableText({
    title: `${rounds} rounds`,
    head: ['A p10', 'A p50', 'B p10', 'B p50', 'B/A', 'from', 'to'],
    lines: Object.keys(measured[0]).map(lineOf),
  })}`,
);
process.exit();

function readArguments() {
  const { folders, rounds: count } = readTwoBuilds(USAGE, { rounds: 15 });
  const [A, B] = folders;
  return { urls: { A: urlOf(A, 'A'), B: urlOf(B, 'B') }, rounds: count };
}

/** The query makes two modules of one file where A and B are the same directory. See also ab/round.mjs. */
function urlOf(folder, build) {
  const file = resolve(folder, 'dist/index.js');
  return existsSync(file) ? `${pathToFileURL(file)}?${build}` : endUnbuilt(folder, file);
}

/** The directory, and the backend, without which two times cannot be compared. */
async function describeBuild(url) {
  const { dumpDiagnostics } = await import(url);
  return `${fileURLToPath(new URL('..', url))}, ${dumpDiagnostics().backend.name} backend`;
}

/** A process that holds a lock. */
async function startOwner() {
  const owner = await startContender('sync');
  const path = newPath(directory);
  owner.send({ command: 'acquire', path });
  await owner.until('acquired');
  return { owner, path };
}

/** The import of a build, as its users import it, in a process that did nothing before. */
function importOf(url) {
  const entry = new URL('index.js', url).href;
  return reported(async () => (await inFreshProcess('start/import.mjs', entry)).import);
}

function lineOf(operation) {
  const valuesOf = (build, quantile) => measured.map((round) => round[operation][build][quantile]);
  const times = ['A', 'B'].flatMap((build) =>
    ['p10', 'p50'].map((quantile) => median(valuesOf(build, quantile))),
  );
  const { p25, p50, p75 } = quartiles(pairedRatios(valuesOf('B', 'p10'), valuesOf('A', 'p10')));
  return [
    operation,
    ...times.map((ns) => formatValue(ns / 1000, 'us')),
    ...[p50, p25, p75].map((ratio) => ratio.toFixed(3)),
  ];
}
