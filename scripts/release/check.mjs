// Checks before a release what only a person could otherwise notice: `npm run release:check -- v1.2.3`. It installs and
// builds nothing.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addressOf } from './pack-pages.mjs';
import { movableNames } from './pins.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const WORKFLOWS = '.github/workflows';

/**
 * @param project `{ manifest, changelog, workflows, tag, isOnMain }`: the content of package.json, the text of
 * CHANGELOG.md, the texts of the workflows by name, the tag, and whether its commit belongs to the branch main.
 * @returns what stands against a release.
 */
export function releaseProblems({ manifest, changelog, workflows, tag, isOnMain }) {
  const problems = [];
  const { version, publishConfig } = manifest;
  if (!/^https:\/\/\S+$/.test(addressOf(manifest) ?? '')) {
    problems.push('package.json: `repository` is not the https address of the repository');
  }
  if (publishConfig?.access !== 'public' || publishConfig.provenance !== true) {
    problems.push('package.json: `publishConfig` must have access "public" and provenance true');
  }
  if (tag !== `v${version}`) problems.push(`the tag is ${tag}, but package.json has the version ${version}`);
  if (!isOnMain) problems.push('the commit of the tag is not on the branch main');
  const heading = `## ${version} - `;
  if (!changelog.split('\n').some((line) => line.startsWith(heading) && /\d{4}-\d\d-\d\d$/.test(line))) {
    problems.push(`CHANGELOG.md has no heading "${heading}YYYY-MM-DD"`);
  }
  for (const [name, text] of Object.entries(workflows)) {
    problems.push(...movableNames(text).map((problem) => `${name}, ${problem}`));
  }
  return problems;
}

function isOnMain() {
  const { status } = spawnSync('git', ['merge-base', '--is-ancestor', 'HEAD', 'origin/main'], { cwd: ROOT });
  return status === 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const read = (name) => readFileSync(join(ROOT, name), 'utf8');
  const problems = releaseProblems({
    manifest: JSON.parse(read('package.json')),
    changelog: read('CHANGELOG.md'),
    workflows: Object.fromEntries(
      readdirSync(join(ROOT, WORKFLOWS)).map((name) => [name, read(join(WORKFLOWS, name))]),
    ),
    tag: process.argv[2],
    isOnMain: isOnMain(),
  });
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
  else console.log('nothing stands against this release');
}
