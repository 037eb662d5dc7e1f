// node attacker.mjs UID DIRECTORY NAME OUTSIDE [PARENT]: acts as another user of a shared directory, who puts
// anything possible at the path of a lock, and exchanges it while other processes work there. Runs until
// killed; each line of output gives the number of its attacks.
import fs from 'node:fs';
import { join } from 'node:path';

const [uid, directory = '', name = '', outside = '', parent] = process.argv.slice(2);
process.setgid?.(Number(uid));
process.setuid?.(Number(uid));
process.umask(0);

const path = join(directory, name);
const aside = join(directory, `${name}.attacker`);
const DEAD = JSON.stringify({ pid: 4_194_304, createdAtMs: 1_777_458_804_809 });
const NONCE = 'abcdef0123456789abcdef0123456789';
const hidden = join(directory, `.${name}.${NONCE}`);

/** The files of a lock directory that an attack replaces. */
const FILES = ['owner.json', 'owner.json.new', `retired.${NONCE}`];
const TARGETS = ['owner.json', 'lock', 'empty', 'lock/owner.json', 'nowhere'];

/** @type {(() => void)[]} */
const ATTACKS = [
  () => fs.symlinkSync(join(outside, 'lock'), path),
  () => fs.symlinkSync(join(outside, 'empty'), path),
  () => fs.symlinkSync(outside, path),
  () => fs.symlinkSync(join(outside, 'owner.json'), path),
  () => fs.mkdirSync(path),
  () => fs.writeFileSync(path, DEAD),
  () => fs.linkSync(join(outside, 'owner.json'), path),
  () => fs.renameSync(path, aside),
  () => fs.renameSync(aside, path),
  () => fs.symlinkSync(join(outside, 'lock'), hidden),
  () => fs.mkdirSync(hidden),
  () => fs.renameSync(hidden, path),
  () => fs.rmSync(path, { recursive: true }),
  () => fs.rmSync(aside, { recursive: true }),
  () => fs.rmSync(hidden, { recursive: true }),
  ...[path, aside, hidden].flatMap((place) =>
    FILES.flatMap((file) => [
      () => fs.writeFileSync(join(place, file), DEAD, { flag: 'wx' }),
      () => fs.unlinkSync(join(place, file)),
      () => fs.mkdirSync(join(place, file)),
      () => fs.linkSync(join(outside, 'owner.json'), join(place, file)),
      ...TARGETS.map((target) => () => fs.symlinkSync(join(outside, target), join(place, file))),
      () => swap(join(place, file), join(outside, 'owner.json')),
    ]),
  ),
  () => swap(path, join(outside, 'lock')),
  () => swapIn(),
];

if (parent !== undefined) {
  ATTACKS.push(
    () => swap(parent, outside),
    () => fs.unlinkSync(parent),
    () => fs.renameSync(`${parent}.real`, parent),
    () => fs.renameSync(parent, `${parent}.real`),
  );
}

let attacks = 0;
for (let round = 0; ; round++) {
  const attack = ATTACKS[Math.floor(Math.random() * ATTACKS.length)];
  try {
    attack?.();
    attacks += 1;
  } catch {
    // The attack is not allowed, or not possible just now.
  }
  if (round % 2000 === 0) fs.writeSync(1, `${attacks}\n`);
}

/**
 * Replaces the entry with a symbolic link, in one step.
 * @param {string} place
 * @param {string} target
 */
function swap(place, target) {
  const link = `${place}.link`;
  fs.rmSync(link, { force: true });
  fs.symlinkSync(target, link);
  fs.renameSync(link, place);
}

/** Makes a complete lock of a dead owner, and a moment later puts a link in its place. */
function swapIn() {
  fs.mkdirSync(path);
  fs.writeFileSync(join(path, 'owner.json'), DEAD);
  fs.renameSync(path, aside);
  fs.symlinkSync(join(outside, 'lock'), path);
}
