import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MAIN } from '../helpers/cli.js';
import { tempDir } from '../helpers/temp-dir.js';

/** Returns the path of a file in examples/. */
export function example(name: string): string {
  return fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
}

/** Returns a PATH on which `kernel-identity` is the built program, as where the package is installed. */
export function pathWithProgram(): string {
  const directory = tempDir();
  const program = join(directory, 'kernel-identity');
  writeFileSync(program, `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
  chmodSync(program, 0o755);
  return `${directory}:${process.env.PATH}`;
}
