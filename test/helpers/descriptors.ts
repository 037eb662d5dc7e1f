import { readdirSync, readlinkSync } from 'node:fs';

export interface OpenDescriptor {
  readonly fd: number;
  /** The path that it is open on; the kernel appends ` (deleted)` when the file is gone. */
  readonly target: string;
}

/** Lists the descriptors of a process that are open on something whose path begins with `path`. */
export function descriptorsOn(path: string, pid: number | 'self' = 'self'): OpenDescriptor[] {
  return readdirSync(`/proc/${pid}/fd`)
    .map((fd) => ({ fd: Number(fd), target: targetOf(`/proc/${pid}/fd/${fd}`) }))
    .filter(({ target }) => target.startsWith(path));
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    // This was the descriptor by which the list was read, or it was closed meanwhile.
    return '';
  }
}

/** The beginning of a command line that runs the rest of it with at most so many descriptors. */
export function withDescriptors(most: number): string[] {
  return ['sh', '-c', `ulimit -n ${most} && exec "$@"`, 'sh'];
}
