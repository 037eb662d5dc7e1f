import { copyFileSync, cpSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempDir } from '../helpers/temp-dir.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The path at which an installed package has its addon for this machine. */
export const PREBUILT = `prebuilds/${process.platform}-${process.arch}/kernel-identity.node`;

/** The addon that `npm run build` makes. Without a compiler, the prebuilt one is used. */
const BUILT = join(ROOT, 'build/Release/kernel_identity.node');
export const ADDON = existsSync(BUILT) ? BUILT : join(ROOT, PREBUILT);

/**
 * Makes a project with the built package in its node_modules, as npm would install it.
 * @param addon file to install as the addon; null for none.
 */
export function installInto(project = tempDir(), addon: string | null = ADDON): Installed {
  const modules = join(project, 'node_modules');
  const root = join(modules, 'kernel-identity');
  cpSync(join(ROOT, 'dist'), join(root, 'dist'), { recursive: true });
  copyFileSync(join(ROOT, 'package.json'), join(root, 'package.json'));
  if (addon !== null) {
    mkdirSync(dirname(join(root, PREBUILT)), { recursive: true });
    copyFileSync(addon, join(root, PREBUILT));
  }
  return { project, root, entry: join(root, 'dist/index.js') };
}

export interface Installed {
  readonly project: string;
  readonly root: string;
  /** The file that `import 'kernel-identity'` resolves to. */
  readonly entry: string;
}
