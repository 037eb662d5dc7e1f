import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { onCleanup } from './cleanup.js';
import { tempDir } from './temp-dir.js';

/** Runs a command that succeeds, and returns what it prints. */
export function run(program: string, ...args: string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}

/** A directory in a fresh one. */
function folder(name: string, parent = tempDir()): string {
  const path = join(parent, name);
  mkdirSync(path);
  return path;
}

/** The mount goes when the test ends, if it is still there. Processes that use it may outlive it by a moment. */
function unmountLater(at: string): string {
  onCleanup(() => {
    try {
      run('umount', '--lazy', at);
    } catch {
      // The test has unmounted it.
    }
  });
  return at;
}

/** A fresh mount of a filesystem of the kernel that needs no device. */
export function mountKernel(type: string): string {
  const at = folder('at');
  run('mount', '-t', type, 'none', at);
  return unmountLater(at);
}

/** What each FUSE daemon shows, fresh and empty. */
export const FUSE = {
  bindfs: (under = folder('under')) => {
    const at = folder('at');
    run('bindfs', under, at);
    return unmountLater(at);
  },
  mergerfs: () => {
    const at = folder('at');
    run('mergerfs', `${folder('a')}:${folder('b')}`, at);
    return unmountLater(at);
  },
  'fuse-overlayfs': () => {
    const [lower, upper, scratch] = [folder('lower'), folder('upper'), folder('scratch')];
    const at = folder('at');
    run('fuse-overlayfs', '-o', `lowerdir=${lower},upperdir=${upper},workdir=${scratch}`, at);
    return unmountLater(at);
  },
} as const;

/** An overlay that can be mounted again, then with another device number. */
export class Overlay {
  readonly upper = folder('upper');
  readonly at = folder('at');
  readonly #options = `lowerdir=${folder('lower')},upperdir=${this.upper},workdir=${folder('work')}`;

  mount(): string {
    run('mount', '-t', 'overlay', '-o', this.#options, 'none', this.at);
    return unmountLater(this.at);
  }

  unmount(): void {
    run('umount', this.at);
  }
}

/** A filesystem in a file, which can be attached again under another device number. */
export class Image {
  readonly at = folder('at');
  readonly #file = join(tempDir(), 'image');
  #device = '';

  readonly #type: string;

  constructor(type: 'xfs' | 'ext4' | 'btrfs') {
    this.#type = type;
    run('truncate', '--size=320M', this.#file);
    run(`mkfs.${type}`, '-q', this.#file);
  }

  attach(): string {
    this.#device = run('losetup', '--find', '--show', this.#file);
    onCleanup(() => this.#detachDevice());
    // A mount namespace that another test has copied meanwhile keeps the last mount, and xfs would refuse a second one.
    // So detach() writes to the file what is in memory.
    run('mount', ...(this.#type === 'xfs' ? ['-o', 'nouuid'] : []), this.#device, this.at);
    return unmountLater(this.at);
  }

  detach(): void {
    run('sync', '--file-system', this.at);
    run('umount', this.at);
    this.#detachDevice();
  }

  #detachDevice(): void {
    try {
      run('losetup', '--detach', this.#device);
    } catch {
      // It is detached already, or as soon as its filesystem is unmounted.
    }
  }
}
