import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execute } from './foreground.mjs';
import { CONTENDER } from './root.mjs';

/**
 * Returns the configuration that an OCI runtime proposes.
 * @param {string} runtime
 * @param {string} scratch an empty directory
 */
export function proposedConfig(runtime, scratch) {
  execute([runtime, 'spec'], { cwd: scratch });
  return JSON.parse(readFileSync(join(scratch, 'config.json'), 'utf8'));
}

/**
 * Writes the bundle of a container with a contender as PID 1.
 * @param {string} bundle its directory, made here
 * @param {any} proposed see {@link proposedConfig}
 * @param {object} wanted
 * @param {string} wanted.files the root file system
 * @param {string} wanted.volume
 * @param {import('./contender.mjs').Task} wanted.task
 * @param {object} wanted.linux
 */
export function writeBundle(bundle, proposed, { files, volume, task, linux }) {
  mkdirSync(bundle);
  const config = {
    ...proposed,
    process: { ...proposed.process, terminal: false, args: [...CONTENDER, JSON.stringify(task)] },
    root: { path: files, readonly: true },
    hostname: 'gateway',
    mounts: [
      ...proposed.mounts,
      { destination: '/vol', type: 'bind', source: volume, options: ['bind', 'rw'] },
    ],
    linux: { ...proposed.linux, ...linux },
  };
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
}
