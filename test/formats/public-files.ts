// Lock and PID files that public reports name: a file, or something else, that its owner left, and the states that it
// should have for a careful person.
import { mkdirSync, utimesSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import type { LockInspection } from '../../src/index.js';
import { fixtureText, link, written } from './wild.js';

/** The process that a lock names. */
export interface PublicOwner {
  readonly pid: number;
  /** Start ticks. */
  readonly ticks: number;
  /** Its birth, ms since the epoch. */
  readonly bornMs: number;
  readonly bootId: string;
  readonly machineId: string;
  /** Inode of the PID namespace. */
  readonly namespace: string;
  readonly writtenMs: number;
}

export interface PublicFile {
  /** Where it was reported, or the program. */
  readonly who: string;
  /** Makes it in that directory. Returns its path. */
  readonly make: (directory: string, owner: PublicOwner) => string;
  /** False: it names nobody, or may be data by its name, so it is unknown whatever became of its owner. */
  readonly namesOwner: boolean;
  /** True: it holds a time at which its owner lived. While that is fresh, the owner counts as alive. */
  readonly showsLife?: true;
}

type Text = (owner: PublicOwner) => string;
type State = LockInspection['state'];

/** The states for an owner that lives, for a younger process with its number, and for none. */
export function expectedOf({ namesOwner }: PublicFile): Record<Situation, State> {
  return namesOwner
    ? { alive: 'held', reused: 'stale', gone: 'stale' }
    : { alive: 'unknown', reused: 'unknown', gone: 'unknown' };
}

export type Situation = 'alive' | 'reused' | 'gone';

const HOST = hostname();
const CARD = '228091181702898';
const number: Text = ({ pid }) => `${pid}`;
const line: Text = ({ pid }) => `${pid}\n`;
const seconds = ({ writtenMs }: PublicOwner) => Math.floor(writtenMs / 1000);
const iso = ({ writtenMs }: PublicOwner) => new Date(writtenMs).toISOString();
const dotlock: Text = ({ pid }) => `${String(pid).padStart(10)}\n${HOST}\n`;

export const PUBLIC_FILES: readonly PublicFile[] = [
  file('go-gitea/gitea#30781, GnuPG', 'pubring.db.lock', dotlock),
  fileNamed('akuity/kargo#6097, GnuPG', ({ pid }) => `.#lk0x000055d4f6c4a2b0.${HOST}.${pid}`, dotlock),
  file('docker-library/docker#104', 'docker.pid', number),
  file('devcontainers/features#711', 'containerd.pid', number),
  file('bitnami/containers#15317, Airflow', 'airflow-webserver.pid', line),
  file('lando/lando#1718, MySQL', 'mysqld.sock.lock', line),
  file('docker-library/mysql#887', 'mysqlx.sock.lock', ({ pid }) => `X${pid}\n`),
  linked('apify/camoufox-js#320, Firefox', 'lock', ({ pid }) => `127.0.1.1:+${pid}`),
  nameless('Firefox', '.parentlock', ''),
  file('puppetlabs/puppet#7531', 'agent_catalog_run.lock', number),
  file('chef/chef#2398', 'chef-client-running.pid', number),
  file('bazelbuild/bazel#13654', 'server/server.pid.txt', number),
  file('bazelbuild/bazel#11020', 'lock', ({ pid }) => `pid=${pid}\nowner=client\ncwd=/w\ntty=/dev/pts/0\n`),
  json('anthropics/claude-code#32235', '55607.lock', () => ({
    workspaceFolders: ['/w'],
    ideName: 'VS Code',
    transport: 'ws',
    runningInWindows: false,
    authToken: 'x',
  })),
  json('anthropics/claude-code#15883', '2.0.76.lock', ({ writtenMs }) => ({
    version: '2.0.76',
    execPath: '/x/claude',
    acquiredAt: writtenMs,
  })),
  json('anthropics/claude-code#72898', 'daemon.lock', ({ writtenMs }) => ({ startedAt: writtenMs })),
  made('Claude Code 2.1', 'scheduled_tasks.lock', ({ ticks, writtenMs }) => ({
    procStart: String(ticks),
    acquiredAt: writtenMs,
  })),
  emptyDirectory('anthropics/claude-code#22166', 'history.jsonl.lock'),
  fileNamed('github/copilot-cli#3255', ({ pid }) => `inuse.${pid}.lock`, line),
  fileNamed(
    'the same, empty',
    ({ pid }) => `inuse.${pid}.lock`,
    () => '',
  ),
  fileNamed(
    'conda/conda#4862',
    ({ pid }) => `.pid${pid}.conda_lock`,
    () => '',
  ),
  json('openai/codex#47206', 'app-server.pid', ({ bornMs }) => ({ processStartTime: lstart(bornMs) })),
  made('vercel/next.js#84428', 'dev/lock', ({ writtenMs }) => ({ startedAt: writtenMs }), 'next-dev.lock'),
  made('nrwl/nx#33263', 'server-process.json', ({ pid }) => ({ processId: pid })),
  file('vercel/turborepo#5829', 'turbod.pid', number),
  json('cloudflare/vinext#1193', 'dev-lock.json', () => ({
    port: 3000,
    url: 'http://localhost:3000',
    dir: '/p',
  })),
  file('flathub/com.jetbrains.PyCharm-Professional#363', '.lock', number),
  file('eclipse-che/che#23950', '.pid', number),
  file('VS Code', 'code.lock', number),
  file(
    'qbittorrent/qBittorrent#24357, QLockFile',
    'lockfile',
    ({ pid, machineId, bootId }) => `${pid}\nqbittorrent-nox\n${HOST}\n${machineId}\n${bootId}\n`,
  ),
  file('QLockFile before Qt 5.10', 'app.lock', ({ pid }) => `${pid}\nkeepassxc\n${HOST}\n`),
  file('jesec/rtorrent#57', 'rtorrent.lock', ({ pid }) => `${HOST}:+${pid}\n`),
  file('SynoCommunity/spksrc#3138, Deluge', 'deluged.pid', ({ pid }) => `${pid};58846\n`),
  linked('Mercurial', 'wlock', mercurial),
  file('Mercurial without links', 'store/lock', mercurial),
  directory('borgbackup/borg#2306', 'lock.exclusive', ({ pid }) => ({ [`${HOST}@${CARD}.${pid}-0`]: '' })),
  file('borgbackup/borg#3968', 'lock.roster', ({ pid }) =>
    JSON.stringify({ exclusive: [[`${HOST}@${CARD}`, pid, 0]] }),
  ),
  json('restic/restic#4922', 'restic.lock', (owner) => ({
    time: iso(owner),
    exclusive: false,
    hostname: HOST,
    username: 'root',
  })),
  file('kubernetes/git-sync#439', 'gc.pid', ({ pid }) => `${pid} ${HOST}`),
  file('git with core.lockfilePid', 'index~pid.lock', ({ pid }) => `pid ${pid}\n`),
  nameless('Abilityai/trinity#1595, git', 'index.lock', 'DIRC\0\0\0\u0002'),
  { who: 'vim/vim#9997', make: swapFile, namesOwner: true },
  nameless(
    'docling-project/docling#3819, LibreOffice',
    '.~lock.x.odt#',
    `,me,${HOST},28.11.2026 12:00,file:///x;`,
  ),
  file('tox-dev/filelock#660', 'soft.lock', ({ pid }) => `${pid}\n${HOST}\n`),
  file('the same, with a token', 'soft3.lock', (owner) => `${owner.pid}\n${HOST}\n${token(owner)}\n`),
  file(
    'the same, second protocol',
    'marker.lock',
    (owner) => `filelock/2\npid=${owner.pid}\nhost=${HOST}\nmode=exclusive\nstart=${token(owner)}\n`,
  ),
  file('Dovecot', 'dovecot-uidlist.lock', ({ pid }) => `${pid}:${HOST}`),
  linked(
    'ccache',
    'stats.lock',
    (o) => `${HOST}-${o.pid}-139671797479232-${seconds(o)}.${seconds(o)}799092782`,
  ),
  namedLikeData(
    fileNamed(
      'Jupyter',
      ({ pid }) => `jpserver-${pid}.json`,
      ({ pid }) =>
        JSON.stringify({
          base_url: '/',
          hostname: 'localhost',
          pid,
          port: 8888,
          root_dir: '/w',
          version: '2.14.0',
        }),
    ),
  ),
  json('home-assistant/core#151631', '.ha_run.lock', ({ writtenMs }) => ({
    version: 1,
    ha_version: '2026.9.1',
    start_ts: writtenMs / 1000,
  })),
  nameless(
    'berops/claudie#1286, Terraform',
    '.terraform.tfstate.lock.info',
    JSON.stringify({ ID: 'b9a5', Operation: 'OperationTypePlan', Who: `root@${HOST}`, Version: '1.9.0' }),
  ),
  file('mailcow/mailcow-dockerized#65, postfix', 'master.pid', ({ pid }) => `${String(pid).padStart(32)}\n`),
  file('minicom', 'LCK..ttyUSB0', ({ pid }) => `${String(pid).padStart(10)}\n`),
  file('haproxy', 'haproxy.pid', ({ pid }) => `${pid}\n${pid}\n`),
  file('Shmayro/dockerify-android#34', 'hardware-qemu.ini.lock', number),
  file('git-annex', 'pidlock', ({ pid }) => `PidLock {lockingPid = ${pid}, lockingHost = "${HOST}"}\n`),
  file('garrytan/gbrain#2840', 'page.lock', (owner) => `${owner.pid}\n${iso(owner)}`),
  file('cheapestinference/claude-auto-retry#32', 'reconcile.lock', ({ pid, ticks }) => `${pid}\t${ticks}\n`),
  directory('fujibee/agmsg#865', 'registry.lock', ({ pid }) => ({ holder: `pid ${pid}\n` })),
  directory('vellum-ai/vellum-assistant#40822', 'x.lock', (owner) => ({ owner: number(owner) })),
  directory('sonichi/sutando#3831', 'sync-workspace.lock.d', (owner) => ({ pid: line(owner) })),
  directory('aporthq/aport-agent-guardrails#102', 'state.lock', (owner) => ({
    owner: `${owner.pid} ${seconds(owner)}\n`,
  })),
  json('Intrect-io/OpenSwarm#456', 'task-state.json.lock', () => ({ token: 'b0c68f3a' })),
  directory('nicobailon/pi-subagents#900', 'missions.lock', ({ pid, writtenMs }) => ({
    'owner.json': JSON.stringify({ pid, createdAt: writtenMs }),
  })),
  file('Tahoe-LAFS', 'running.process', ({ pid, bornMs }) => `${pid} ${(bornMs / 1000).toFixed(2)}\n`),
  showingLife(
    json('weld', 'active.lock', (owner) => ({
      run_id: 'r',
      started_at: iso(owner).replace('Z', ''),
      last_heartbeat: iso(owner).replace('Z', ''),
    })),
  ),
  showingLife(
    json('nishchal-gond/OREOCHAIN#18', 'store.lock', ({ writtenMs }) => ({
      host: HOST,
      heartbeatAt: writtenMs,
    })),
  ),
  namedLikeData(
    json('teispace/teitunnel', 'qs.json', ({ bornMs }) => ({
      marker: 'teitunnel',
      startTime: Math.floor(bornMs / 1000),
      connector: 'qs',
    })),
  ),
  file('Null-Signal-Games/cobra#273, unicorn', 'unicorn.pid', line),
  file('samvera/hyku#1261, puma', 'server.pid', line),
  file('docker-library/php#53, Apache', 'httpd.pid', line),
  nameless('elastic/elasticsearch#48374', 'node.lock', ''),
  nameless('flutter/flutter#17422', 'lockfile', ''),
  nameless('pacman', 'db.lck', ''),
  emptyDirectory('CVS', '#cvs.lock'),
  nameless('procmail', 'mbox.lock', '0'),
];

function file(who: string, name: string, text: Text): PublicFile {
  return fileNamed(who, () => name, text);
}

function fileNamed(who: string, name: Text, text: Text): PublicFile {
  const make = (parent: string, owner: PublicOwner) => {
    const path = join(parent, name(owner));
    mkdirSync(dirname(path), { recursive: true });
    return written(path, text(owner), owner.writtenMs);
  };
  return { who, make, namesOwner: true };
}

function nameless(who: string, name: string, text: string): PublicFile {
  return { ...file(who, name, () => text), namesOwner: false };
}

/** A JSON object with the pid and these fields. */
function json(who: string, name: string, fields: (owner: PublicOwner) => object): PublicFile {
  return file(who, name, (owner) => JSON.stringify({ pid: owner.pid, ...fields(owner) }));
}

/** The JSON object that the program itself wrote, with these values in place of its own. */
function made(who: string, name: string, values: (owner: PublicOwner) => object, fixture = name): PublicFile {
  const text = fixtureText(`real/${fixture}`);
  const written = JSON.parse(text) as object;
  const indent = text.includes('\n  ') ? 2 : undefined;
  return file(who, name, (owner) => {
    const pid = 'pid' in written ? { pid: owner.pid } : {};
    return JSON.stringify({ ...written, ...pid, ...values(owner) }, null, indent);
  });
}

/** A number or some JSON with a pid is judged under the name of a lock alone. */
function namedLikeData(file: PublicFile): PublicFile {
  return { ...file, namesOwner: false };
}

function showingLife(file: PublicFile): PublicFile {
  return { ...file, showsLife: true };
}

function linked(who: string, name: string, target: Text): PublicFile {
  const make = (parent: string, owner: PublicOwner) =>
    link(join(parent, name), target(owner), owner.writtenMs);
  return { who, make, namesOwner: true };
}

function directory(
  who: string,
  name: string,
  files: (owner: PublicOwner) => Record<string, string>,
): PublicFile {
  const make = (parent: string, owner: PublicOwner) => {
    const path = join(parent, name);
    mkdirSync(path);
    for (const [entry, text] of Object.entries(files(owner))) {
      written(join(path, entry), text, owner.writtenMs);
    }
    return path;
  };
  return { who, make, namesOwner: true };
}

/** After half a minute it counts as abandoned (limits.md). A time to come makes it new, however long the test takes. */
function emptyDirectory(who: string, name: string): PublicFile {
  const make = (parent: string) => {
    const path = join(parent, name);
    mkdirSync(path);
    const toCome = Date.now() / 1000 + 3600;
    utimesSync(path, toCome, toCome);
    return path;
  };
  return { who, make, namesOwner: false };
}

function mercurial({ pid, namespace }: PublicOwner): string {
  return `${HOST}/${BigInt(namespace).toString(16)}:${pid}`;
}

/** The boot id in the upper 128 bits, the ticks in the lower 64. */
function token({ bootId, ticks }: PublicOwner): string {
  return String((BigInt(`0x${bootId.replaceAll('-', '')}`) << 64n) | BigInt(ticks));
}

/** The swap file that Vim itself wrote, with another pid and host. */
function swapFile(parent: string, { pid, writtenMs }: PublicOwner): string {
  const bytes = Buffer.from(fixtureText('real/notes.txt.swp', 'latin1'), 'latin1');
  bytes.writeUInt32LE(pid, 24);
  bytes.fill(0, 68, 108).write(HOST, 68);
  return written(join(parent, '.notes.txt.swp'), bytes, writtenMs);
}

/** A time as ps(1) prints it as lstart, in local time. */
function lstart(ms: number): string {
  const [day, month, date, year] = new Date(ms).toDateString().split(' ');
  const clock = new Date(ms).toTimeString().slice(0, 8);
  return `${day} ${month} ${String(Number(date)).padStart(2)} ${clock} ${year}`;
}
