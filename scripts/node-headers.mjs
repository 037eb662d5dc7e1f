// Finds the C headers of this Node without downloading any.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Returns the folder that node-gyp calls nodedir; undefined when there is none. */
export function nodeHeadersPrefix() {
  const prefixes = [dirname(dirname(process.execPath)), process.env.npm_config_nodedir];
  return prefixes.find((prefix) => prefix && existsSync(join(prefix, 'include/node/node_api.h')));
}
