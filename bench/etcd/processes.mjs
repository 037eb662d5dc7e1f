import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PARTY = fileURLToPath(new URL('party.mjs', import.meta.url));
const MAIN = fileURLToPath(new URL('../../dist/cli/main.cjs', import.meta.url));

const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

function start(words, env = {}) {
  const child = spawn(process.execPath, words, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** Starts party.mjs. It has what it said last by `said`, and waits by `until`. */
export async function startParty(address, ttl, env) {
  const child = start([PARTY, address, String(ttl)], env);
  const said = [];
  let wake = () => {};
  createInterface({ input: child.stdout }).on('line', (line) => {
    said.push(line.split(' '));
    wake();
  });
  const until = async (what, name) => {
    for (;;) {
      const found = said.find((words) => words[0] === what && words[1] === name);
      if (found !== undefined) return BigInt(found[2] ?? 0);
      await new Promise((resolve) => {
        wake = resolve;
      });
    }
  };
  await until('ready', undefined);
  return {
    until,
    send: (what, name) => child.stdin.write(`${what} ${name}\n`),
    /** Kills it, and returns when, in ns. */
    kill() {
      const at = process.hrtime.bigint();
      child.kill('SIGKILL');
      return at;
    },
    end: () => child.stdin.end(),
  };
}

/** Starts the agent of the command line. */
export function startAgent(address) {
  const child = start([MAIN, 'agent', address]);
  child.stderr.resume();
  return child;
}

/** Nanoseconds of processor time that all threads of a process have used. */
export function processorTime(pid) {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks)
    .map((task) => Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]))
    .reduce((sum, ns) => sum + ns, 0);
}
