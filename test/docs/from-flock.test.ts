// The shell lines of docs/from-flock.md, run as they are printed but for the paths, which lie in a directory of the test.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { hasBackend } from '../helpers/backends.js';
import { BUILT, MAIN, type Outcome, startProgram } from '../helpers/cli.js';
import { describeRequiring, hasProgram } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { blocksOf, read } from './pages.js';

const PAGE = 'docs/from-flock.md';
const blocks = blocksOf({ name: PAGE, text: read(PAGE) });

function codeOf(language: string, part: string): string {
  const found = blocks.filter((block) => block.language === language && block.code.includes(part));
  expect(found, part).toHaveLength(1);
  return found[0]?.code ?? '';
}

describeRequiring([...BUILT, hasBackend('native')], PAGE, () => {
  let root = '';
  let data = '';

  beforeEach(() => {
    root = tempDir();
    data = join(root, 'data');
    mkdirSync(data);
    mkdirSync(join(root, 'bin'));
    symlinkSync(MAIN, join(root, 'bin', 'kernel-identity'));
  });

  function here(text: string): string {
    return text.replaceAll(/\/run\/app\/|\/data\//g, `${data}/`);
  }

  /** Runs a line, or a script that stands in a file, where `kernel-identity` is in the PATH. */
  function run(code: string): Promise<Outcome> {
    const script = join(root, 'script');
    writeFileSync(script, here(code));
    chmodSync(script, 0o755);
    const command = code.startsWith('#!') ? [script] : ['sh', script];
    const path = `${join(root, 'bin')}:${process.env.PATH}`;
    const running = startProgram(command, { cwd: root, env: { PATH: path } });
    running.endInput();
    return running.closed;
  }

  /** Runs it while another process holds the lock. */
  function runUnder(lock: string, code: string): Promise<Outcome> {
    const inner = code.replaceAll("'", `'\\''`);
    return run(`kernel-identity run ${lock} -- sh -c '${inner}'`);
  }

  test('runs a command', async () => {
    expect(await run(codeOf('sh', 'at work'))).toMatchObject({ code: 0, stdout: 'at work\n', stderr: '' });
    expect(readFileSync(join(root, 'report.txt'), 'utf8')).toMatch(/^[A-Z0-9 :]+\n$/);
    expect(readdirSync(data)).toEqual([]);
  });

  test('runs a script that locks itself', async () => {
    const stdout = 'only one of me\n';
    expect(await run(codeOf('sh', 'only one of me'))).toMatchObject({ code: 0, stdout, stderr: '' });
    expect(readdirSync(data)).toEqual([]);
  });

  test('runs a script that locks its rest', async () => {
    const stdout = 'not yet under the lock\nunder the lock\nnot any more\n';
    expect(await run(codeOf('sh', '--fd 9'))).toMatchObject({ code: 0, stdout, stderr: '' });
    // The lock is free, and stays for the next one, who removes it.
    expect(readdirSync(data)).toEqual(['report.lock']);
    expect((await run('kernel-identity reclaim /run/app/report.lock')).code).toBe(0);
    expect(readdirSync(data)).toEqual([]);
  });

  test('runs the job of cron, and skips it without a word while the lock is held', async () => {
    const job = codeOf('crontab', 'report').replace(/^(\S+ ){5}/, '');
    expect(await run(job)).toMatchObject({ code: 0, stdout: 'report\n', stderr: '' });
    expect(await runUnder('/run/app/report.lock', job)).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  test('runs the command of the unit', async () => {
    const [, command = ''] = /^ExecStart=(.*)$/m.exec(codeOf('ini', 'ExecStart')) ?? [];
    expect(await run(command)).toMatchObject({ code: 0, stdout: 'report\n', stderr: '' });
  });

  test('has units in which systemd finds no mistake, where there is systemd-analyze', (context) => {
    if (!hasProgram('systemd-analyze').available) context.skip('needs the program systemd-analyze');
    const service = codeOf('ini', 'ExecStart').replace(
      '=kernel-identity',
      `=${join(root, 'bin/kernel-identity')}`,
    );
    writeFileSync(join(root, 'report.service'), service);
    writeFileSync(join(root, 'report.timer'), codeOf('ini', 'OnCalendar'));
    const units = ['report.service', 'report.timer'];
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', ...units], {
      cwd: root,
      encoding: 'utf8',
    });
    // What it does not know it only reports, and its exit code is 0. It looks at units of the machine as well.
    const said = stderr.split('\n').filter((line) => line.includes('report.'));
    expect({ status, said }).toEqual({ status: 0, said: [] });
  });

  test('runs the entrypoint, and the health check inside and outside of it', async () => {
    const file = codeOf('dockerfile', 'ENTRYPOINT');
    const words = ['ENTRYPOINT', 'CMD'].flatMap((name) =>
      JSON.parse(new RegExp(`^${name} (\\[.*\\])$`, 'm').exec(file)?.[1] ?? '[]'),
    );
    expect(await run(words.join(' '))).toMatchObject({ code: 0, stdout: 'serving\n', stderr: '' });
    const [, check = ''] = /^HEALTHCHECK .* CMD (.*)$/m.exec(file) ?? [];
    expect(await run(check)).toMatchObject({ code: 1, stdout: '', stderr: '' });
    expect(await runUnder('/data/server.lock', check)).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });
});
