import { expect, test } from 'vitest';
import { parseIdentity } from '../../src/index.js';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { BUILT, cli, startCli } from '../helpers/cli.js';
import { NOBODY } from '../helpers/locks.js';
import { startProcess } from '../helpers/processes.js';
import { describeRequiring } from '../helpers/requirements.js';

for (const backend of TESTED) {
  const env = { KERNEL_IDENTITY_BACKEND: backend };

  describeRequiring([...BUILT, hasBackend(backend)], `with the ${backend} backend`, () => {
    test('self --json prints an identity that can be read back', async () => {
      const running = startCli(['self', '--json'], { env });
      const { code, stdout, stderr } = await running.closed;
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(parseIdentity(stdout)).toMatchObject({ version: 1, platform: 'linux', pid: running.pid });
    });

    test('self says the same in words', async () => {
      const running = startCli(['self'], { env });
      const { code, stdout } = await running.closed;
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`^pid +${running.pid} on linux$`, 'm'));
      expect(stdout).toMatch(/^boot id +[0-9a-f]{8}-/m);
    });

    test('probe --json prints the identity of another process', async () => {
      const other = await startProcess(['sleep', '600']);
      const { code, stdout, stderr } = await cli(['probe', String(other.pid), '--json'], { env });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(parseIdentity(stdout)).toMatchObject({ pid: other.pid });
      expect(parseIdentity(stdout).startTicks).not.toBeNull();
    });

    test('probe exits 1 for a number that no process has', async () => {
      for (const more of [[], ['--json']]) {
        const outcome = await cli(['probe', String(NOBODY), ...more], { env });
        expect(outcome).toMatchObject({ code: 1, stdout: '' });
        expect(outcome.stderr).toBe(`kernel-identity: no process has the number ${NOBODY} here\n`);
      }
    });
  });
}

describeRequiring(BUILT, 'a backend that does not exist', () => {
  test('exits 1 with a message', async () => {
    const outcome = await cli(['self'], { env: { KERNEL_IDENTITY_BACKEND: 'crystal-ball' } });
    expect(outcome).toMatchObject({ code: 1, stdout: '' });
    expect(outcome.stderr).toMatch(
      /^kernel-identity: KERNEL_IDENTITY_BACKEND=crystal-ball is not one of: [^\n]+\n$/,
    );
  });
});
