import { readFileSync } from 'node:fs';

/** The same number of levels up from src/dump and from dist/dump. */
const PACKAGE_JSON = new URL('../../package.json', import.meta.url);

/** Version of this package; `unknown` where it was bundled without its package.json. */
export function packageVersion(): string {
  try {
    const { version } = JSON.parse(readFileSync(PACKAGE_JSON, 'utf8')) as { version?: unknown };
    return typeof version === 'string' ? version : 'unknown';
  } catch {
    return 'unknown';
  }
}
