import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
// @ts-expect-error a script in plain JavaScript
import { releaseProblems as problemsOf } from '../../scripts/release/check.mjs';
// @ts-expect-error a script in plain JavaScript
import { movableNames as namesOf } from '../../scripts/release/pins.mjs';
import { read, TOP } from '../docs/pages.js';
import { tempDir } from '../helpers/temp-dir.js';

const movableNames: (workflow: string) => string[] = namesOf;
const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const DIGEST = `sha256:${'0123456789abcdef'.repeat(4)}`;

describe('what the workflows run can be exchanged by nobody', () => {
  const workflows = readdirSync(`${TOP}/.github/workflows`).map((name) => `.github/workflows/${name}`);

  test.each(workflows)('%s names actions and images by hashes', (name) => {
    expect(read(name)).toMatch(/uses:|image:/);
    expect(movableNames(read(name))).toEqual([]);
  });

  test('hashes, files of this repository and other texts are no problem', () => {
    const workflow = `
      # uses: actions/checkout@v4, node:22
      - uses: actions/checkout@${COMMIT} # v7.0.1
      - uses: ./.github/workflows/ci.yml
      image: node:22-bookworm@${DIGEST}
      image: \${{ matrix.image }}
      - run: docker run --rm debian:12@${DIGEST} true
      runs-on: ubuntu-24.04`;
    expect(movableNames(workflow)).toEqual([]);
  });

  test.each([
    '- uses: actions/checkout@v4 # v4.0.0',
    '- uses: actions/checkout@main',
    `- uses: actions/checkout@${COMMIT.slice(1)} # v4.0.0`,
    `- uses: actions/checkout@${COMMIT}`,
    '- uses: docker://alpine@latest',
    'image: node:22-bookworm',
    'container: someone/image',
    `image: node:22@${DIGEST.slice(0, -1)}`,
    '- node:22-bookworm',
    '- run: docker run --rm node:22-alpine sh -c true',
    'runs-on: ubuntu-latest',
  ])('%s is found', (line) => {
    expect(movableNames(`jobs:\n  ${line}`)).toEqual([expect.stringMatching(/^line 2: /)]);
  });

  test('only the job that publishes may ask who it is, and it runs npm and nothing that was fetched', () => {
    const release = read('.github/workflows/release.yml');
    const [before = '', publish = ''] = release.split(/^ {2}publish:$/m);
    expect(before).not.toContain('id-token');
    expect(publish).toContain('id-token: write');
    const commands = [...publish.matchAll(/\brun: (.*)$/gm)].map(([, command]) => command);
    expect(commands).toEqual([
      'test "$(cat package/*.tgz | sha256sum)" = "$SHA256  -"',
      'npm publish ./package/*.tgz --ignore-scripts --provenance --access public',
    ]);
    expect(publish).not.toContain('actions/checkout');
    for (const name of workflows) {
      expect(read(name).match(/actions\/checkout/g)?.length, name).toBe(
        read(name).match(/persist-credentials: false/g)?.length,
      );
    }
  });
});

test('another file than the packed one is not published, whatever its name', () => {
  const publish = read('.github/workflows/release.yml').split(/^ {2}publish:$/m)[1] ?? '';
  const [, compare = ''] = publish.match(/\brun: (.*SHA256.*)$/m) ?? [];
  const sha256 = createHash('sha256').update('packed').digest('hex');
  const passes = (files: Record<string, string>, expected = sha256) => {
    const folder = tempDir();
    mkdirSync(join(folder, 'package'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, 'package', name), text);
    const env = { ...process.env, SHA256: expected };
    return spawnSync('bash', ['-e', '-c', compare], { cwd: folder, env }).status === 0;
  };
  expect(passes({ 'a.tgz': 'packed' })).toBe(true);
  expect(passes({ 'a.tgz': 'other' })).toBe(false);
  // The first line names the packed file, which npm is not given, because its name does not end in .tgz.
  expect(passes({ a: 'packed', 'a\nb.tgz': 'other' })).toBe(false);
  expect(passes({ 'a.tgz': 'packed' }, '')).toBe(false);
  expect(passes({})).toBe(false);
});

describe('npm run release:check', () => {
  const good = {
    manifest: {
      version: '1.2.3',
      repository: { url: 'git+https://example.org/owner/name.git' },
      publishConfig: { access: 'public', provenance: true },
    },
    changelog: '# Changelog\n\n## 1.2.3 - 2026-12-01\n',
    workflows: { 'ci.yml': `uses: actions/checkout@${COMMIT} # v7.0.1` },
    tag: 'v1.2.3',
    isOnMain: true,
  };
  const releaseProblems: (project: object) => string[] = problemsOf;

  test('lets a release pass that lacks nothing', () => {
    expect(releaseProblems(good)).toEqual([]);
  });

  test.each([
    ['no repository', { manifest: { ...good.manifest, repository: undefined } }, /repository/],
    ['a repository by ssh', { manifest: { ...good.manifest, repository: 'git@a:b/c' } }, /repository/],
    ['no provenance', { manifest: { ...good.manifest, publishConfig: { access: 'public' } } }, /provenance/],
    ['another tag', { tag: 'v1.2.4' }, /tag is v1\.2\.4/],
    ['no tag', { tag: undefined }, /tag/],
    ['a commit of another branch', { isOnMain: false }, /branch main/],
    ['a changelog that ends before', { changelog: '## Unreleased\n## 1.2.2 - 2026-01-01' }, /CHANGELOG/],
    ['an action without its hash', { workflows: { 'ci.yml': 'uses: a/b@v1' } }, /ci\.yml, line 1/],
  ])('stops a release with %s', (_what, difference, problem) => {
    expect(releaseProblems({ ...good, ...difference })).toEqual([expect.stringMatching(problem)]);
  });

  test('package.json lacks only what nobody knows yet: where the repository is', () => {
    const manifest = JSON.parse(read('package.json')) as { repository?: unknown; version: string };
    const changelog = `## ${manifest.version} - 2026-12-01`;
    const repository = manifest.repository ?? good.manifest.repository;
    const project = {
      ...good,
      manifest: { ...manifest, repository },
      changelog,
      tag: `v${manifest.version}`,
    };
    expect(releaseProblems(project)).toEqual([]);
  });
});
