// prebuilds/manifest.json: what the files are, and what they were made from and with.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { MANIFEST } from './targets.mjs';

export function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

export function readManifest() {
  return JSON.parse(readFileSync(MANIFEST, 'utf8'));
}
