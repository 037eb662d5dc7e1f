import { existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hasBackend, TESTED } from '../helpers/backends.js';
import { BUILT, cli, PROGRAM } from '../helpers/cli.js';
import { holdLock, NOBODY, writeLock, writeStaleLock, writeUnknownLock } from '../helpers/locks.js';
import { describeRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

const KEYS = ['path', 'format', 'state', 'verdict', 'owner', 'ageMs', 'holders'];

for (const backend of TESTED) {
  const env = { KERNEL_IDENTITY_BACKEND: backend };

  describeRequiring([...BUILT, hasBackend(backend)], `inspect with the ${backend} backend`, () => {
    test('exits 0 unless asked to tell by its exit code', async () => {
      const directory = tempDir();
      const held = join(directory, 'held.lock');
      await holdLock(held);
      const codes = [
        [held, 1],
        [writeUnknownLock(directory), 3],
        [writeStaleLock(directory), 0],
        [join(directory, 'free.lock'), 0],
      ] as const;
      for (const [path, code] of codes) {
        expect(await cli(['inspect', path], { env })).toMatchObject({ code: 0, stderr: '' });
        expect(await cli(['inspect', path, '--exit-code'], { env }), path).toMatchObject({
          code,
          stderr: '',
        });
      }
    });

    test('gives an array also for one path', async () => {
      const path = join(tempDir(), 'held.lock');
      const holder = await holdLock(path, '--label', 'nightly');
      const { code, stdout } = await cli(['inspect', '--json', path], { env });
      const [inspection, ...others] = JSON.parse(stdout);
      expect({ code, others }).toEqual({ code: 0, others: [] });
      expect(Object.keys(inspection)).toEqual(KEYS);
      expect(inspection).toMatchObject({
        path,
        format: 'kernel-identity',
        state: 'held',
        verdict: { state: 'alive', certainty: 'proven' },
        owner: { pid: holder.pid, label: 'nightly' },
        ageMs: expect.any(Number),
        holders: expect.arrayContaining([expect.objectContaining({ pid: holder.pid, inheritedFrom: null })]),
      });
    });

    test('gives an array for several paths', async () => {
      const directory = tempDir();
      const stale = writeStaleLock(directory);
      const { code, stdout } = await cli(['inspect', '--json', stale, join(directory, 'free.lock')], { env });
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject([
        { path: stale, format: 'openclaw-directory', state: 'stale', owner: { pid: NOBODY } },
        { format: 'none', state: 'free', verdict: null, owner: null, ageMs: null },
      ]);
    });
  });
}

/** An inspection, whatever the age of its owner by now. */
function withAnyAge(one: object): object {
  return 'ageMs' in one ? { ...one, ageMs: expect.any(Number) } : one;
}

describeRequiring(BUILT, 'inspect', () => {
  test('of several paths tells by its exit code the worst: not readable, held, unknown, stale, free', async () => {
    const directory = tempDir();
    const held = join(directory, 'held.lock');
    await holdLock(held);
    const unknown = writeUnknownLock(directory);
    const stale = writeStaleLock(directory);
    const free = join(directory, 'free.lock');
    const codeOf = async (...paths: string[]) => (await cli(['inspect', '--exit-code', ...paths])).code;
    const detailedOf = (...paths: string[]) => codeOf('--exit-code=detailed', ...paths);
    expect(await codeOf(unknown, stale, held)).toBe(1);
    expect(await codeOf(stale, unknown)).toBe(3);
    expect(await codeOf(stale, join(directory, 'free.lock'))).toBe(0);
    expect(await codeOf(held, join(directory, 'no', 'parent'))).toBe(4);
    expect(await detailedOf(free, stale)).toBe(10);
    expect(await detailedOf(stale, unknown)).toBe(3);
    expect(await detailedOf(free)).toBe(0);
  });

  test('changes nothing', async () => {
    const directory = tempDir();
    const stale = writeStaleLock(directory);
    const before = readFileSync(join(stale, 'owner.json'));
    await cli(['inspect', stale]);
    expect(readFileSync(join(stale, 'owner.json'))).toEqual(before);
    expect(readdirSync(directory)).toEqual(['stale.lock']);
    expect(readdirSync(stale)).toEqual(['owner.json']);
  });

  test('shows who, why, and every rung of the evidence on 80 columns', async () => {
    const path = writeUnknownLock(tempDir(), 'u.lock', { label: 'deploy' });
    const { stdout } = await cli(['inspect', path]);
    const [json] = JSON.parse((await cli(['inspect', '--json', path])).stdout);
    expect(stdout).toMatch(/u\.lock: unknown$/m);
    expect(stdout).toMatch(/owner +pid 7, "deploy", host elsewhere, for 1 min 3\d s/);
    expect(stdout).toContain(`verdict  unknown: ${json.verdict.reason}\n`);
    const flat = stdout.replaceAll(/\s+/g, ' ');
    expect(json.verdict.evidence.length).toBeGreaterThan(1);
    for (const { check, recorded, observed, finding } of json.verdict.evidence) {
      expect(flat).toContain(
        `${check} ${finding === 'none' ? '-' : finding} recorded ${recorded} observed ${observed}`,
      );
    }
    const report = stdout.split('\n').filter((line) => !line.includes(path));
    expect(Math.max(...report.map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test('does not call a lock stale that reclaim refuses, and shows the files that are in the way', async () => {
    const directory = tempDir();
    const dead = writeStaleLock(directory);
    writeFileSync(join(dead, 'data.db'), '');
    const empty = join(directory, 'empty.lock');
    mkdirSync(empty);
    writeFileSync(join(empty, 'note\n.txt'), '');
    utimesSync(empty, 1, 1);
    for (const [path, name, command] of [
      [dead, '"data.db"', 'reclaim'],
      [empty, '"note\\n.txt"', 'inspect --recursive'],
    ] as const) {
      const { code, stdout } = await cli(['inspect', '--exit-code', path]);
      expect(code).toBe(3);
      expect(stdout).toContain(`${path}: unknown\n`);
      expect(stdout.replaceAll(/\s+/g, '')).toContain(name);
      expect(stdout).toContain(`\n        ${PROGRAM} ${command} ${path}\n`);
      expect(await cli(['reclaim', path])).toMatchObject({ code: 1, stdout: '' });
    }
    const { stdout } = await cli(['inspect', dead, empty]);
    expect(stdout.match(/^unknown .* foreign files /gm)).toHaveLength(2);
    expect(stdout).toContain('2 paths: 2 unknown');
  });

  test('says in the table what names no owner', async () => {
    const directory = tempDir();
    const path = join(directory, 'torn.pid');
    writeFileSync(path, '{"pid":');
    const { stdout } = await cli(['inspect', path, join(directory, 'free.lock')]);
    expect(stdout).toMatch(/^unknown {2}- {4}- {4}names no owner {2}- {8}.*torn\.pid$/m);
    expect(stdout).toMatch(/^free {5}- {4}- {4}- {15}- {8}.*free\.lock$/m);
  });

  test('names the assumption on which a directory without an owner is called stale', async () => {
    const path = join(tempDir(), 'empty.lock');
    mkdirSync(path);
    utimesSync(path, 1, 1);
    const { stdout } = await cli(['inspect', path]);
    expect(stdout).toContain(`${path}: stale\n`);
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
      /untouched for \d+ d.*, past the grace of 30 s: assumed to be abandoned.* if one of them may be at work, check/,
    );
  });

  test('says when an owner may be known whose sign of life is fresh, and does not send its reader elsewhere', async () => {
    const path = join(tempDir(), 'a.lock');
    // An old record in a file that was touched just now: by its owner, perhaps.
    mkdirSync(path);
    writeFileSync(join(path, 'owner.json'), JSON.stringify({ pid: NOBODY, createdAtMs: 1_777_458_804_809 }));
    const { stdout } = await cli(['inspect', path]);
    const text = stdout.replaceAll(/\s+/g, ' ');
    expect(text).toMatch(
      / next it may be known in [\d.]+ s, so nothing clears it yet; then inspect it again: /,
    );
    expect(text).not.toContain('where its owner ran');
  });

  test('says what to do next, in a command that can be copied', async () => {
    const directory = join(tempDir(), "it's a $dir");
    mkdirSync(directory);
    const quoted = `'${directory.replace("'", `'\\''`)}`;
    const stale = await cli(['inspect', writeStaleLock(directory)]);
    expect(stale.stdout).toContain(`\n        ${PROGRAM} reclaim ${quoted}/stale.lock'\n`);
    const unknown = await cli(['inspect', writeUnknownLock(directory)]);
    expect(unknown.stdout).toContain(`${PROGRAM} inspect ${quoted}/unknown.lock'\n`);
    expect(unknown.stdout).not.toContain(' reclaim ');
  });

  test('shows several paths as a table with whole paths as they were given, and a summary', async () => {
    const directory = join(tempDir(), 'a'.repeat(100));
    mkdirSync(directory);
    const held = join(directory, 'held.lock');
    const holder = await holdLock(held);
    const paths = [
      held,
      writeStaleLock(directory),
      writeUnknownLock(directory),
      join(directory, 'free.lock'),
    ];
    const { stdout } = await cli(['inspect', ...paths]);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^state +pid +age +why +command +path$/);
    expect(lines[1]).toMatch(new RegExp(`^held +${holder.pid} +\\S+ +witness-held +node .*…  ${paths[0]}$`));
    expect(lines[2]).toMatch(
      new RegExp(`^stale +4194304 +\\d\\S*s +legacy-no-such-process +-  +${paths[1]}$`),
    );
    expect(lines[3]).toMatch(new RegExp(`^unknown +7 +1min +other-boot +-  +${paths[2]}$`));
    expect(lines[4]).toMatch(new RegExp(`^free +- +- +- +- +${paths[3]}$`));
    expect(lines[5]).toBe('4 paths: 1 held, 1 stale, 1 unknown, 1 free');
    const given = await cli(['inspect', 'held.lock', './free.lock'], { cwd: directory });
    expect(
      given.stdout
        .split('\n')
        .slice(1, 3)
        .map((line) => line.split(/ +/).at(-1)),
    ).toEqual(['held.lock', './free.lock']);
  });

  test('says what a directory without an owner is', async () => {
    const path = join(tempDir(), 'x.lock');
    mkdirSync(path);
    const { code, stdout } = await cli(['inspect', path, '--exit-code']);
    expect(code).toBe(3);
    expect(stdout).toContain('a directory without owner.json');
  });

  test('exits 1 for a path that cannot be read, and still shows the others', async () => {
    const directory = tempDir();
    const broken = join(directory, 'broken.lock');
    writeLock(directory, 'broken.lock', 'not an owner');
    const stale = writeStaleLock(directory);
    for (const more of [[], ['--exit-code']]) {
      const { code, stdout, stderr } = await cli(['inspect', broken, stale, ...more]);
      expect(code).toBe(more.length === 0 ? 1 : 4);
      expect(stderr).toMatch(/^kernel-identity: not a lock: '[^\n]+broken\.lock' is a directory[^\n]+\n$/);
      expect(stdout).toMatch(/^stale .*stale\.lock$/m);
      expect(stdout).toMatch(/^2 paths: 1 stale, 1 not readable$/m);
    }
    const json = await cli(['inspect', '--json', broken, stale]);
    expect(json.code).toBe(1);
    const failed = {
      path: broken,
      error: { code: 'ERR_NOT_A_LOCK', message: expect.stringContaining(broken) },
    };
    expect(JSON.parse(json.stdout)).toEqual([failed, expect.objectContaining({ path: stale })]);
    const one = await cli(['inspect', '--json', broken]);
    expect(one.code).toBe(1);
    expect(JSON.parse(one.stdout)).toEqual([failed]);
    const lines = (await cli(['inspect', '--json-lines', broken, stale])).stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(JSON.parse(json.stdout).map(withAnyAge));
  });

  test('says of a file that is no lock that it is none, and why', async () => {
    const file = join(tempDir(), 'notes.txt');
    writeFileSync(file, 'mine\n');
    expect(await cli(['inspect', file, '--exit-code'])).toMatchObject({ code: 3, stderr: '' });
    const { stdout } = await cli(['inspect', file]);
    expect(stdout).toMatch(/notes\.txt: unknown\n {2}found {2}a file in no known format\n/);
    expect(stdout).not.toContain('reclaim');
  });

  test('says of another program’s file what to do with it', async () => {
    const directory = tempDir();
    const file = (name: string, pid: number) => {
      writeFileSync(join(directory, name), `${pid}\n`);
      return join(directory, name);
    };
    const stale = file('gone.pid', NOBODY);
    expect((await cli(['inspect', stale])).stdout).toContain(`${PROGRAM} reclaim ${stale}\n`);
    const held = (await cli(['inspect', file('server.pid', process.pid)])).stdout;
    expect(held).toContain(`${PROGRAM} probe ${process.pid}\n`);
    expect(held).not.toContain(' reclaim ');
    const data = (await cli(['inspect', file('VERSION', NOBODY)])).stdout;
    expect(data.replaceAll(/\s+/g, ' ')).toContain('so nothing deletes it');
    expect(data).not.toContain('reclaim');
  });

  test('exits 1 for a missing parent, and does not make it', async () => {
    const directory = tempDir();
    const { code, stdout, stderr } = await cli(['inspect', join(directory, 'no', 'x.lock')]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^kernel-identity: ENOENT: [^\n]+\n$/);
    expect(existsSync(join(directory, 'no'))).toBe(false);
  });

  test('takes a path that begins with a dash after --', async () => {
    const directory = tempDir();
    writeLock(directory, '-x.lock', { pid: NOBODY, createdAtMs: 1 });
    const { code, stdout } = await cli(['inspect', '--json', '--', '-x.lock'], { cwd: directory });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([{ path: join(directory, '-x.lock'), state: 'stale' }]);
    const table = await cli(['inspect', '--', '-x.lock', 'y.lock'], { cwd: directory });
    expect(table.stdout).toMatch(/ {2}\.\/-x\.lock$/m);
  });
});
