import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatDump } from '../../src/cli/format/format-dump.js';
import { redact } from '../../src/dump/redact.js';
import { parseSeccomp, readContainerHints } from '../../src/dump/sandbox.js';
import { type DiagnosticsDump, dumpDiagnostics } from '../../src/index.js';
import { openBox } from '../helpers/box.js';
import { BUILT, cli, MAIN } from '../helpers/cli.js';
import { NOBODY, writeStaleLock, writeUnknownLock } from '../helpers/locks.js';
import { describeRequiring, isolationTest } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { type Schema, sampleOf, violations } from './json-schema.js';

const SCHEMA: Schema = JSON.parse(
  readFileSync(new URL('../../docs/dump.schema.json', import.meta.url), 'utf8'),
);

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

test('names become stand-ins, the same for the same name wherever it stands', () => {
  const locks = locksOfOthers();
  const text = JSON.stringify(dumpDiagnostics({ locks, redact: true }));
  for (const name of ['db-primary', 'db-replica', CONTAINER, CONTAINER.slice(0, 12), 'deploy', tmpdir()]) {
    expect(text.toLowerCase()).not.toContain(name);
  }
  const dump: DiagnosticsDump = JSON.parse(text);
  const [unknown, link, file, littered] = dump.locks;
  expect(dump.identity).toMatchObject({ hostname: 'host-1', bootId: 'boot-1' });
  expect(unknown?.path).toBe('/path-1/name-1.lock');
  expect(unknown?.inspection?.owner).toMatchObject({
    label: 'label-1',
    identity: { hostname: 'host-2', containerId: 'container-1', bootId: 'boot-2' },
  });
  expect(link?.path).toMatch(/^\/path-1\/name-\d$/);
  expect(link?.inspection?.owner?.machine?.hostname).toBe('host-3');
  expect(link?.inspection?.verdict?.evidence).toContainEqual({
    check: 'hostname',
    recorded: 'host-3',
    observed: 'host-1',
    finding: 'none',
  });
  expect(file?.inspection?.owner?.machine?.hostname).toBe('host-2');
  expect(littered?.inspection?.foreignFiles).toEqual([expect.stringMatching(/^name-\d$/)]);
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

test('of an address the scheme and the ports are left, also in an error of its server', () => {
  const path = 'etcd://e1.db-primary.example:2379,[fd00::7]:2380/team/locks/nightly';
  const all = path.slice(0, path.lastIndexOf('/') + 1);
  const message = `${all} cannot be used: connect ECONNREFUSED 10.1.2.3:2379, fd00::7, fe80::1:2 (E1) at 12:34:56, ${path}`;
  const lock = { path, filesystem: null, oneKernel: false, inspection: null, holders: [] };
  const dump = redact({
    ...dumpDiagnostics(),
    locks: [{ ...lock, error: { code: 'ERR_ENGINE_UNAVAILABLE', message } }],
  });
  const [hidden] = dump.locks;
  const text = JSON.stringify(dump);
  expect(text).not.toMatch(/e1\b|db-primary|fd00|fe80|10\.1|team|nightly/i);
  expect(hidden?.path).toMatch(/^etcd:\/\/(host-\d+):2379,\[(host-\d+)\]:2380\/path-\d+\/name-\d+$/);
  const [, first, second] = /\/(host-\d+):2379,\[(host-\d+)/.exec(hidden?.path ?? '') ?? [];
  const start = `${hidden?.path.slice(0, hidden.path.lastIndexOf('/') + 1)} cannot be used: connect ECONNREFUSED host-`;
  const words = hidden?.error?.message ?? '';
  expect(words.startsWith(start)).toBe(true);
  expect(words).toContain(`, ${second}, host-`);
  expect(words.endsWith(` (${first}) at 12:34:56, ${hidden?.path}`)).toBe(true);
  expect(violations(SCHEMA, JSON.parse(text))).toEqual([]);
  expect(formatDump(dump)).toContain('kept by');
});

test('numbers, verdicts and the words of this package are as they were', () => {
  const locks = locksOfOthers();
  const hidden = dumpDiagnostics({ locks, redact: true });
  const open = dumpDiagnostics({ locks });
  for (const key of ['version', 'node', 'kernel', 'capabilities', 'namespaces', 'proc', 'seccomp'] as const) {
    expect(hidden[key]).toEqual(open[key]);
  }
  expect(hidden.identity?.pidNamespace).toEqual(open.identity?.pidNamespace);
  for (const [index, { inspection }] of hidden.locks.entries()) {
    const { state, certainty, reason } = inspection?.verdict ?? {};
    expect(open.locks[index]?.inspection?.verdict ?? {}).toMatchObject({ state, certainty, reason });
  }
  expect(open.redaction).toBeNull();
});

describe('of a dump with a marker in every text that the schema knows', () => {
  /** Texts that stay as they are: redaction.stillThere says so. */
  const SHOWN = new Set([
    ...['version', 'node', 'platform', 'arch', 'kernel.release', 'kernel.version'],
    ...['proc.hidepid', 'proc.subset', 'container.runtime', 'filesystem.type', 'owner.filesystem'],
    ...[
      'inspection.fencingToken',
      'evidence.check',
      'starts.key',
      'otherPids.key',
      'signs.key',
      'error.code',
    ],
    ...['identity.platform', 'machine.platform', 'machine.pidNamespace', 'redaction.stillThere'],
  ]);
  /** Texts of this package in which names stand among other words. */
  const MIXED = new Set([
    ...['backend.reason', 'container.source', 'inspection.description', 'error.message', 'owner.problem'],
    ...['evidence.recorded', 'evidence.observed'],
    ...Object.keys(dumpDiagnostics().capabilities ?? {}).map((name) => `${name}.reason`),
  ]);

  test('none is left, in JSON and in text', () => {
    const planted = new Map<string, string>();
    const plant = (place: string): string => {
      if (SHOWN.has(place)) return 'shown';
      const known = planted.get(place);
      if (known !== undefined) return known;
      const name = `marker${planted.size}x`;
      const value = /path$/.test(place)
        ? `/data/${name}/of marker/${name}.lock`
        : /hostname$/.test(place)
          ? `${name}.marker-domain.example`
          : name;
      planted.set(place, value);
      return value;
    };
    const bare = sampleOf(SCHEMA, (place) => (MIXED.has(place) ? 'mixed' : plant(place)));
    const derived = [
      '/marker/elsewhere',
      "open '/with a marker/x'",
      'marker-domain.example',
      '/home/marker/x',
    ];
    const values = [...planted.values(), ...derived];
    values.push(
      ...values.filter((value) => value.includes('.marker-domain')).map((host) => host.split('.')[0] ?? ''),
    );
    const dump = sampleOf(SCHEMA, (place) =>
      MIXED.has(place) ? `about ${values.join(', ')}` : (planted.get(place) ?? 'shown'),
    ) as DiagnosticsDump;
    expect(violations(SCHEMA, bare)).toEqual([]);
    expect(violations(SCHEMA, dump)).toEqual([]);
    expect(planted.size).toBeGreaterThan(12);
    const hidden = redact(dump);
    expect(JSON.stringify(hidden)).not.toMatch(/marker/i);
    expect(violations(SCHEMA, hidden)).toEqual([]);
    expect(formatDump(hidden)).not.toMatch(/marker/i);
  });

  test('a field that nobody has thought of is hidden', () => {
    const dump = { ...dumpDiagnostics(), novelty: { secret: 'hunter2' } };
    expect(redact(dump)).toMatchObject({ novelty: { secret: expect.stringMatching(/^id-\d+$/) } });
  });
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
      expect(stdout).not.toContain(tmpdir());
      expect(stdout).toMatch(
        more.length === 0 ? /\nnames are replaced; still there: process ids; / : /"stillThere": \[/,
      );
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
