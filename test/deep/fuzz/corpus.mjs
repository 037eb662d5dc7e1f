import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OWN = fileURLToPath(new URL('corpus/', import.meta.url));
const LOCKS_OF_OTHERS = fileURLToPath(new URL('../../fixtures/locks/', import.meta.url));

/**
 * Returns the inputs from which the fuzzing of a target starts: those of its own folder, and the fixtures of
 * other programs' locks.
 * @param {string} target
 */
export function corpusOf(target) {
  const paths = [...filesBelow(join(OWN, target)), ...filesBelow(LOCKS_OF_OTHERS).filter(isFor(target))];
  return paths.map((path) => readFileSync(path, 'utf8'));
}

/** @param {string} target */
function isFor(target) {
  return (/** @type {string} */ path) => target === (path.endsWith('/owner.json') ? 'records' : 'files');
}

/** @param {string} folder */
function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .sort();
}
