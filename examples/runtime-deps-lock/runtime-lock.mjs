// A drop-in for the lock of openclaw/openclaw#75028: `withLock(root, name, run)` around the installation of a plugin's
// runtime dependencies, sync and async. The lock stays the directory `<root>/<name>` with an owner.json that older
// versions can read, so both may share a volume while they are being updated.
import { join } from 'node:path';
import * as locks from 'kernel-identity';

export const RUNTIME_MIRROR_LOCK = '.openclaw-runtime-mirror.lock';
export const RUNTIME_DEPS_LOCK = '.openclaw-runtime-deps.lock';

const OPTIONS = {
  timeout: 300_000,
  // Older versions make the directory first and write owner.json within the next 30 s.
  ownerlessGrace: 30_000,
  // An installation takes a minute or two. After that the log should say whom we wait for.
  expectedHold: 120_000,
  onWait({ path, owner, ownerAge, description, overdue }) {
    const age = ownerAge === null ? 'unknown' : `${Math.round(ownerAge / 1000)} s`;
    const who = owner === null ? 'nobody yet' : `pid ${owner.pid}`;
    console.warn(`${overdue ? 'still ' : ''}waiting for ${path}: ${who}, ownerAge ${age}, ${description}`);
  },
};

/** Runs `run` while no other gateway works on `root`; resolves to its result. */
export function withLock(root, name, run) {
  return locks.withLock(join(root, name), OPTIONS, () => run());
}

/** Does the same as {@link withLock}, for code that cannot await. */
export function withLockSync(root, name, run) {
  return locks.withLockSync(join(root, name), OPTIONS, () => run());
}
