import type { Backend, Capabilities } from '../backend.js';
import { NO_LIFELINE } from '../no-lifeline.js';
import { fillRandomByNode } from '../node-random.js';
import { WorkerLease } from '../worker-lease.js';
import { listCapabilities } from './capabilities.js';
import { PortableFiles } from './files.js';
import { portableProcesses } from './processes.js';
import { PortableWitness } from './witness.js';
import type { WitnessKind } from './witness-kind.js';

/**
 * Loads the backend for systems without /proc, which uses only what Node can do everywhere. The lease decides there, and
 * the witness where one can be taken.
 * @param platform the system whose behaviour to expect; only tests pass another one than their own.
 */
export function loadPortableBackend(platform: NodeJS.Platform = process.platform): Backend {
  return portableBackendWith(new PortableFiles(platform), platform);
}

/** The same with other files, and another kind of witness: those of a system that has an addon. */
export function portableBackendWith(
  files: PortableFiles,
  platform: NodeJS.Platform,
  kind?: WitnessKind,
): Backend {
  const witness = new PortableWitness(files, platform, kind);
  let capabilities: Capabilities | undefined;
  return {
    name: 'portable',
    actsOnOpenDirectory: false,
    processes: portableProcesses,
    files,
    witness,
    openWitness: witness,
    directoryWitness: null,
    watch: null,
    lifeline: NO_LIFELINE,
    lease: new WorkerLease((descriptor) => {
      const { path, status } = files.handles.get(descriptor, 'fstat');
      return { path, device: BigInt(status.device), inode: BigInt(status.inode) };
    }),
    fillRandom: fillRandomByNode,
    capabilities() {
      capabilities ??= listCapabilities(platform);
      return capabilities;
    },
  };
}
