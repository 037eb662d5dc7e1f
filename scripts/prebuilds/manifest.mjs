// prebuilds/manifest.json records the prebuilt files, the sources they were made from, and the tools that made them.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MANIFEST } from './targets.mjs';

export function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

/** What the manifest says of one file. @param built the answer of `buildPrebuild`. */
export function entryOf({ bytes, versions, flags }) {
  return { sha256: sha256(bytes), size: bytes.length, ...versions, ...flags };
}

/** @param prebuilds the folder. @returns null when it has no manifest that can be read. */
export function readManifest(prebuilds) {
  try {
    const { sources, files } = JSON.parse(readFileSync(join(prebuilds, MANIFEST), 'utf8'));
    return { sources: Object(sources), files: Object(files) };
  } catch {
    return null;
  }
}
