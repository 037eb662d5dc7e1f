import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { redact } from '../../src/dump/redact.js';
import { parseSeccomp, readContainerHints } from '../../src/dump/sandbox.js';
import { type DiagnosticsDump, dumpDiagnostics } from '../../src/index.js';
import { openBox } from '../helpers/box.js';
import { BUILT, cli, MAIN } from '../helpers/cli.js';
import { NOBODY, writeStaleLock, writeUnknownLock } from '../helpers/locks.js';
import { describeRequiring, isolationTest } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

const CONTAINER = 'c0ffee'.padEnd(64, '0');

/** Makes locks of two hosts and a container, whose names also occur in a path and a label. */
function locksOfOthers(): string[] {
  const directory = join(tempDir(), 'data-of-db-primary');
  mkdirSync(directory);
  const unknown = writeUnknownLock(
    directory,
    'u.lock',
    { label: `deploy on DB-Primary for ${CONTAINER.slice(0, 12)}` },
    { hostname: 'db-primary', containerId: CONTAINER },
  );
  symlinkSync('db-replica-7', join(directory, 'SingletonLock'));
  const file = join(directory, 'a.pid');
  writeFileSync(file, JSON.stringify({ pid: 7, hostname: 'db-primary' }));
  const littered = writeStaleLock(directory);
  writeFileSync(join(littered, 'of-db-primary.log'), '');
  return [unknown, join(directory, 'SingletonLock'), file, littered];
}

test('names become words, the same for the same name wherever it stands', () => {
  const locks = locksOfOthers();
  const text = JSON.stringify(dumpDiagnostics({ locks, redact: true }));
  for (const name of ['db-primary', 'db-replica', CONTAINER, CONTAINER.slice(0, 12)]) {
    expect(text.toLowerCase()).not.toContain(name);
  }
  const dump: DiagnosticsDump = JSON.parse(text);
  const [unknown, link, file, littered] = dump.locks;
  expect(dump.identity?.hostname).toBe('host-1');
  expect(unknown?.inspection?.owner).toMatchObject({
    label: 'deploy on host-2 for container-1',
    identity: { hostname: 'host-2', containerId: 'container-1' },
  });
  expect(unknown?.path).toMatch(/data-of-host-2\/u\.lock$/);
  expect(link?.inspection?.owner?.machine?.hostname).toBe('host-3');
  expect(link?.inspection?.verdict?.evidence).toContainEqual({
    check: 'hostname',
    recorded: 'host-3',
    observed: 'host-1',
    finding: 'none',
  });
  expect(file?.inspection?.owner?.machine?.hostname).toBe('host-2');
  expect(littered?.inspection?.foreignFiles).toEqual(['of-host-2.log']);
});

test("the container and the machine that another program's record names become words too", () => {
  const directory = tempDir();
  const machineId = 'ab12'.repeat(8);
  const records = [{ containerId: CONTAINER }, { machineId }];
  const locks = records.map((record, index) => {
    const path = join(directory, `${index}.lock`);
    writeFileSync(path, JSON.stringify({ pid: NOBODY, ...record }));
    return path;
  });
  const dump = dumpDiagnostics({ locks, redact: true });
  expect(JSON.stringify(dump)).not.toMatch(new RegExp(`${CONTAINER}|${machineId}`));
  expect(dump.locks.map(({ inspection }) => inspection?.owner?.machine)).toMatchObject([
    { containerId: expect.stringMatching(/^container-\d$/) },
    { hostId: 'machine-1' },
  ]);
  const evidence = dump.locks[1]?.inspection?.verdict?.evidence ?? [];
  expect(evidence).toContainEqual(expect.objectContaining({ check: 'machine-id', recorded: 'machine-1' }));
});

test('nothing else is changed', () => {
  const locks = locksOfOthers();
  const { locks: _, identity, ...rest } = dumpDiagnostics({ locks, redact: true });
  const { locks: __, identity: open, ...openRest } = dumpDiagnostics({ locks });
  expect(rest).toEqual(openRest);
  expect({ ...identity, hostname: open?.hostname, containerId: open?.containerId }).toEqual(open);
});

test.each(['7', 'a', 'native', 'assumed', 'x86', '.*', 'host-2'])(
  'a host called %s does not spoil the rest',
  (name) => {
    const path = join(tempDir(), 'a.pid');
    writeFileSync(path, JSON.stringify({ pid: 7, hostname: name }));
    const open = dumpDiagnostics({ locks: [path] });
    const hidden = redact(open);
    expect(hidden.backend.name).toBe(open.backend.name);
    expect(hidden.locks[0]?.inspection?.verdict).toMatchObject({
      certainty: 'assumed',
      reason: open.locks[0]?.inspection?.verdict?.reason,
    });
    expect(hidden.locks[0]?.inspection?.owner?.machine?.hostname).toBe('host-2');
  },
);

describeRequiring(BUILT, 'dump --redact', () => {
  test('prints no host name', async () => {
    const locks = locksOfOthers();
    for (const more of [[], ['--json']]) {
      const { code, stdout } = await cli(['dump', '--redact', ...locks, ...more]);
      expect(code).toBe(0);
      expect(stdout.toLowerCase()).not.toMatch(/db-primary|db-replica|c0ffee/);
      expect(stdout).not.toMatch(new RegExp(`\\b${hostname()}\\b`));
      expect(stdout).toContain('host-3');
    }
  });

  isolationTest('prints none of a container either, and reports hidepid', async () => {
    const box = await openBox({ hostname: 'secret-name', proc: 'hidepid' });
    const inside = await box.start([process.execPath, MAIN, 'dump', '--redact', '--json']);
    let text = '';
    for (let line = await inside.line(); line !== '}'; line = await inside.line()) text += line;
    expect(text).not.toContain('secret-name');
    const { proc, identity } = JSON.parse(`${text}}`);
    expect(identity.hostname).toBe('host-1');
    expect(proc).toMatchObject({
      own: true,
      hidden: true,
      hidepid: expect.stringMatching(/^(2|invisible)$/),
    });
  });
});

test('seccomp is reported by name', () => {
  expect(parseSeccomp('Name:\tx\nSeccomp:\t2\nSeccomp_filters:\t3\n')).toEqual({
    mode: 'filter',
    filters: 3,
  });
  expect(parseSeccomp('Seccomp:\t0\nSeccomp_filters:\t0\n')).toEqual({ mode: 'disabled', filters: 0 });
  expect(parseSeccomp('Seccomp:\t1\n')).toEqual({ mode: 'strict', filters: null });
  expect(parseSeccomp('Seccomp:\t9\n')).toEqual({ mode: null, filters: null });
  expect(parseSeccomp('')).toEqual({ mode: null, filters: null });
});

test('the environment of a container is a hint of it', () => {
  process.env.container = 'podman';
  process.env.KUBERNETES_SERVICE_HOST = '10.0.0.1';
  try {
    const hints = readContainerHints();
    expect(hints).toContainEqual({ runtime: 'podman', source: 'the environment variable container' });
    expect(hints.map(({ runtime }) => runtime)).toContain('kubernetes');
    expect(JSON.stringify(hints)).not.toContain('10.0.0.1');
    process.env.container = '\u001b[2J';
    expect(JSON.stringify(readContainerHints())).not.toContain('[2J');
  } finally {
    delete process.env.container;
    delete process.env.KUBERNETES_SERVICE_HOST;
  }
});
