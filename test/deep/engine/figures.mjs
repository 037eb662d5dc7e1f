// What the scenes on an etcd of three nodes share: their names, times, and the one who looks for dead owners.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../dist/cli/main.cjs', import.meta.url));

export const RUNTIME = 'etcd, 3 nodes';

/** Plain Node sees no lifeline end: such a waiter stands for one on another machine. */
export const ELSEWHERE = { KERNEL_IDENTITY_BACKEND: 'procfs' };

/** @param {readonly number[]} ms @param {number} share */
export function quantile(ms, share) {
  const sorted = [...ms].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** @param {readonly number[]} ms */
export function times(ms) {
  return `p50 ${quantile(ms, 0.5).toFixed(0)}, p99 ${quantile(ms, 0.99).toFixed(0)} ms`;
}

/** @param {import('./cluster.mjs').Cluster} cluster */
export function startAgent(cluster) {
  const [program = '', ...words] = cluster.at(1, [process.execPath, MAIN, 'agent', cluster.address]);
  return spawn(program, words, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Seconds of CPU that a process has used. @param {number} pid */
export function usageOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
