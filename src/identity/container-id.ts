import { readFileSync } from 'node:fs';

const CONTAINER_ID = /[0-9a-f]{64}/;

/** Characters of a container id that `docker ps` shows, and after which Docker names a container's host. */
export const SHORT_CONTAINER_ID = 12;

/**
 * The container id as the runtimes write it into the cgroup path (docker, containerd, podman, CRI-O), else as Docker
 * and podman show it in the source of the mounted /etc/hostname. For people only; null where none is found.
 */
export function readContainerId(pid: number | 'self'): string | null {
  return find(`/proc/${pid}/cgroup`, /.*/g) ?? find(`/proc/${pid}/mountinfo`, /^.* \/etc\/hostname .*$/gm);
}

function find(path: string, lines: RegExp): string | null {
  try {
    for (const line of readFileSync(path, 'latin1').match(lines) ?? []) {
      const id = CONTAINER_ID.exec(line);
      if (id !== null) return id[0];
    }
  } catch {
    // Hidden, gone, or no such file: not known.
  }
  return null;
}
