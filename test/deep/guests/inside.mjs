// The only program of a guest: executes the host's orders from the console, one JSON object a line. It
// answers each with a line that starts with "@", because the kernel prints its own lines in between.
import { execFile, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { startLocalAgent } from '../locks/agent.mjs';

const LAST_PID = '/proc/sys/kernel/ns_last_pid';

/** @type {Map<string, import('../locks/agent.mjs').Agent>} */
const agents = new Map();

/** @type {Record<string, (request: any) => unknown>} */
const calls = {
  /**
   * `pid` is the number that it must have. `uptime` is the number of seconds for which this kernel must have
   * run. `through`, `script`: see the agent.
   */
  async start({ name, pid, uptime = 0, env = {}, through = [], script }) {
    await sleep(Math.max(0, uptime - uptimeNow()) * 1000);
    if (pid !== undefined) makeNext(pid);
    const agent = await startLocalAgent({ env, through, script });
    if (pid !== undefined && agent.pid !== pid) throw new Error(`its number is ${agent.pid}, not ${pid}`);
    agents.set(name, agent);
    return { pid: agent.pid };
  },
  ask: ({ name, request: { call, timeoutMs, ...request } }) =>
    agents.get(name)?.ask(call, request, timeoutMs),
  kill: ({ name, signal }) => agents.get(name)?.kill(signal),
  run: ({ command: [program, ...args], env = {} }) =>
    new Promise((resolve) => {
      const options = { env: { ...process.env, ...env }, maxBuffer: 1 << 24 };
      execFile(program, args, options, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : (error.code ?? 1), output: stdout + stderr });
      });
    }),
};

function uptimeNow() {
  return Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]);
}

/** @param {number} pid */
function makeNext(pid) {
  if (existsSync(LAST_PID)) {
    writeFileSync(LAST_PID, String(pid - 1));
    return;
  }
  // Numbers are given out in order, and a shell makes processes quickly.
  spawnSync('sh', ['-c', 'while : & [ $! -lt "$1" ]; do wait; done', 'sh', String(pid - 1)]);
}

/** @param {Record<string, unknown>} answer */
function say(answer) {
  process.stdout.write(`\n@${JSON.stringify(answer)}\n`);
}

createInterface({ input: process.stdin }).on('line', async (line) => {
  const { id, call, ...request } = JSON.parse(line);
  try {
    say({ id, value: (await calls[call]?.(request)) ?? null });
  } catch (error) {
    say({ id, error: String(error) });
  }
});
say({ id: 0, value: 'ready' });
