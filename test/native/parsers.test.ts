import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { FILESYSTEM_NAMES } from '../../src/backend/procfs/filesystem.js';
import { PROC_FILES, type ProcText, procTexts } from '../helpers/proc-texts.js';
import { describeRequiring, hasProgram } from '../helpers/requirements.js';
import { tempDir } from '../helpers/temp-dir.js';

const LINUX = fileURLToPath(new URL('../../native/linux', import.meta.url));
const DRIVER = fileURLToPath(new URL('parse.cc', import.meta.url));
/** The sources that the driver needs, besides filesystem.cc, which it includes. */
const SOURCES = ['boot_id', 'proc_file', 'proc_stat', 'proc_status', 'time_offset'];

const compiler = ['g++', 'clang++', 'c++'].find((name) => hasProgram(name).available);
const hasCompiler = { available: compiler !== undefined, reason: 'needs a C++ compiler' };

describeRequiring([hasCompiler], 'the parsers of the addon', () => {
  let program: string;

  beforeAll(() => {
    program = join(tempDir(), 'parse');
    const sources = SOURCES.map((name) => join(LINUX, `${name}.cc`));
    run(compiler ?? '', ['-std=c++20', '-fno-exceptions', `-I${LINUX}`, DRIVER, ...sources, '-o', program]);
  }, 120_000);

  test.each(PROC_FILES)('read from %s the values that those of the procfs backend read', (file) => {
    const texts = procTexts(file);
    const answers = run(
      program,
      [],
      Buffer.concat(texts.flatMap(({ text }) => [Buffer.from(`${file} ${text.length}\n`), text])),
    );
    const values = answers.trimEnd().split('\n');
    const read = texts.map(({ what }, index) => ({ what, value: JSON.parse(values[index] ?? '') }));
    expect(read).toEqual(texts.map(({ what, value }: ProcText) => ({ what, value })));
  });

  test('know the same filesystems as the procfs backend, by the same names', () => {
    const lines = run(program, ['filesystems']).trimEnd().split('\n');
    const names = lines.map((line): [number, string] => {
      const [magic, name = ''] = line.split(' ');
      return [Number(magic), name];
    });
    expect(new Map(names)).toEqual(FILESYSTEM_NAMES);
    expect(names).toHaveLength(FILESYSTEM_NAMES.size);
  });
});

function run(command: string, args: readonly string[], input = Buffer.alloc(0)): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { input });
  if (status !== 0) throw new Error(`${command}: ${error?.message ?? stderr}`);
  return stdout.toString();
}
