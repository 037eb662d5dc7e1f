import { dirname, toNamespacedPath } from 'node:path';
import type { Filesystem } from '../backend.js';
import type { Descriptor } from '../descriptor.js';
import { lookFor } from '../portable/by-path.js';
import { PortableFiles } from '../portable/files.js';
import type { ThinProcesses } from './processes.js';
import type { ThinAddon } from './thin-addon.js';

/** Filesystems of Windows whose file numbers stay the same, and no program invents. */
const OF_WINDOWS: ReadonlySet<string> = new Set(['NTFS', 'ReFS']);
/** Those of macOS. */
const OF_MACOS: ReadonlySet<string> = new Set(['apfs', 'hfs']);

const UNKNOWN: Filesystem = { type: 'unknown', fsid: null };

/** Files by plain Node. The addon adds what they lie on, and its pidfds can be closed here as well. */
export class ThinFiles extends PortableFiles {
  readonly #addon: ThinAddon;
  readonly #processes: ThinProcesses;
  readonly #isWindows: boolean;

  constructor(addon: ThinAddon, processes: ThinProcesses, platform: NodeJS.Platform) {
    super(platform);
    this.#addon = addon;
    this.#processes = processes;
    this.#isWindows = platform === 'win32';
  }

  override filesystem(fd: Descriptor): Filesystem {
    return this.#isWindows ? this.#onWindows(fd) : this.#onMacos(fd);
  }

  /**
   * The name is that of plain Node, so that both find the same. But a drive letter may lead to FAT, whose file numbers can
   * change, or to a program (WinFsp).
   */
  #onWindows(fd: Descriptor): Filesystem {
    const found = super.filesystem(fd);
    const { path } = this.handles.get(fd, 'statfs');
    const volume = found.type === 'windows' ? this.#addon.volume(toNamespacedPath(dirname(path))) : null;
    return volume !== null && OF_WINDOWS.has(volume) ? found : UNKNOWN;
  }

  /** The kernel says here what plain Node learns from mount(8). */
  #onMacos(fd: Descriptor): Filesystem {
    const handle = this.handles.get(fd, 'statfs');
    const type = this.#addon.volume(handle.path);
    // Another directory may have taken that path.
    if (type === null || !OF_MACOS.has(type) || lookFor(handle) === null) return UNKNOWN;
    return { type, fsid: null };
  }

  override close(fd: Descriptor): void {
    if (!this.#processes.close(fd)) super.close(fd);
  }
}
