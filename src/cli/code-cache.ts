// Keeps V8's code cache of the commands on Node 20, which has no module.enableCompileCache(). This file goes when Node 20
// is supported no more.
//
// V8 compares no more of a source than its length, and a damaged cache crashes the process. So a file of the cache holds
// the cached data, the source, and the cached data once more: it is used only for exactly that source, and only if both
// copies are equal. A checksum would need node:zlib, which takes 4 ms to load, or 2 ms in JavaScript.
import { lstatSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Script } from 'node:vm';
import { isOnlyOwn } from './cache-folder.js';

/** Node runs a CommonJS module as a function with these parameters. */
const HEAD = '(function (exports, require, module, __filename, __dirname) { ';
const TAIL = '\n})';

/** The names of these files, also while they are written: command, length of the source, which Node. */
const NAME = /^[a-z-]+-\d+-v[\w.-]+-\d+-\d+\.code(\.\w+)?$/;

/** Larger files are not read, in bytes. Those of the commands have less than 1 MB. */
const MAX_SIZE = 8 * 1024 * 1024;

/** Files that were written so long ago are deleted, in ms, because the build may be gone that they belong to. */
const MAX_AGE = 30 * 24 * 3600 * 1000;

/** Lets `require` take the compiled code of the commands from that folder, and keeps it there when the process ends. */
export function keepCodeIn(folder: string): void {
  // V8 rejects what was compiled under other flags, and a program that is loaded before this one may want the source.
  if (process.execArgv.length > 0 || process.env.NODE_OPTIONS) return;
  const node = nameOfNode();
  if (node === null) return;
  const here = fileURLToPath(import.meta.url);
  const { extensions } = createRequire(here);
  const compileAsEver = extensions['.js'];
  extensions['.cjs'] = (module, path) => {
    if (dirname(path) !== dirname(here)) return compileAsEver(module, path);
    const source = readFileSync(path);
    runModule(module, path, source, join(folder, `${basename(path, '.cjs')}-${source.length}-${node}.code`));
  };
}

/** Another build of the same version may have other tables, to which cached data refer by their place. */
function nameOfNode(): string | null {
  try {
    const { size, mtimeMs } = statSync(process.execPath);
    return `${process.version}-${process.arch}-${size}-${Math.trunc(mtimeMs)}`;
  } catch {
    return null;
  }
}

/** Runs a CommonJS module as Node does, with the compiled code of that file. */
function runModule(module: NodeJS.Module, path: string, source: Buffer, file: string): void {
  const { Script } = process.getBuiltinModule('node:vm');
  const cachedData = readCode(file, source);
  const script = new Script(HEAD + source.toString() + TAIL, {
    filename: path,
    columnOffset: -HEAD.length,
    cachedData,
  });
  if (cachedData === undefined || script.cachedDataRejected) {
    // At the exit all functions that the command called are compiled, its lock is released, its output written.
    process.once('exit', () => writeCode(file, source, script));
  }
  const { exports } = module;
  script.runInThisContext().call(exports, exports, createRequire(path), module, path, dirname(path));
}

/** @returns undefined where there is none of exactly that source that is whole and could be written by nobody else. */
function readCode(file: string, source: Buffer): Buffer | undefined {
  try {
    const status = lstatSync(file);
    if (!status.isFile() || !isOnlyOwn(status) || status.size > MAX_SIZE) return undefined;
    const content = readFileSync(file);
    const length = (content.length - source.length) / 2;
    const code = content.subarray(0, length);
    const isWhole =
      content.subarray(length, -length).equals(source) && content.subarray(-length).equals(code);
    return isWhole ? code : undefined;
  } catch {
    return undefined;
  }
}

/** Without the file everything works as well, so no failure is reported. */
function writeCode(file: string, source: Buffer, script: Script): void {
  try {
    const code = script.createCachedData();
    // Nobody reads a file that is not finished.
    const unfinished = `${file}.${Math.random().toString(36).slice(2)}`;
    try {
      writeFileSync(unfinished, Buffer.concat([code, source, code]), { flag: 'wx', mode: 0o600 });
      renameSync(unfinished, file);
    } finally {
      rmSync(unfinished, { force: true });
    }
    deleteOld(dirname(file));
  } catch {}
}

function deleteOld(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!NAME.test(name)) continue;
    const path = join(folder, name);
    const status = lstatSync(path);
    if (status.isFile() && Date.now() - status.mtimeMs > MAX_AGE) rmSync(path, { force: true });
  }
}
