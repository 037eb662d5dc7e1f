import type { Backend, Capabilities, Capability } from '../backend.js';
import { listCapabilities } from '../portable/capabilities.js';
import { portableBackendWith } from '../portable/index.js';
import { isErrno } from '../system-error.js';
import { ThinFiles } from './files.js';
import { ThinProcesses } from './processes.js';
import { purelyTested } from './pure-test.js';
import { loadThinAddon, type ThinAddon } from './thin-addon.js';
import { ThinWatch } from './watch.js';

/**
 * Loads the backend for Windows and macOS with an addon: the portable one, to which the addon adds who a process is, what
 * a volume is, and as events the ends of processes and, on macOS, releases.
 * @param addon only tests pass another one than the package's own.
 * @throws {Error} saying why the addon does not load.
 */
export function loadThinBackend(
  platform: NodeJS.Platform = process.platform,
  addon: ThinAddon = loadThinAddon(platform),
): Backend {
  const processes = new ThinProcesses(addon, platform);
  const files = new ThinFiles(addon, processes, platform);
  let capabilities: Capabilities | undefined;
  return {
    ...portableBackendWith(files, platform, platform === 'darwin' ? purelyTested(addon) : undefined),
    name: 'native',
    processes,
    watch: new ThinWatch(addon, processes, files),
    capabilities() {
      capabilities ??= probeCapabilities(addon, platform);
      return capabilities;
    },
  };
}

function probeCapabilities(addon: ThinAddon, platform: string): Capabilities {
  const own = addon.probe(process.pid);
  const call = platform === 'win32' ? 'OpenProcess' : 'proc_pidinfo';
  const key = platform === 'win32' ? 'ProcessStartKey' : 'the unique id of a process';
  const isSeen = !isErrno(own);
  return Object.freeze({
    ...listCapabilities(platform),
    pidfd: capability(isSeen, isSeen ? `${call} shows this process` : `${call} answered ${own}`),
    pidfdInode: capability(
      isSeen && own.key !== null,
      isSeen && own.key !== null ? `${key} is known` : `${key} is not known, so the start decides`,
    ),
  });
}

function capability(available: boolean, reason: string): Capability {
  return Object.freeze({ available, reason });
}
