import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);
const { dependencies } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
/** The module to load where a package has none by its own name, or where that one exports more than a lock. */
const MODULES = { '@openclaw/fs-safe': '@openclaw/fs-safe/file-lock' };

/** The packages that this one is compared with. */
export const PEERS = Object.keys(dependencies);

export const NOT_INSTALLED = 'not installed';

/** Returns the URL of a package's module, or a text that says why there is none. */
export function resolvePeer(name) {
  try {
    return pathToFileURL(require.resolve(MODULES[name] ?? name)).href;
  } catch {
    return NOT_INSTALLED;
  }
}

/** Returns the exports of a package, or a text that says why there are none. */
export async function loadPeer(name) {
  const url = resolvePeer(name);
  if (!url.startsWith('file:')) return url;
  try {
    const module = await import(url);
    return module.default ?? module;
  } catch (error) {
    return `does not load: ${String(error.message).split('\n', 1)[0]}`;
  }
}
