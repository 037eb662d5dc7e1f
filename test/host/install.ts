import { copyFileSync, cpSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempDir } from '../helpers/temp-dir.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Where an installed package has its addon for this machine. */
const PREBUILT = `prebuilds/${process.platform}-${process.arch}/kernel-identity.node`;

/** The addon as `npm run build` makes it; without a compiler, the prebuilt one. */
const BUILT = join(ROOT, 'build/Release/kernel_identity.node');
export const ADDON = existsSync(BUILT) ? BUILT : join(ROOT, PREBUILT);

/**
 * A project with the built package in its node_modules, as npm would put it there.
 * @param addon file that stands in the place of the addon; null: none.
 */
export function installInto(project = tempDir(), addon: string | null = ADDON): Installed {
  const modules = join(project, 'node_modules');
  const root = join(modules, 'kernel-identity');
  cpSync(join(ROOT, 'dist'), join(root, 'dist'), { recursive: true });
  copyFileSync(join(ROOT, 'package.json'), join(root, 'package.json'));
  cpSync(join(ROOT, 'node_modules/node-gyp-build'), join(modules, 'node-gyp-build'), { recursive: true });
  if (addon !== null) {
    mkdirSync(dirname(join(root, PREBUILT)), { recursive: true });
    copyFileSync(addon, join(root, PREBUILT));
  }
  return { project, root, entry: join(root, 'dist/index.js') };
}

export interface Installed {
  readonly project: string;
  readonly root: string;
  /** What `import 'kernel-identity'` leads to. */
  readonly entry: string;
}
