import { readFileSync } from 'node:fs';
import { cpus, getPriority, release, totalmem } from 'node:os';
import { dumpDiagnostics } from '../../dist/index.js';
import { filesystemOf } from './scratch.mjs';

const PACKAGE = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/** Describes the machine and the build, on which the figures depend. */
export function describeMachine(directory) {
  return {
    version: PACKAGE.version,
    date: new Date().toISOString(),
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    backend: dumpDiagnostics().backend.name,
    directory,
    filesystem: filesystemOf(directory),
    priority: getPriority(),
  };
}
