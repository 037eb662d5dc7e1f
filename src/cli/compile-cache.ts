import { makeCacheFolder } from './cache-folder.js';
import { keepCodeIn } from './code-cache.js';

/**
 * Keeps the compiled code of the commands, which then start in less time: Node (22.1 and later) does that, and
 * code-cache.ts where it does not. Without a folder for it everything works as well.
 */
export function keepCompiledCode(): void {
  if (process.env.NODE_DISABLE_COMPILE_CACHE !== undefined) return;
  const folder = makeCacheFolder(process.env);
  if (folder === null) return;
  const { enableCompileCache = keepCodeIn } = process.getBuiltinModule('node:module') as {
    enableCompileCache?: (folder: string) => unknown;
  };
  enableCompileCache(folder);
}
