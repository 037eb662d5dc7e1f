// Makes the links of the packed pages absolute while npm packs the package, because docs/ and examples/ are not in it:
// `prepack`. `postpack` puts the pages of the working tree back. Where the links lead is said in one place, the field
// `repository` of package.json; without it they stay as they are, and nothing can be published.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGES = ['README.md', 'CHANGELOG.md', 'SECURITY.md'];
const KEPT = join(ROOT, 'build/pages');

/**
 * Returns the text with its relative links and pictures on the pages of the repository, as they were at this version.
 * @param address of the repository, such as `https://github.com/owner/name`.
 */
export function withAbsoluteLinks(text, address, version) {
  const absolute = (path) => `${address}/${/\.svg$/.test(path) ? 'raw' : 'blob'}/v${version}/${path}`;
  return text
    .replaceAll(/\]\((?![a-z]+:|#)([^)\s]+)\)/g, (_all, path) => `](${absolute(path)})`)
    .replaceAll(/\b(src|srcset)="(?![a-z]+:)([^"]+)"/g, (_all, name, path) => `${name}="${absolute(path)}"`);
}

/** Returns the address of the pages of a repository. null when package.json names none. */
export function addressOf({ repository }) {
  const url = typeof repository === 'string' ? repository : repository?.url;
  return url?.replace(/^git\+/, '').replace(/\.git$/, '') ?? null;
}

function prepack() {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const address = addressOf(manifest);
  if (address === null) {
    if (process.env.npm_command !== 'publish') return;
    console.error('package.json has no `repository`, so the links of README.md would lead nowhere: set it.');
    process.exitCode = 1;
    return;
  }
  mkdirSync(KEPT, { recursive: true });
  for (const name of PAGES) {
    const text = readFileSync(join(ROOT, name), 'utf8');
    writeFileSync(join(KEPT, name), text);
    writeFileSync(join(ROOT, name), withAbsoluteLinks(text, address, manifest.version));
  }
}

function postpack() {
  for (const name of PAGES) {
    try {
      renameSync(join(KEPT, name), join(ROOT, name));
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
  }
}

const [, script, step] = process.argv;
if (script === fileURLToPath(import.meta.url)) {
  if (step === 'prepack') prepack();
  else if (step === 'postpack') postpack();
  else throw new Error('usage: node scripts/release/pack-pages.mjs prepack|postpack');
}
