import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { usesBackend } from '../helpers/backends.js';
import { BUILT } from '../helpers/cli.js';
import { hasProgram, isRoot, type Requirement, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

interface Look {
  readonly path: string;
  readonly backend: 'native' | 'procfs';
  readonly state: string;
  readonly reason: string;
}

interface Seen {
  readonly record: { readonly lease: object | null; readonly hasLifeline: boolean };
  readonly both: readonly Look[];
  readonly child: readonly Look[];
  /** Whether the lock could be reclaimed by one of the paths while the child of the command lived. */
  readonly reclaimed: readonly boolean[];
  readonly dead: readonly Look[];
  /** The exit code of a `run` that waits for the lock of the dead. */
  readonly taken: number;
}

const FIXTURE = fileURLToPath(new URL('fixtures/places.mjs', import.meta.url));
const hasFuse: Requirement = { available: existsSync('/dev/fuse'), reason: 'needs /dev/fuse' };

const NEEDS: Readonly<Record<string, readonly Requirement[]>> = {
  disk: [],
  overlay: [],
  ramfs: [],
  bindfs: [hasFuse, hasProgram('bindfs')],
};

async function runIn(place: string): Promise<Seen> {
  const namespace = ['--mount', '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc'];
  const { stdout } = await promisify(execFile)('unshare', [
    ...namespace,
    process.execPath,
    FIXTURE,
    place,
    tempDir(),
  ]);
  return JSON.parse(stdout) as Seen;
}

for (const [place, needs] of Object.entries(NEEDS)) {
  testRequiring(
    [...BUILT, usesBackend('native'), isRoot(), ...needs],
    `kill -9 of run alone frees nothing while its command or the child of that lives: ${place}`,
    async () => {
      const seen = await runIn(place);
      expect(seen.record.hasLifeline).toBe(true);
      for (const look of [...seen.both, ...seen.child]) {
        const text = JSON.stringify(look);
        // Plain Node may be unable to see that they live. It must not take that for a death.
        expect(look.backend === 'native' ? ['held'] : ['held', 'unknown'], text).toContain(look.state);
      }
      expect(seen.reclaimed).not.toContain(true);
      // On a filesystem of another type than the recorded one a death counts, because this observer saw it held before.
      for (const look of seen.dead.filter(({ backend }) => backend === 'native')) {
        expect(look.state, JSON.stringify(look)).toBe('stale');
      }
      // Its timeout is a third of the lease.
      expect(seen.taken).toBe(0);
    },
    60_000,
  );
}
