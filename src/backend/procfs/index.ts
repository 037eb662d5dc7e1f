import { readdirSync, statfsSync } from 'node:fs';
import type { Backend, Capabilities } from '../backend.js';
import { fillRandomByNode } from '../node-random.js';
import { isSystemError } from '../system-error.js';
import { WorkerLease } from '../worker-lease.js';
import { probeCapabilities } from './capabilities.js';
import { ProcfsFiles } from './files.js';
import { filesystemName } from './filesystem.js';
import { PROCFS_LIFELINE } from './lifeline.js';
import { procfsProcesses } from './processes.js';
import { ProcfsWitness } from './witness.js';

/**
 * Loads the backend for Linux without the addon, which reads /proc.
 * @throws {Error} saying what is missing.
 */
export function loadProcfsBackend(): Backend {
  if (process.platform !== 'linux') {
    throw new Error(`the procfs backend needs Linux, this is ${process.platform}`);
  }
  requireProc();

  const files = new ProcfsFiles();
  let capabilities: Capabilities | undefined;
  return {
    name: 'procfs',
    actsOnOpenDirectory: true,
    processes: procfsProcesses,
    files,
    witness: new ProcfsWitness(files),
    openWitness: null,
    directoryWitness: null,
    watch: null,
    lifeline: PROCFS_LIFELINE,
    lease: new WorkerLease((descriptor) => ({ descriptor })),
    fillRandom: fillRandomByNode,
    capabilities() {
      capabilities ??= probeCapabilities();
      return capabilities;
    },
  };
}

/**
 * Makes sure that /proc is there, because processes are read from /proc/<pid> and files are reached by /proc/self/fd.
 * @throws {Error} saying what is missing.
 */
function requireProc(): void {
  try {
    const type = filesystemName(statfsSync('/proc', { bigint: true }).type);
    if (type !== 'proc') {
      throw new Error(`the procfs backend needs /proc, but what is mounted there is ${type}`);
    }
    // /proc/self leads nowhere when /proc belongs to a PID namespace in which this process has no PID.
    readdirSync('/proc/self/fd');
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new Error(`the procfs backend needs a readable /proc/self: ${error.message}`, { cause: error });
  }
}
