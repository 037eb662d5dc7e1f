// Where the C headers of this Node lie, without downloading any.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder that node-gyp calls nodedir, or undefined. */
export function nodeHeadersPrefix() {
  const prefixes = [dirname(dirname(process.execPath)), process.env.npm_config_nodedir];
  return prefixes.find((prefix) => prefix && existsSync(join(prefix, 'include/node/node_api.h')));
}
