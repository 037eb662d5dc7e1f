import { readFileSync } from 'node:fs';

/** Version of this package; `unknown` where it was bundled without its package.json. */
export function packageVersion(): string {
  try {
    // The same number of levels up from src/dump and from dist/dump; from a bundle it is somebody else's, or none.
    const url = new URL('../../package.json', import.meta.url);
    const { name, version } = JSON.parse(readFileSync(url, 'utf8')) as { name?: unknown; version?: unknown };
    return name === 'kernel-identity' && typeof version === 'string' ? version : 'unknown';
  } catch {
    return 'unknown';
  }
}
