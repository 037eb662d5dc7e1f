// Runs the commands whose terminal output README.md and docs/cli.md show, and prints that output. `--write` puts it there
// instead, between `<!-- output: NAME -->` and the end of the code block below, and draws the one in colours as PICTURE.
// The live screen needs script(1).
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { terminalPicture } from './terminal-picture.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAIN = join(ROOT, 'dist/cli/main.cjs');
const FENCE = '```';
/** The environment of a command that shall print no colours. */
const PLAIN = { NO_COLOR: '1', FORCE_COLOR: undefined };
/** The directory in PATH that has the program, while the scenes are played. */
let bin = '';
export const PICTURE = 'docs/images/stuck-lock.svg';
const PICTURE_TITLE =
  'kernel-identity inspect explains a stuck lock: its owner is dead, proven; reclaim clears it';

/**
 * Returns the output by scene, as README.md shows it: the directory of the locks is called /data. `stale` has the colours of
 * a terminal.
 */
export async function scenes() {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'kernel-identity-readme-')));
  // The program is called as an installed one is called, because it names itself in what it prints.
  bin = realpathSync(mkdtempSync(join(tmpdir(), 'kernel-identity-bin-')));
  symlinkSync(MAIN, join(bin, 'kernel-identity'));
  const lock = join(directory, 'install.lock');
  // The output shows command lines, which shall be those of an installed program.
  symlinkSync(MAIN, join(directory, 'kernel-identity'));
  const holder = spawn(
    'node',
    ['kernel-identity', 'run', 'install.lock', '--label', 'nightly', '--', 'cat'],
    {
      cwd: directory,
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  try {
    holder.stdin.write('\n');
    await once(holder.stdout, 'data');
    const held = await run('inspect', lock);
    const timeout = await run('run', '--timeout', '500ms', lock, '--', 'npm', 'ci');
    const dump = shortened(await run('dump', lock));
    holder.stdin.end();
    await once(holder, 'exit');
    await killedOwner(lock);
    const stale = (await runInColours('inspect', lock)) + (await runInColours('reclaim', lock));
    return Object.fromEntries(
      Object.entries({ held, stale, timeout, dump }).map(([name, text]) => [
        name,
        text.replaceAll(directory, '/data').trimEnd(),
      ]),
    );
  } finally {
    holder.kill('SIGKILL');
    for (const made of [directory, bin]) rmSync(made, { recursive: true, force: true });
  }
}

/** Returns what `inspect --watch` shows in a terminal while one command holds a lock and another waits for it. */
export async function watchScreen() {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'kernel-identity-readme-')));
  const children = [];
  const start = (program, ...args) => {
    const env = { ...process.env, ...PLAIN, COLUMNS: undefined, TERM: 'xterm' };
    const child = spawn(program, args, { cwd: directory, env, stdio: ['pipe', 'pipe', 'ignore'] });
    children.push(child);
    return child;
  };
  try {
    symlinkSync(MAIN, join(directory, 'kernel-identity'));
    const holder = start('node', 'kernel-identity', 'run', 'install.lock', '--', 'cat');
    holder.stdin.write('\n');
    await once(holder.stdout, 'data');
    start('node', 'kernel-identity', 'run', 'install.lock', '--', 'npm', 'ci');
    const line = 'stty cols 80 rows 24; node kernel-identity inspect --watch install.lock other.lock';
    const terminal = start('script', '-qec', line, '/dev/null');
    let output = '';
    for await (const data of terminal.stdout) {
      output += data;
      // Each drawing begins at the top of the screen, and ends with the erasing of what is below.
      const drawn = output.split('\u001b[H').findLast((part) => part.includes('\u001b[J')) ?? '';
      if (!drawn.includes('waiting: ')) continue;
      terminal.stdin.write('q');
      const lines = stripVTControlCharacters(drawn).split(/\r?\n/);
      return lines
        .map((text) => text.trimEnd())
        .join('\n')
        .trimEnd();
    }
    throw new Error(`the screen shows no waiter: ${output}`);
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
}

function run(...args) {
  return runWith(PLAIN, args);
}

function runInColours(...args) {
  return runWith({ NO_COLOR: undefined, FORCE_COLOR: '1' }, args);
}

/** Returns what a terminal shows of a command: the command, its output, and the exit code unless it is 0. */
function runWith(colours, args) {
  return new Promise((resolve) => {
    const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}`, ...colours };
    execFile('kernel-identity', args, { env }, (error, stdout, stderr) => {
      const code = error ? `$ echo $?\n${error.code}\n` : '';
      resolve(`$ kernel-identity ${args.join(' ')}\n${stdout}${stderr}${code}`);
    });
  });
}

/** Starts a process that takes the lock and is killed while it holds it. */
async function killedOwner(lock) {
  const script = `import { acquireLockSync } from ${JSON.stringify(join(ROOT, 'dist/index.js'))};
    acquireLockSync(${JSON.stringify(lock)}, { label: 'nightly' });
    process.kill(process.pid, 'SIGKILL');`;
  const owner = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'inherit' });
  await once(owner, 'exit');
}

/** Keeps the first two sections. Only the headings remain of the others, and of the locks only the first heading. */
function shortened(text) {
  const [first, ...rest] = text.trimEnd().split('\n\n');
  const locks = rest.findIndex((section) =>
    /^\S.*: (free|held|stale|unknown)$/m.test(section.split('\n', 1)[0]),
  );
  const own = locks < 0 ? rest : rest.slice(0, locks);
  const parts = own.map((section, index) =>
    index === 0 ? section : `${section.split('\n', 1)[0]}\n  [...]`,
  );
  if (locks >= 0) parts.push(`${rest[locks].split('\n', 1)[0]}\n  [...]`);
  return `${[first, ...parts].join('\n\n')}\n`;
}

/** Returns a page with the code blocks of the scenes replaced. */
function withOutput(page, output) {
  let text = page;
  for (const [name, shown] of Object.entries(output)) {
    const block = new RegExp(`(<!-- output: ${name} -->\\n${FENCE}\\w*\\n)[^]*?(^${FENCE}$)`, 'm');
    text = text.replace(block, (_all, start, end) => `${start}${shown}\n${end}`);
  }
  return text;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const output = await scenes();
  const pages = { 'README.md': output, 'docs/cli.md': { watch: await watchScreen() } };
  for (const [page, outputs] of Object.entries(pages)) {
    const path = join(ROOT, page);
    if (process.argv.includes('--write')) {
      writeFileSync(path, withOutput(readFileSync(path, 'utf8'), outputs));
    } else {
      for (const [name, text] of Object.entries(outputs)) console.log(`--- ${name}\n${text}`);
    }
  }
  if (process.argv.includes('--write')) {
    writeFileSync(join(ROOT, PICTURE), terminalPicture(output.stale, PICTURE_TITLE));
  }
}
