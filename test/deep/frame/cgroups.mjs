import { readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const TOP = '/sys/fs/cgroup';
/** The files that resume frozen processes, in version 1 and version 2 of control groups. */
const THAW = { 'freezer.state': 'THAWED', 'cgroup.freeze': '0' };
const TRIES = 20;

/**
 * Resumes the processes in these groups and in those below. Frozen processes cannot even be killed, and keep
 * their PID namespace.
 * @param {(name: string) => boolean} chosen
 */
export function thawGroups(chosen) {
  for (const path of groups(chosen).flatMap(withGroupsBelow)) {
    for (const [file, word] of Object.entries(THAW)) {
      try {
        writeFileSync(join(path, file), word, { flag: 'r+' });
      } catch {
        // Each hierarchy has only one of these files or none.
      }
    }
  }
}

/**
 * Removes control groups and those below them, in every hierarchy. The processes in them are dead, or about
 * to be.
 * @param {(name: string) => boolean} chosen
 */
export async function removeGroups(chosen) {
  thawGroups(chosen);
  for (let tries = 1; ; tries += 1) {
    const left = groups(chosen).flatMap(withGroupsBelow).filter(isBusy);
    if (left.length === 0) return;
    if (tries === TRIES) {
      console.error(`left behind: ${left.join(' ')}`);
      return;
    }
    await sleep(50);
  }
}

/** @param {(name: string) => boolean} chosen */
function groups(chosen) {
  return ['.', ...foldersOf(TOP)].flatMap((hierarchy) =>
    foldersOf(join(TOP, hierarchy))
      .filter(chosen)
      .map((group) => join(TOP, hierarchy, group)),
  );
}

/**
 * Lists the group and those below it, the lowest first.
 * @param {string} path
 * @returns {string[]}
 */
function withGroupsBelow(path) {
  return [...foldersOf(path).flatMap((below) => withGroupsBelow(join(path, below))), path];
}

/**
 * Removes the group. Returns whether it is still busy.
 * @param {string} path
 */
function isBusy(path) {
  try {
    rmdirSync(path);
    return false;
  } catch {
    return true;
  }
}

/**
 * @param {string} path
 * @returns {string[]}
 */
export function foldersOf(path) {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}
