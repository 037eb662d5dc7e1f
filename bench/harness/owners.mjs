import { closeSync, mkdirSync, openSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { probeIdentity } from '../../dist/index.js';
import { compiled } from './compiled.mjs';
import { Talker } from './processes.mjs';
import { filesystemOf } from './scratch.mjs';

// holdOurs and holdOld start a small C program as the owner, because node takes milliseconds to die.

/** Makes a lock of ours, held by a process that does nothing else. */
export async function holdOurs(path) {
  mkdirSync(path);
  const file = join(path, 'owner.json');
  closeSync(openSync(file, 'wx'));
  const owner = await holdFile(file);
  const { dev, ino } = statSync(file, { bigint: true });
  const record = {
    pid: owner.pid,
    createdAtMs: Date.now(),
    version: 1,
    nonce: process.hrtime.bigint().toString(16).padStart(32, '0'),
    identity: probeIdentity(owner.pid),
    filesystem: filesystemOf(path),
    witness: { device: `${dev}`, fsid: null, inode: `${ino}` },
    lease: null,
  };
  writeFileSync(file, JSON.stringify(record, null, 2));
  return owner;
}

/** Makes a held lock as an older program does, which records a PID only. */
export async function holdOld(path) {
  mkdirSync(path);
  const file = join(path, 'owner.json');
  writeFileSync(file, '');
  const owner = await holdFile(file);
  writeFileSync(file, JSON.stringify({ pid: owner.pid, createdAtMs: Date.now() }));
  return owner;
}

async function holdFile(file) {
  const owner = new Talker(compiled('wake/mortal'), 'hold', file);
  await owner.line();
  return owner;
}

/** Kills an owner. @returns when it was killed, and when its pidfd reported the death; ns of CLOCK_MONOTONIC. */
export async function killAndSee(owner) {
  const killer = new Talker(compiled('wake/mortal'), 'kill', String(owner.pid));
  const [killed, dead] = (await killer.line()).split(' ');
  await Promise.all([owner.exited(), killer.exited()]);
  return { killed, dead };
}

/** Starts a process that takes locks in one of the ways of wake/contender.mjs. */
export async function startContender(way) {
  const script = fileURLToPath(new URL('../wake/contender.mjs', import.meta.url));
  const contender = new Talker(process.execPath, script, way);
  await contender.until('ready');
  return contender;
}
