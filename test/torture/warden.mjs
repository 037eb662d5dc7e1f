// Keeps the workers of one PID namespace running, under the same few numbers in each namespace. Takes one
// order a line on stdin, as JSON, and prints one report of a worker's end a line. Its argument: the parts of
// its workers.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const WORKER = fileURLToPath(new URL('worker.mjs', import.meta.url));
const parts = JSON.parse(process.argv[2]);
const workers = new Map();
let incarnations = 0;
let ending = false;

function start(slot) {
  const part = parts[slot];
  incarnations += 1;
  if (part.pid !== null) wishForPid(part.pid);
  const child = spawn(
    process.execPath,
    [WORKER, JSON.stringify({ ...part, seed: part.seed + 104_729 * incarnations })],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, KERNEL_IDENTITY_BACKEND: part.backend },
    },
  );
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors += text;
  });
  child.once('exit', (code, signal) => {
    console.log(JSON.stringify({ ended: part.name, code, signal, errors }));
    workers.delete(slot);
    if (!ending) start(slot);
    else if (workers.size === 0) process.exit();
  });
  workers.set(slot, child);
}

/**
 * Asks for that number for the next process of this namespace, if it is free. Needs root in the namespace.
 */
function wishForPid(pid) {
  try {
    writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
  } catch {}
}

function kill(slot, signal) {
  workers.get(slot)?.kill(signal);
}

for (const slot of parts.keys()) start(slot);
console.log(JSON.stringify({ started: workers.size }));

for await (const line of createInterface({ input: process.stdin })) {
  const { order, slot, ms } = JSON.parse(line);
  if (order === 'kill') kill(slot, 'SIGKILL');
  if (order === 'stop') {
    kill(slot, 'SIGSTOP');
    setTimeout(() => kill(slot, 'SIGCONT'), ms);
  }
  if (order === 'end') {
    ending = true;
    for (const child of workers.values()) child.kill('SIGTERM');
  }
}
for (const child of workers.values()) child.kill('SIGKILL');
process.exit();
