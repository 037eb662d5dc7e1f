import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { inspectLock, inspectLockSync } from '../../dist/index.js';
import { fasterThan } from '../harness/bars.mjs';
import { Floor, NO_COMPILER } from '../harness/floor.mjs';
import { measureGroup } from '../harness/group.mjs';
import { startContender } from '../harness/owners.mjs';
import { oneByOne, oneByOneAsync } from '../harness/sample.mjs';
import { newPath } from '../harness/scratch.mjs';
import { loadPeer } from '../peers/load.mjs';

const SYNC = 'inspectLockSync';
const ASYNC = 'inspectLock';
const PEER_SYNC = 'proper-lockfile checkSync, and reading an owner file';
const PEER_ASYNC = 'proper-lockfile check, and reading an owner file';

/** Measures an inspection of a lock that another process holds: who the owner is, and whether it lives. */
export async function measureInspect({ directory, plan }) {
  const path = newPath(directory);
  const owner = await startContender('sync');
  owner.send({ command: 'acquire', path });
  await owner.until('acquired');
  const floor = Floor.start({ pid: owner.pid, directory, lock: basename(path) });
  const peer = await loadPeer('proper-lockfile');
  // The lock of proper-lockfile is the directory <path>.lock, which does not name its owner. A program that needs the
  // owner therefore reads an owner file too.
  const target = newPath(directory);
  const unlock = typeof peer === 'string' ? null : peer.lockSync(target, { realpath: false });
  const ownerFile = join(path, 'owner.json');
  try {
    const rows = await measureGroup(
      {
        group: 'inspect a held lock',
        own: SYNC,
        floor: 'the same system calls in C',
        subjects: {
          [SYNC]: oneByOne(() => inspectLockSync(path)),
          [ASYNC]: oneByOneAsync(() => inspectLock(path)),
          'the same system calls in C': floor?.subject('inspect', 1) ?? NO_COMPILER,
          [PEER_SYNC]:
            unlock === null
              ? peer
              : oneByOne(
                  () =>
                    peer.checkSync(target, { realpath: false }) &&
                    JSON.parse(readFileSync(ownerFile, 'utf8')),
                ),
          [PEER_ASYNC]:
            unlock === null
              ? peer
              : oneByOneAsync(
                  async () =>
                    (await peer.check(target, { realpath: false })) &&
                    JSON.parse(await readFile(ownerFile, 'utf8')),
                ),
        },
      },
      plan,
    );
    const text = (name, other) => `${name} is at least 2 x faster than ${other}`;
    return {
      rows,
      bars: [
        fasterThan(text(SYNC, 'proper-lockfile'), rows, SYNC, PEER_SYNC, 2),
        fasterThan(text(ASYNC, 'proper-lockfile'), rows, ASYNC, PEER_ASYNC, 2),
      ],
    };
  } finally {
    unlock?.();
    await owner.kill();
    floor?.end();
  }
}
