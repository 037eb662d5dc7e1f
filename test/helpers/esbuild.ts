import type { Requirement } from './requirements.js';

export type BundleOptions = Readonly<Record<string, unknown>>;
type Esbuild = {
  readonly build: (options: BundleOptions) => Promise<{ readonly warnings: readonly unknown[] }>;
};

/** null when esbuild is not installed. */
const esbuild: Esbuild | null = await import('esbuild' as string).catch(() => null);

export const hasEsbuild: Requirement = { available: esbuild !== null, reason: 'needs esbuild: npm ci' };

/** The options that docs/bundlers.md gives for a CommonJS file, which has no import.meta.url. */
export const COMMONJS: BundleOptions = {
  format: 'cjs',
  define: { 'import.meta.url': 'bundleUrl' },
  banner: { js: `const bundleUrl = require('node:url').pathToFileURL(__filename).href;` },
};

/** Bundles the program `from`, with its imports, into the file `to` for Node. Returns the warnings. */
export async function bundleFile(
  from: string,
  to: string,
  options: BundleOptions,
): Promise<readonly unknown[]> {
  if (esbuild === null) throw new Error(hasEsbuild.reason);
  const { warnings } = await esbuild.build({
    entryPoints: [from],
    outfile: to,
    bundle: true,
    platform: 'node',
    target: 'node20',
    logLevel: 'silent',
    ...options,
  });
  return warnings;
}
