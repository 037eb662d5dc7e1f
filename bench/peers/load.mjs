import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);

/**
 * A package that this one is compared with (package.json beside this file).
 * @returns its exports, or why there are none, as a string.
 */
export async function loadPeer(name) {
  let path;
  try {
    path = require.resolve(name);
  } catch {
    return 'not installed: npm run bench:install';
  }
  try {
    const module = await import(pathToFileURL(path).href);
    return module.default ?? module;
  } catch (error) {
    return `does not load: ${String(error.message).split('\n', 1)[0]}`;
  }
}
