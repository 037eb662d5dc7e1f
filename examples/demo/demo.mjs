// The bug and the cure, side by side. A gateway with PID 7 is killed while it holds the lock on its volume; the next
// container's gateway gets PID 7 again. Then two containers live side by side, both with PID 7.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startGateway, whyNoContainers } from './container.mjs';

const volume = mkdtempSync(join(tmpdir(), 'kernel-identity-demo-'));
const lock = join(volume, 'install.lock');
const obstacle = whyNoContainers();
const contained = obstacle === null;
const gateways = [];
const problems = [];

try {
  if (!contained) {
    console.log(`PID namespaces cannot be made here (${obstacle}).`);
    console.log('The same with plain processes: the PIDs will differ.\n');
  }
  console.log(
    'A restart. A gateway is killed while it holds the lock; the next one starts on the same volume.\n',
  );
  const first = await start('first');
  expect(first, 'acquired');
  await gateways[0].kill();
  const second = await restart('second');
  show(first, second);
  expect(second, 'acquired');
  if (second.ms >= 100) problems.push(`reclaiming took ${second.ms.toFixed(1)} ms`);

  console.log(
    '\nA sibling. That one lives on, and a third starts in a container beside it, on the same volume.\n',
  );
  const third = await start('third');
  show(second, third);
  expect(third, 'refused');
} finally {
  for (const gateway of gateways) await gateway.kill();
  rmSync(volume, { recursive: true, force: true });
}

if (problems.length > 0) {
  console.error(`\nNot as it should be: ${problems.join('; ')}`);
  process.exitCode = 1;
}

/**
 * The next container on the same volume. The kernel gives its PID namespace the number of the dead one a moment later;
 * without the addon that number is what decides, so there the restart is repeated until it recurs.
 */
async function restart(name) {
  for (let attempt = 1; ; attempt++) {
    if (contained) await sleep(250);
    const gateway = await start(name);
    if (gateway.event === 'acquired' || gateway.backend === 'native' || attempt === 20) return gateway;
    await gateways.pop().kill();
  }
}

async function start(name) {
  const gateway = startGateway(lock, name, { contained });
  gateways.push(gateway);
  const found = await gateway.next();
  return { ...found, ...(await gateway.next()) };
}

function show(owner, newcomer) {
  const ms = `${newcomer.ms.toFixed(1)} ms`;
  const outcome =
    newcomer.event === 'acquired'
      ? `acquired in ${ms}, ${newcomer.sinceStart.toFixed(0)} ms after the process started`
      : `not touched (decided in ${ms}): the newcomer waits its turn`;
  const rows = [
    ['the lock names', `PID ${owner.pid} ("${owner.name}")`],
    ['the newcomer has', `PID ${newcomer.pid} ("${newcomer.name}")`],
    ['the PID alone says', newcomer.byPid],
    ['kernel-identity says', newcomer.byIdentity],
    ['so', outcome],
  ];
  for (const [what, value] of rows) console.log(`  ${what.padEnd(22)}${value}`);
}

function expect(gateway, event) {
  if (gateway.event !== event)
    problems.push(`the ${gateway.name} gateway was ${gateway.event}, not ${event}`);
}
