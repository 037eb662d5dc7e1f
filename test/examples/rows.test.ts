import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { blocksOf, read } from '../docs/pages.js';
import { hasBackend } from '../helpers/backends.js';
import { startProcess, type TestProcess } from '../helpers/processes.js';
import { describeRequiring, hasProgram, isBuilt, type Requirement } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';
import { until } from '../helpers/until.js';

interface Database {
  /** A text that the module of the documentation holds. */
  readonly sign: string;
  readonly needs: readonly Requirement[];
  /** Starts what it needs, and returns the environment of the programs. */
  readonly start?: (folder: string) => Promise<Record<string, string>>;
  /** Takes the condition away under which a row is deleted. */
  readonly unconditional: readonly [from: string | RegExp, to: string];
}

const DATABASES: Readonly<Record<string, Database>> = {
  SQLite: {
    sign: 'node:sqlite',
    needs: hasSqlite() ? [] : [hasProgram('python3')],
    unconditional: [/WHERE name = \?\n[^`]*`/, 'WHERE name = ? AND ? + ? + ? + ? IS NOT 0`'],
  },
  Redis: {
    sign: 'ioredis',
    needs: [hasProgram('redis-server')],
    start: startRedis,
    unconditional: ["redis.call('get', KEYS[1]) == ARGV[1]", 'true'],
  },
  'a JSON file': { sign: 'renameSync', needs: [], unconditional: ['found === expected', "expected !== ''"] },
};

/** True under a Node that has node:sqlite without a flag. */
function hasSqlite(): boolean {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 13);
}

async function startRedis(folder: string): Promise<Record<string, string>> {
  const SOCKET = join(folder, 'redis.sock');
  const options = [
    '--port',
    '0',
    '--unixsocket',
    SOCKET,
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    folder,
  ];
  const server = await startProcess(['redis-server', ...options]);
  await until('the server listens', async () => /ready to accept|Ready to accept/.test(await server.line()));
  return { SOCKET };
}

function helper(name: string): string {
  return fileURLToPath(new URL(`rows/${name}`, import.meta.url));
}

/** The module of the documentation, made ready for a folder of this test. */
function moduleOf({ sign }: Database, folder: string): string {
  const page = { name: 'docs/owner-in-a-row.md', text: read('docs/owner-in-a-row.md') };
  const [block, ...others] = blocksOf(page).filter(({ code }) => code.includes(sign));
  if (block === undefined || others.length > 0) throw new Error(`not one module with ${sign}`);
  return block.code
    .replaceAll("'/data/", `'${folder}/`)
    .replace("'kernel-identity'", `'${helper('kernel-identity.mjs')}'`)
    .replace("'node:sqlite'", hasSqlite() ? "'node:sqlite'" : `'${helper('sqlite.mjs')}'`)
    .replace("'ioredis'", `'${helper('redis.mjs')}'`);
}

/** What an older version of the program would have done, which wrote no identity. */
function withoutIdentity(code: string): string {
  return code
    .replace(', formatIdentity(selfIdentity())]', ', null]')
    .replace('  identity: selfIdentity(),\n', '');
}

class Agent {
  readonly process: TestProcess;

  constructor(started: TestProcess) {
    this.process = started;
  }

  async ask(method: 'take' | 'release'): Promise<unknown> {
    this.process.send([method, 'nightly']);
    return this.process.message();
  }
}

for (const [name, database] of Object.entries(DATABASES)) {
  describeRequiring(
    [isBuilt(), hasBackend('native'), ...database.needs],
    `an owner in a row of ${name}`,
    () => {
      /** A fresh database, and what starts programs that use it. */
      async function setUp() {
        const folder = tempDir();
        const env = { KERNEL_IDENTITY_BACKEND: 'native', ...(await database.start?.(folder)) };
        let count = 0;
        return {
          folder,
          async start(change = (code: string) => code, more: Record<string, string> = {}): Promise<Agent> {
            const file = join(folder, `module-${++count}.mjs`);
            const code = moduleOf(database, folder);
            writeFileSync(file, change(code));
            const command = [process.execPath, helper('agent.mjs'), file];
            const agent = new Agent(await startProcess(command, { env: { ...env, ...more } }));
            expect(await agent.process.message()).toBe('ready');
            return agent;
          },
        };
      }

      async function leaveDeadRow(
        { start }: Awaited<ReturnType<typeof setUp>>,
        change?: (code: string) => string,
      ) {
        const owner = await start(change);
        expect(await owner.ask('take')).toBe('taken');
        await owner.process.kill();
      }

      test('keeps its row while it lives, and leaves it to the next one when it ends or is killed', async () => {
        const { start } = await setUp();
        const [first, second] = [await start(), await start()];
        expect(await first.ask('take')).toBe('taken');
        expect(await second.ask('take')).toBe('alive: process-running');
        expect(await second.ask('release')).toBe('released');
        expect(await second.ask('take')).toBe('alive: process-running');
        expect(await first.ask('release')).toBe('released');
        expect(await second.ask('take')).toBe('taken');
        await second.process.kill();
        expect(await first.ask('take')).toBe('taken');
      });

      test('is judged by its pid where it is an older version, if the host is this one', async () => {
        const setting = await setUp();
        const older = await setting.start(withoutIdentity);
        const newer = await setting.start();
        expect(await older.ask('take')).toBe('taken');
        expect(await newer.ask('take')).toBe('alive: legacy-born-before-record');
        await older.process.kill();
        expect(await newer.ask('take')).toBe('taken');
        expect(await newer.ask('release')).toBe('released');

        await leaveDeadRow(setting, (code) => withoutIdentity(code).replace('hostname()', "'3f1c0a77e2d4'"));
        expect(await newer.ask('take')).toBe('unknown: legacy-other-container');
      });

      /** Two judge the row of a dead owner. The second one takes it while the first one stands before its deletion. */
      async function raceOfTwo(change?: (code: string) => string) {
        const setting = await setUp();
        await leaveDeadRow(setting);
        const GO = join(setting.folder, 'go');
        const slow = await setting.start(change, { GO });
        slow.process.send(['take', 'nightly']);
        expect(await slow.process.message()).toBe('judged');
        const quick = await setting.start();
        expect(await quick.ask('take')).toBe('taken');
        writeFileSync(GO, '');
        const answer = await slow.process.message();
        await slow.process.kill();
        const third = await setting.start();
        const later = await third.ask('take');
        expect(quick.process.running).toBe(true);
        return { answer, later };
      }

      test('loses no row to one that judged its predecessor', async () => {
        expect(await raceOfTwo()).toEqual({
          answer: 'alive: process-running',
          later: 'alive: process-running',
        });
      });

      test('would lose it without the condition', async () => {
        const { later } = await raceOfTwo((code) => {
          const broken = code.replace(...database.unconditional);
          expect(broken).not.toBe(code);
          return broken;
        });
        expect(later).toBe('taken');
      });

      test('is one of many that find the row of a dead owner', async () => {
        const setting = await setUp();
        await leaveDeadRow(setting);
        const contenders = await Promise.all(Array.from({ length: 4 }, () => setting.start()));
        const answers = await Promise.all(contenders.map((contender) => contender.ask('take')));
        expect(answers.sort()).toEqual([...Array(3).fill('alive: process-running'), 'taken']);
      });
    },
  );
}
