// prebuilds/manifest.json records the prebuilt files, the sources they were made from, and the tools that made them.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { MANIFEST } from './targets.mjs';

export function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

export function readManifest() {
  return JSON.parse(readFileSync(MANIFEST, 'utf8'));
}
