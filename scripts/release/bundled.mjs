// The works of others of which something is in the package, though it has no dependencies: THIRD-PARTY-LICENSES.txt.
// `node scripts/release/bundled.mjs` writes that file anew.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const LICENCES = 'THIRD-PARTY-LICENSES.txt';

/** `license` is the name that SPDX gives to what stands in the file `text` of the package. */
export const BUNDLED = [
  {
    name: 'node-addon-api',
    license: 'MIT',
    text: 'LICENSE.md',
    part: 'prebuilds/',
    what: 'The addon is compiled with its headers, whose code is in the prebuilt files.',
  },
  {
    name: 'esbuild',
    license: 'MIT',
    text: 'LICENSE.md',
    part: 'dist/',
    what: 'It makes the JavaScript in dist/, and puts some short functions of its own there.',
  },
];

const HEADER = `kernel-identity is under the licence in the file LICENSE. It contains parts of the works below, whose licences follow.

The prebuilt files also contain code from the headers of GCC's C++ library. It is under the GNU General Public License,
version 3, with the GCC Runtime Library Exception, version 3.1, which permits that.
`;

/** @returns the text of THIRD-PARTY-LICENSES.txt, out of the packages in node_modules. */
export function licenceTexts() {
  const sections = BUNDLED.map(({ name, text, part, what }) => {
    const licence = readFileSync(join(ROOT, 'node_modules', name, text), 'utf8').trim();
    return `${'-'.repeat(80)}\n${name}, in ${part}\n${what}\n\n${licence}\n`;
  });
  return [HEADER, ...sections].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(join(ROOT, LICENCES), licenceTexts());
