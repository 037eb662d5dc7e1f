import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
// @ts-expect-error a script in plain JavaScript
import { BUNDLED, licenceTexts } from '../../scripts/release/bundled.mjs';
// @ts-expect-error a script in plain JavaScript
import { billOfMaterials } from '../../scripts/release/sbom.mjs';
import { read, TOP } from '../docs/pages.js';
import { isBuilt, testRequiring } from '../helpers/requirements.js';

interface Component {
  readonly name: string;
  readonly version?: string;
  readonly purl?: string;
  readonly hashes: readonly { alg: string; content: string }[];
}

const { packages } = JSON.parse(read('package-lock.json')) as {
  packages: Record<string, { version: string; integrity?: string; link?: boolean; license?: string }>;
};

test('THIRD-PARTY-LICENSES.txt has the licences of what is installed: node scripts/release/bundled.mjs', () => {
  expect(read('THIRD-PARTY-LICENSES.txt')).toBe(licenceTexts());
  for (const { name, license } of BUNDLED)
    expect(packages[`node_modules/${name}`]?.license, name).toBe(license);
});

test('every package that npm installs is named by its hash', () => {
  const without = Object.entries(packages).filter(([path, { integrity }]) => path !== '' && !integrity);
  expect(without.map(([path]) => path)).toEqual([]);
});

test('the bill of materials names the package, what it was made from, and each prebuilt file', () => {
  const { metadata, components, dependencies } = billOfMaterials();
  const { version } = JSON.parse(read('package.json')) as { version: string };
  expect(metadata.component).toMatchObject({ name: 'kernel-identity', version, type: 'library' });
  const names = (components as Component[]).map(({ name }) => name);
  expect(names).toEqual([
    ...['node-addon-api', 'esbuild'],
    ...['linux-x64', 'linux-arm64', 'win32-x64', 'win32-arm64', 'darwin-x64', 'darwin-arm64'].map(
      (machine) => `prebuilds/${machine}/kernel-identity.node`,
    ),
  ]);
  expect(dependencies[0].dependsOn).toHaveLength(names.length);
  for (const { name, version: bundled, purl, hashes } of components as Component[]) {
    const [{ alg, content } = { alg: '', content: '' }] = hashes;
    if (purl === undefined) {
      expect(execFileSync('sha256sum', [join(TOP, name)], { encoding: 'utf8' })).toContain(content);
    } else {
      expect(purl).toBe(`pkg:npm/${name}@${bundled}`);
      const integrity = `${alg.toLowerCase().replace('-', '')}-${Buffer.from(content, 'hex').toString('base64')}`;
      expect(packages[`node_modules/${name}`]?.integrity).toBe(integrity);
    }
  }
});

testRequiring([isBuilt()], 'the library takes in no package, as esbuild would say in a comment', () => {
  const library = read('dist/index.cjs');
  expect(library).toContain('// src/lock/');
  expect(library).not.toMatch(/^\/\/ .*node_modules/m);
});
