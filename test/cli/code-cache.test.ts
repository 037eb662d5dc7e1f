import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import module from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect } from 'vitest';
import { BUILT, MAIN, type Outcome, startProgram } from '../helpers/cli.js';
import { isRoot, testRequiring } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

/** The program with another command `self`, and with a cache of its own. */
class Program {
  readonly folder: string;
  readonly #root = tempDir();

  constructor(self: string) {
    // Nobody else may write above the cache.
    chmodSync(this.#root, 0o755);
    mkdirSync(join(this.#root, 'elsewhere'));
    writeFileSync(join(this.#root, 'elsewhere/other.cjs'), 'module.exports = __filename;\n');
    this.folder = join(this.#root, '.cache/kernel-identity');
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    copyFileSync(MAIN, join(this.#root, 'main.cjs'));
    this.change(self);
  }

  change(self: string): void {
    writeFileSync(join(this.#root, 'self.cjs'), self);
  }

  /** Runs the command to its end. */
  start(
    env: Readonly<Record<string, string>> = {},
    node: readonly string[] = [process.execPath],
  ): Promise<Outcome> {
    const started = startProgram([...node, join(this.#root, 'main.cjs'), 'self'], {
      env: { HOME: this.#root, XDG_CACHE_HOME: '', NODE_OPTIONS: '', ...env },
    });
    return started.closed;
  }

  names(): string[] {
    return readdirSync(this.folder);
  }

  /** The path of the one file of the cache. */
  file(): string {
    const names = this.names();
    expect(names).toHaveLength(1);
    return join(this.folder, names[0] as string);
  }
}

/** A command that prints a word. Words of one length make commands of one length. */
function printing(word: string): string {
  return `exports.selfCommand = { async execute() { console.log('${word}'); return 3; } };\n`;
}

const ANOTHER_USER = 65534;
const OLD = printing('old');
const NEW = printing('new');

function prints(word: string): Partial<Outcome> {
  return { code: 3, stdout: `${word}\n`, stderr: '' };
}

/** The compiled code in a file that was made of a source of that length. */
function codeIn(file: string): Buffer {
  const content = readFileSync(file);
  return content.subarray(0, (content.length - OLD.length) / 2);
}

/**
 * Plants what makes the new command print `old` wherever it is used: the compiled code of the old one, which has the same
 * length, under the name of the new one.
 */
async function plant(): Promise<{ program: Program; file: string; code: Buffer; planted: Buffer }> {
  const program = new Program(OLD);
  expect(await program.start()).toMatchObject(prints('old'));
  const file = program.file();
  const code = codeIn(file);
  const planted = Buffer.concat([code, Buffer.from(NEW), code]);
  writeFileSync(file, planted);
  program.change(NEW);
  return { program, file, code, planted };
}

/** In the place of a file with that content there is one of the command that ran. */
function expectReplaced(file: string, before: Buffer): void {
  const status = lstatSync(file);
  expect(status.isFile()).toBe(true);
  expect({ uid: status.uid, mode: status.mode & 0o777 }).toEqual({ uid: process.getuid?.(), mode: 0o600 });
  const content = readFileSync(file);
  expect(content.includes(NEW)).toBe(true);
  expect(content.equals(before)).toBe(false);
}

const PAD = Buffer.alloc(4 * 1024 * 1024);

/** Each makes the planted file one that must not be used. */
const SPOILS: Record<string, (file: string, code: Buffer) => void> = {
  'to which its group may write': (file) => chmodSync(file, 0o620),
  'to which everybody may write': (file) => chmodSync(file, 0o602),
  'that is a link': (file) => {
    renameSync(file, `${dirname(file)}-elsewhere`);
    symlinkSync(`${dirname(file)}-elsewhere`, file);
  },
  'that is too large': (file, code) =>
    writeFileSync(file, Buffer.concat([code, PAD, Buffer.from(NEW), code, PAD])),
  'that is empty': (file) => truncateSync(file),
  'that was cut off': (file) => truncateSync(file, statSync(file).size - 1),
  'that was cut to one copy': (file, code) => truncateSync(file, code.length + NEW.length),
  'whose first copy lacks a block': (file, code) =>
    writeFileSync(file, Buffer.concat([Buffer.from(code).fill(0, 512), Buffer.from(NEW), code])),
  'whose second copy lacks a block': (file, code) =>
    writeFileSync(file, Buffer.concat([code, Buffer.from(NEW), Buffer.from(code).fill(0, 512)])),
  'of another build with the same length': (file, code) =>
    writeFileSync(file, Buffer.concat([code, Buffer.from(OLD), code])),
  'that V8 rejects': (file, code) => {
    // The hash of the version and that of the flags stand in the first 32 bytes.
    const other = Buffer.from(code).fill(0xff, 0, 32);
    writeFileSync(file, Buffer.concat([other, Buffer.from(NEW), other]));
  },
};

if ('enableCompileCache' in module) {
  testRequiring(BUILT, 'compiled code is left to this Node', async () => {
    const program = new Program(NEW);
    expect(await program.start()).toMatchObject(prints('new'));
    expect(program.names().filter((name) => name.endsWith('.code'))).toEqual([]);
  });
} else {
  describe('the compiled code of a command on Node 20', () => {
    testRequiring(BUILT, 'is written after the command, is private, and serves the next start', async () => {
      const program = new Program(
        `const { readdirSync } = require('node:fs');
        exports.selfCommand = { async execute() { console.log(readdirSync(process.env.FOLDER).length); return 3; } };`,
      );
      expect(await program.start({ FOLDER: program.folder })).toMatchObject(prints('0'));
      const { ino, mode } = statSync(program.file());
      expect(mode & 0o777).toBe(0o600);
      expect(await program.start({ FOLDER: program.folder })).toMatchObject(prints('1'));
      expect(statSync(program.file()).ino).toBe(ino);
    });

    testRequiring(
      BUILT,
      'is used: what is planted runs, where only this user can have planted it',
      async () => {
        const { program } = await plant();
        expect(await program.start()).toMatchObject(prints('old'));
      },
    );

    testRequiring(
      BUILT,
      'is taken from no file that others could have written, or that is not whole',
      async () => {
        const { program, file, code, planted } = await plant();
        for (const [what, spoil] of Object.entries(SPOILS)) {
          rmSync(file);
          writeFileSync(file, planted, { mode: 0o600 });
          spoil(file, code);
          const before = readFileSync(file);
          expect(await program.start(), what).toMatchObject(prints('new'));
          expectReplaced(program.file(), before);
        }
      },
    );

    testRequiring(BUILT, 'is not waited for at a FIFO', async () => {
      const { program, file, planted } = await plant();
      rmSync(file);
      execFileSync('mkfifo', ['-m', '600', file]);
      expect(await program.start()).toMatchObject(prints('new'));
      expectReplaced(program.file(), planted);
    });

    testRequiring([...BUILT, isRoot()], 'is not taken from a file of another user', async () => {
      const { program, file, planted } = await plant();
      chownSync(file, ANOTHER_USER, ANOTHER_USER);
      expect(await program.start()).toMatchObject(prints('new'));
      expectReplaced(program.file(), planted);
    });

    testRequiring(BUILT, 'is neither used nor written under flags and options of Node', async () => {
      const { program, file } = await plant();
      const { ino } = statSync(file);
      const flag = '--max-old-space-size=500';
      expect(await program.start({ NODE_OPTIONS: flag })).toMatchObject(prints('new'));
      expect(await program.start({}, [process.execPath, flag])).toMatchObject(prints('new'));
      expect(statSync(program.file()).ino).toBe(ino);
    });

    testRequiring(BUILT, 'may be impossible to write, which nobody notices', async () => {
      const program = new Program(NEW);
      const limited = ['sh', '-c', 'ulimit -f 0; exec "$@"', 'sh', process.execPath];
      expect(await program.start({}, limited)).toMatchObject(prints('new'));
      expect(program.names()).toEqual([]);
      expect(await program.start()).toMatchObject(prints('new'));
      const file = program.file();
      rmSync(file);
      mkdirSync(join(file, 'not-empty'), { recursive: true });
      expect(await program.start()).toMatchObject(prints('new'));
      expect(program.file()).toBe(file);
    });

    testRequiring(
      BUILT,
      'is deleted a month later, when other code is written, and nothing else is',
      async () => {
        const program = new Program(NEW);
        const gone = ['self-9-v20.0.0-x64-1-1.code', 'find-locks-9-v20.19.1-arm64-1-1.code.k2'];
        const kept = [
          'notes.txt',
          'self.code',
          'self-9-v20.0.0-x64-1-1.code.d/',
          'self-9-v20.0.2-x64-1-1.code/',
        ];
        const young = 'self-9-v20.0.1-x64-1-1.code';
        const monthAgo = Date.now() / 1000 - 31 * 24 * 3600;
        for (const name of [...gone, ...kept]) {
          const path = join(program.folder, name);
          if (name.endsWith('/')) mkdirSync(path);
          else writeFileSync(path, '');
          utimesSync(path, monthAgo, monthAgo);
        }
        writeFileSync(join(program.folder, young), '');
        expect(await program.start()).toMatchObject(prints('new'));
        const left = program.names();
        expect(left).toHaveLength(kept.length + 2);
        for (const name of [...kept, young]) expect(left).toContain(name.replace('/', ''));
      },
    );

    testRequiring(BUILT, 'changes nothing of what a command finds around it', async () => {
      const program = new Program(
        `const { stack } = new Error('here');
        const found = [
          this === exports, module.exports === exports, module.id, module.loaded, __filename, __dirname,
          require.main.filename, require('./main.cjs') === require.main.exports, Object.keys(require.cache),
          require.resolve('./main.cjs'), require('./elsewhere/other.cjs'), process.argv, stack.split('\\n').slice(0, 2),
        ];
        exports.selfCommand = { async execute() {
          console.log(JSON.stringify([...found, new Error('there').stack.split('\\n')[1]]));
          return 3;
        } };`,
      );
      const asEver = await program.start({ NODE_DISABLE_COMPILE_CACHE: '1' });
      expect(asEver).toMatchObject({ code: 3, stderr: '' });
      expect(program.names()).toEqual([]);
      expect(await program.start()).toEqual(asEver);
      expect(await program.start()).toEqual(asEver);
      // Only the commands are kept.
      expect(program.names()).toHaveLength(1);
    });
  });
}
