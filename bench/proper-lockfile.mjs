// Measures kernel-identity/proper-lockfile beside the original, against the bars it was made for: npm run
// bench:proper-lockfile. The packages to compare with come from `npm ci`.
import { fork, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describeMachine } from './harness/machine.mjs';
import { machineLine } from './harness/report.mjs';
import { makeScratch } from './harness/scratch.mjs';

const require = createRequire(import.meta.url);
const MODULES = {
  this: fileURLToPath(new URL('../dist/proper-lockfile/index.cjs', import.meta.url)),
  original: require.resolve('proper-lockfile'),
};
const OWNER = fileURLToPath(new URL('proper-lockfile/owner.cjs', import.meta.url));
const ROUNDS = 60;
const CALLS = 1_000;

const directory = makeScratch(tmpdir());
const bars = [];
console.log(machineLine(describeMachine(directory)));

function quantile(times, part) {
  return times.toSorted((a, b) => a - b)[Math.min(Math.floor(times.length * part), times.length - 1)];
}

function bar(name, value, unit, limit) {
  bars.push(value <= limit);
  console.log(
    `${value <= limit ? 'met   ' : 'MISSED'}  ${name}: ${value.toFixed(2)} ${unit}, at most ${limit}`,
  );
}

/** Milliseconds from the end of an owner, by `end`, to the moment at which a waiter has its lock. */
async function handOvers(end) {
  const { lock } = require(MODULES.this);
  const file = join(directory, 'waited-for');
  writeFileSync(file, '');
  const times = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const owner = fork(OWNER, [MODULES.this, file]);
    await new Promise((resolve) => owner.once('message', resolve));
    const waiting = lock(file, { retries: { forever: true } }).then((release) => ({
      release,
      at: process.hrtime.bigint(),
    }));
    await sleep(20);
    const ended = new Promise((resolve) => owner.once('message', (at) => resolve(BigInt(at))));
    const killedAt = process.hrtime.bigint();
    if (end === 'kill') owner.kill('SIGKILL');
    else owner.send('release');
    const { release, at } = await waiting;
    const from = end === 'kill' ? killedAt : await ended;
    times.push(Number(at - from) / 1e6);
    await release();
    owner.kill('SIGKILL');
  }
  return times;
}

/** Median times of calls in us, by module: they take turns. */
async function costs(action) {
  const times = { this: [], original: [] };
  for (let call = 0; call < CALLS; call += 1) {
    for (const [name, path] of Object.entries(MODULES)) {
      const module = require(path);
      const file = join(directory, name);
      if (call === 0) writeFileSync(file, '');
      const prepared = await action.before?.(module, file);
      const started = process.hrtime.bigint();
      const result = await action.run(module, file);
      times[name].push(Number(process.hrtime.bigint() - started) / 1e3);
      await action.after?.(prepared ?? result);
    }
  }
  return {
    ours: quantile(times.this, 0.5),
    ratio: quantile(times.this, 0.5) / quantile(times.original, 0.5),
  };
}

const killed = await handOvers('kill');
bar('killed owner to waiter, p50', quantile(killed, 0.5), 'ms', 5);
bar('killed owner to waiter, p99', quantile(killed, 0.99), 'ms', 50);
bar('release to waiter, p50', quantile(await handOvers('release'), 0.5), 'ms', 5);
const holding = { before: (module, file) => module.lockSync(file), after: (release) => release() };
const actions = [
  ['lock and release', 1.2, { run: async ({ lock }, file) => (await lock(file))() }],
  ['lockSync and release', 1.2, { run: ({ lockSync }, file) => lockSync(file)() }],
  ['check of a held lock', 2, { ...holding, run: ({ check }, file) => check(file) }],
  ['checkSync of a held lock', 2, { ...holding, run: ({ checkSync }, file) => checkSync(file) }],
];
for (const [name, limit, action] of actions) {
  const { ours, ratio } = await costs(action);
  bar(`${name} (${ours.toFixed(0)} us)`, ratio, 'x the original', limit);
}
const loads = Object.values(MODULES).map((path) => {
  const times = Array.from({ length: 15 }, () => {
    const code = `const s=process.hrtime.bigint();require(${JSON.stringify(path)});console.log(Number(process.hrtime.bigint()-s)/1e6)`;
    return Number(spawnSync(process.execPath, ['-e', code], { encoding: 'utf8' }).stdout);
  });
  return quantile(times, 0.5);
});
bar(
  `require (${loads[0]?.toFixed(1)} ms)`,
  (loads[0] ?? Number.NaN) / (loads[1] ?? Number.NaN),
  'x the original',
  1,
);
process.exitCode = bars.every(Boolean) ? 0 : 1;
