import { readdirSync } from 'node:fs';

/** @typedef {import('./report.mjs').Report} Report */

/**
 * @typedef {object} Options
 * @property {boolean} slice only what is quick and needs small packages
 * @property {number} cycles how often each situation is repeated
 * @property {string} cgroup a name for control groups: groups of this name, in any hierarchy, are removed
 * afterwards
 * @property {string} directory an empty directory on disk, removed afterwards
 */

/**
 * @typedef {object} Part
 * @property {string} about one line
 * @property {() => (string | null)[]} needs what is missing; null for each need that is met
 * @property {boolean} [slice] has something for the slice
 * @property {number} [minutes] after which it is killed, default 30
 * @property {(report: Report, options: Options) => void | Promise<void>} run
 */

const PARTS = new URL('../parts/', import.meta.url);

/** Lists the names of all parts. */
export function partNames() {
  const files = readdirSync(PARTS).filter((name) => name.endsWith('.mjs'));
  return files.map((name) => name.slice(0, -'.mjs'.length)).sort();
}

/**
 * @param {string} name
 * @returns {Promise<Part>}
 */
export function loadPart(name) {
  return import(new URL(`${name}.mjs`, PARTS).href);
}
