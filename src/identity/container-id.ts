import { readFileSync } from 'node:fs';
import { isShortage } from '../backend/system-error.js';

const CONTAINER_ID = /[0-9a-f]{64}/;

/** Digits of a container id that `docker ps` shows, and that Docker gives a container as its host name. */
export const SHORT_CONTAINER_ID = 12;

/**
 * Reads the container id from the cgroup path, where the runtimes write it (docker, containerd, podman,
 * CRI-O), or from the source of the mounted /etc/hostname, where Docker and podman show it. The id is for
 * people only. null when none is found.
 * @throws EMFILE, ENFILE or ENOMEM where descriptors or memory have run out.
 */
export function readContainerId(pid: number | 'self'): string | null {
  return find(`/proc/${pid}/cgroup`, '') ?? find(`/proc/${pid}/mountinfo`, ' /etc/hostname ');
}

/**
 * Finds the first container id in the lines of a file that have `mark` in them. The lines are not chosen by a regular
 * expression, because compiling one takes the first lock of a process 0.2 ms.
 */
function find(path: string, mark: string): string | null {
  try {
    for (const line of readFileSync(path, 'latin1').split('\n')) {
      const id = line.includes(mark) ? CONTAINER_ID.exec(line) : null;
      if (id !== null) return id[0];
    }
  } catch (error) {
    // The file is hidden, gone or not there, so the id is not known.
    if (isShortage(error)) throw error;
  }
  return null;
}
