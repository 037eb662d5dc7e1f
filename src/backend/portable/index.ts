import type { Backend, Capabilities } from '../backend.js';
import { NO_LIFELINE } from '../no-lifeline.js';
import { WorkerLease } from '../worker-lease.js';
import { listCapabilities } from './capabilities.js';
import { PortableFiles } from './files.js';
import { PortableProcesses } from './processes.js';
import { PortableWitness } from './witness.js';

/**
 * The backend for systems without /proc: what Node can do everywhere. What decides there is the lease.
 * @param platform whose ways to follow; another than the own one for tests only.
 */
export function loadPortableBackend(platform: NodeJS.Platform = process.platform): Backend {
  const files = new PortableFiles(platform);
  let capabilities: Capabilities | undefined;
  return {
    name: 'portable',
    actsOnOpenDirectory: false,
    processes: new PortableProcesses(),
    files,
    witness: new PortableWitness(),
    watch: null,
    lifeline: NO_LIFELINE,
    lease: new WorkerLease((descriptor) => ({ path: files.handles.get(descriptor, 'fstat').path })),
    capabilities() {
      capabilities ??= listCapabilities(platform);
      return capabilities;
    },
  };
}
