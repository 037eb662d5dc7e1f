// Writes dist/sbom.cdx.json: what the package consists of, in the format of CycloneDX 1.6. `npm sbom` would
// list the tools of development, which are not in it, and not the binaries, which are. The same package gives the same
// text, so it has neither a time nor a serial number.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readManifest } from '../prebuilds/manifest.mjs';
import { PREBUILDS } from '../prebuilds/targets.mjs';
import { BUNDLED, ROOT } from './bundled.mjs';

export const SBOM = 'dist/sbom.cdx.json';

function readJson(name) {
  return JSON.parse(readFileSync(join(ROOT, name), 'utf8'));
}

/** @returns the object that is written. */
export function billOfMaterials() {
  const { name, version, description, license } = readJson('package.json');
  const itself = packageComponent('library', name, version, license);
  const works = BUNDLED.map(bundledComponent);
  const prebuilt = readManifest(join(ROOT, PREBUILDS))?.files ?? {};
  const files = Object.entries(prebuilt).map(([path, { sha256 }]) => ({
    type: 'file',
    'bom-ref': `${PREBUILDS}/${path}`,
    name: `${PREBUILDS}/${path}`,
    hashes: [{ alg: 'SHA-256', content: sha256 }],
  }));
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { ...itself, description } },
    components: [...works, ...files],
    dependencies: [
      { ref: itself['bom-ref'], dependsOn: [...works, ...files].map((component) => component['bom-ref']) },
    ],
  };
}

/** What is known of a work from the file that decides which bytes npm installs. */
function bundledComponent({ name, license, part }) {
  const { version, integrity } = readJson('package-lock.json').packages[`node_modules/${name}`];
  const [algorithm, hash] = integrity.split('-');
  return {
    ...packageComponent('library', name, version, license),
    hashes: [{ alg: algorithm.replace('sha', 'SHA-'), content: Buffer.from(hash, 'base64').toString('hex') }],
    properties: [{ name: 'kernel-identity:part', value: part }],
  };
}

function packageComponent(type, name, version, license) {
  const purl = `pkg:npm/${name}@${version}`;
  return { type, 'bom-ref': purl, name, version, licenses: [{ license: { id: license } }], purl };
}

export function writeBillOfMaterials() {
  writeFileSync(join(ROOT, SBOM), `${JSON.stringify(billOfMaterials(), null, 2)}\n`);
}

// The files of prebuilds/ may have changed since dist/ was built.
if (process.argv[1] === fileURLToPath(import.meta.url)) writeBillOfMaterials();
