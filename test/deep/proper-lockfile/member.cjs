// node member.cjs MODULE FILE: one of a fleet that takes and releases one lock without end. It sends what happens to its
// parent. While it holds the lock it is named in FILE.inside, by which it sees whether another holds it too.
const { readFileSync, unlinkSync, writeFileSync } = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');
const [, , module_ = '', file = '', holdMs] = process.argv;
const isBrisk = holdMs === '0';
const { lock } = require(module_);
const inside = `${file}.inside`;

const tell = (what) => process.send?.(what);
process.on('disconnect', () => process.exit());

/** The number of another process that lives and is inside. */
function whoIsInside() {
  try {
    const other = Number(readFileSync(inside, 'utf8'));
    process.kill(other, 0);
    return other === 0 || other === process.pid ? null : other;
  } catch {
    return null;
  }
}

async function work() {
  let release;
  try {
    const retries = isBrisk ? { forever: true } : 0;
    release = await lock(file, { stale: 2_000, retries, onCompromised: () => tell('compromised') });
  } catch (error) {
    const { code } = /** @type {{ code: string }} */ (error);
    if (code !== 'ELOCKED') tell(`lock ${code}`);
    return sleep(5 + Math.random() * 20);
  }
  let isAlone = true;
  try {
    writeFileSync(inside, String(process.pid), { flag: 'wx' });
  } catch {
    const other = whoIsInside();
    isAlone = other === null;
    if (isAlone) writeFileSync(inside, String(process.pid));
    else tell(`overlap ${other}`);
  }
  tell('got');
  if (!isBrisk) await sleep(1 + Math.random() * Number(holdMs));
  try {
    if (isAlone && readFileSync(inside, 'utf8') === String(process.pid)) unlinkSync(inside);
  } catch {
    // Another has taken it over.
  }
  await release().catch((error) => tell(`release ${error.code}`));
  if (!isBrisk) await sleep(Math.random() * 10);
}

(async () => {
  for (;;) await work();
})();
