import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownPackage } from '../own-package.js';

/** In the folder prebuilds/ of the package: which addons a machine of their own system has tested, by SHA-256. */
const PROVEN = 'PROVEN.json';
/** There too: the SHA-256 of the addons that are in the package. */
const MANIFEST = 'manifest.json';

/** Systems for which there is an addon that must be proven first. */
const MACHINES: ReadonlySet<string> = new Set(['win32-x64', 'win32-arm64', 'darwin-x64', 'darwin-arm64']);

/**
 * Why the addon for this machine is not to be loaded unasked, in words for the diagnostics dump. null: the very file in the
 * package was tested on a machine of its system.
 * @param findPrebuilds only tests pass another folder.
 */
export function whyNotProven(
  machine = `${process.platform}-${process.arch}`,
  findPrebuilds = () => join(ownPackage().root, 'prebuilds'),
): string | null {
  if (!MACHINES.has(machine)) return `there is no addon for ${machine}`;
  try {
    const folder = findPrebuilds();
    const proven = sha256In(join(folder, PROVEN), ['addons', machine]);
    const packed = sha256In(join(folder, MANIFEST), ['files', `${machine}/kernel-identity.node`]);
    if (proven !== null && proven === packed) return null;
  } catch {
    // There is no such file, or no package: nothing is proven.
  }
  return `the addon for ${machine} was not tested on such a machine; KERNEL_IDENTITY_BACKEND=native asks for it`;
}

function sha256In(path: string, keys: readonly string[]): string | null {
  let value: unknown = JSON.parse(readFileSync(path, 'utf8'));
  for (const key of [...keys, 'sha256']) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null;
    value = (value as Record<string, unknown>)[key];
  }
  return typeof value === 'string' ? value : null;
}
