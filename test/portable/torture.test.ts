import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { asOn, canActAsOtherSystem, compileOpenFlags } from '../helpers/other-systems.js';
import { isBuilt, testRequiring } from '../helpers/requirements.js';

// A few seconds of what `npm run test:systems` does for longer.

const TORTURE = fileURLToPath(new URL('../other-systems/torture.mjs', import.meta.url));

interface Figures {
  readonly acquisitions: number;
  readonly overlaps: number;
  readonly lost: number;
  readonly troubles: readonly string[];
}

async function torture(platform: 'darwin' | 'win32', ...args: readonly string[]): Promise<Figures> {
  const { through, nodeOptions } = asOn(platform, compileOpenFlags());
  // The processes that it forks inherit the variable.
  const [program = '', ...settings] = [...through, `NODE_OPTIONS=${nodeOptions.join('=')}`];
  const child = spawn(program, [...settings, process.execPath, TORTURE, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return JSON.parse(output) as Figures;
}

for (const platform of ['darwin', 'win32'] as const) {
  testRequiring(
    [isBuilt(), canActAsOtherSystem()],
    `nobody shares a lock on ${platform} while its owners are killed, and the same run finds a flaw`,
    async () => {
      // A death that the witness did not show would take longer than the run.
      const { acquisitions, overlaps, lost, troubles } = await torture(platform, '25', 'briefly', '20');
      expect({ overlaps, lost, troubles }).toEqual({ overlaps: 0, lost: 0, troubles: [] });
      expect(acquisitions).toBeGreaterThanOrEqual(20);
      expect((await torture(platform, '60', 'flawed', '1')).overlaps).toBeGreaterThan(0);
    },
    120_000,
  );
}
