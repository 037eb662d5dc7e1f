import { expect, test } from 'vitest';
import type { ListedLifeline } from '../../src/index.js';
import { hasBackend } from '../helpers/backends.js';
import { openBox } from '../helpers/box.js';
import { BUILT, cli, MAIN, startCli } from '../helpers/cli.js';
import { fixture, startProcess } from '../helpers/processes.js';
import { describeRequiring, hasProgram, isolationTest, testRequiring } from '../helpers/requirements.js';

const env = { KERNEL_IDENTITY_BACKEND: 'native' };

/** Starts a process with a lifeline. */
async function startHolder() {
  const holder = await startProcess([process.execPath, fixture('list-lifelines.mjs')], { env });
  return { holder, lifeline: await holder.message<string>() };
}

describeRequiring([...BUILT, hasBackend('native')], 'list', () => {
  test('shows each lifeline with its holder, and a summary', async () => {
    const { holder, lifeline } = await startHolder();
    const { code, stdout } = await cli(['list'], { env });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^pid +command +container +lifeline\n/);
    expect(stdout).toMatch(new RegExp(`^${holder.pid} +node \\S+ +(-|[0-9a-f]{12}) +${lifeline}$`, 'm'));
    expect(stdout).toMatch(/^\d+ lifelines?(, \d+ of them held by processes not visible from here)?\n$/m);
  });

  test('prints JSON as an array, of one lifeline too, and takes no lifeline itself', async () => {
    const { holder, lifeline } = await startHolder();
    const running = startCli(['list', '--json'], { env });
    const { code, stdout } = await running.closed;
    expect(code).toBe(0);
    const all: ListedLifeline[] = JSON.parse(stdout);
    expect(all.find((listed) => listed.lifeline === lifeline)?.holders).toMatchObject([
      { pid: holder.pid, self: false, command: expect.stringContaining('list-lifelines.mjs') },
    ]);
    const holders = all.flatMap((listed) => listed.holders);
    expect(holders.filter(({ pid, self }) => self || pid === running.pid)).toEqual([]);
    expect(JSON.parse((await cli(['list', '--json', '--limit=1'], { env })).stdout)).toHaveLength(1);
  });

  test('says on stderr that it reached its limit, and how to raise it', async () => {
    await startHolder();
    await startHolder();
    for (const more of [[], ['--json']]) {
      const { code, stderr } = await cli(['list', '--limit', '1', ...more], { env });
      expect(code).toBe(0);
      expect(stderr).toContain('kernel-identity: the search ended at its limit of 1, so there may be more');
    }
  });

  testRequiring([hasProgram('python3')], 'says on stderr that a lock of a stranger hides some', async () => {
    const ranges = fixture('../native/fixtures/ranges.py');
    const stranger = await startProcess(['python3', ranges, `ofd:${2n ** 57n + BigInt(process.pid)}:2`]);
    await stranger.message();
    const { code, stderr } = await cli(['list'], { env });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^kernel-identity: a lock of another program covers some bytes, [^\n]+\n$/m);
  });

  isolationTest('says on stderr which namespace it cannot open', async () => {
    const rootless = await openBox({ userNamespace: true, env });
    const lister = await rootless.start([process.execPath, MAIN, 'list'], { env });
    expect((await lister.exited).code).toBe(0);
    expect(lister.errors).toMatch(
      /^kernel-identity: the lifelines of the initial user namespace are not listed, because [^\n]+\n$/m,
    );
  });

  test('shows the name that a process gives itself without obeying it', async () => {
    const name = '\u001b[2J\nroot';
    const script = `
      import { selfIdentity } from ${JSON.stringify(fixture('../../dist/index.js'))};
      process.title = ${JSON.stringify(name)};
      console.log(JSON.stringify(selfIdentity().lifeline));
      process.stdin.resume();`;
    const holder = await startProcess([process.execPath, '--input-type=module', '-e', script], { env });
    const lifeline = await holder.message<string>();
    const { stdout } = await cli(['list'], { env });
    expect(stdout).toMatch(new RegExp(`^${holder.pid} +\\\\u\\{1b\\}\\[2J\\\\nroot .*${lifeline}$`, 'm'));
    expect((await cli(['list', '--json'], { env })).stdout).toContain('"command": "\\u001b[2J\\nroot"');
  });
});

describeRequiring(BUILT, 'list on plain Node', () => {
  test('exits 1 with the reason', async () => {
    for (const more of [[], ['--json']]) {
      const outcome = await cli(['list', ...more], { env: { KERNEL_IDENTITY_BACKEND: 'procfs' } });
      expect(outcome).toMatchObject({ code: 1, stdout: '' });
      expect(outcome.stderr).toMatch(/^kernel-identity: lifelines cannot be listed here: plain Node cannot/);
    }
  });
});
