import { spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeScratch } from '../harness/scratch.mjs';

const START_MS = 15_000;

const running = [];
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * Starts an etcd of so many nodes on loopback, which ends with this process.
 * @returns its `host:port`s
 */
export async function startEtcd(nodes, parent) {
  const directory = makeScratch(parent);
  const ports = await freePorts(2 * nodes);
  const members = Array.from({ length: nodes }, (_, index) => ({
    name: `n${index}`,
    client: `127.0.0.1:${ports[2 * index]}`,
    peer: `http://127.0.0.1:${ports[2 * index + 1]}`,
  }));
  const cluster = members.map(({ name, peer }) => `${name}=${peer}`).join(',');
  for (const { name, client, peer } of members) {
    mkdirSync(join(directory, name), { mode: 0o700 });
    const log = openSync(join(directory, `${name}.log`), 'w');
    const flags = [
      ...['--name', name, '--data-dir', join(directory, name), '--initial-cluster', cluster],
      ...['--listen-client-urls', `http://${client}`, '--advertise-client-urls', `http://${client}`],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
    ];
    const child = spawn('etcd', flags, { stdio: ['ignore', log, log] });
    child.on('error', () => {});
    running.push(child);
  }
  const endpoints = members.map(({ client }) => client);
  for (const endpoint of endpoints) await answers(endpoint);
  return endpoints;
}

/** Waits until a node answers what only a cluster with a leader can answer. */
async function answers(endpoint) {
  const until = performance.now() + START_MS;
  for (;;) {
    const request = { method: 'POST', body: '{"key":"eg=="}', signal: AbortSignal.timeout(1_000) };
    const { ok } = await fetch(`http://${endpoint}/v3/kv/range`, request).catch(() => ({ ok: false }));
    if (ok) return;
    if (performance.now() > until) throw new Error('etcd does not start: apt-get install etcd-server');
    await sleep(50);
  }
}

async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = [];
  for (const server of servers) {
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    ports.push(server.address().port);
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
