// Checks the layout of the C++ sources with clang-format; `--write` corrects it.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { nativeSources } from './native-source-hash.mjs';

const write = process.argv.includes('--write');
const { status, error } = spawnSync(
  process.env.CLANG_FORMAT || 'clang-format',
  [...(write ? ['-i'] : ['--dry-run', '-Werror']), ...nativeSources()],
  { cwd: fileURLToPath(new URL('..', import.meta.url)), stdio: 'inherit' },
);
if (error?.code === 'ENOENT') {
  console.log('SKIPPED the layout of native/: there is no clang-format');
  process.exitCode = process.env.CI === 'true' ? 1 : 0;
} else {
  process.exitCode = status ?? 1;
}
