import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasProgram, type Requirement } from '../helpers/requirements.js';

export const HAS_ETCD: readonly Requirement[] = [hasProgram('etcd'), hasProgram('etcdctl')];

/** An etcd of one node on loopback, with its data in a directory of its own. Call stop() when done. */
export class EtcdServer {
  readonly port: number;
  readonly #peerPort: number;
  readonly #directory: string;
  readonly #flags: readonly string[];
  readonly #scheme: string;
  #process: ChildProcess | null = null;

  private constructor(port: number, peerPort: number, flags: readonly string[], scheme: string) {
    this.port = port;
    this.#peerPort = peerPort;
    this.#flags = flags;
    this.#scheme = scheme;
    this.#directory = mkdtempSync(join(tmpdir(), 'kernel-identity-etcd-'));
  }

  static async start(flags: readonly string[] = [], scheme = 'http'): Promise<EtcdServer> {
    const [port, peerPort] = await freePorts();
    const server = new EtcdServer(port as number, peerPort as number, flags, scheme);
    await server.run();
    return server;
  }

  get endpoint(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  /** The address of all locks of the server. */
  get address(): string {
    return `etcd://127.0.0.1:${this.port}/locks/`;
  }

  get directory(): string {
    return this.#directory;
  }

  get #log(): string {
    return join(this.#directory, 'log');
  }

  /** Starts it, with the data that it had. @param data another directory of data than its own. */
  async run(data = join(this.#directory, 'data'), flags: readonly string[] = []): Promise<void> {
    const peer = `http://127.0.0.1:${this.#peerPort}`;
    const child = spawn(
      'etcd',
      [
        ...['--name', 'n1', '--data-dir', data, '--logger', 'zap'],
        ...['--listen-client-urls', this.endpoint, '--advertise-client-urls', this.endpoint],
        ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
        ...['--initial-cluster', `n1=${peer}`],
        // A node that has no others need not wait a second for its election, nor take pains with passwords.
        ...['--heartbeat-interval', '20', '--election-timeout', '200', '--bcrypt-cost', '4'],
        ...this.#flags,
        ...flags,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#process = child;
    writeFileSync(this.#log, '');
    child.stderr?.on('data', (text: Buffer) => writeFileSync(this.#log, text, { flag: 'a' }));
    const deadline = performance.now() + 15_000;
    while (!/ready to serve client requests|serving client traffic/.test(readFileSync(this.#log, 'utf8'))) {
      if (child.exitCode !== null || performance.now() > deadline) {
        throw new Error(`etcd does not start: ${readFileSync(this.#log, 'utf8').slice(-800)}`);
      }
      await sleep(10);
    }
  }

  /** Ends the process, and keeps the data. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  /** SIGSTOP and SIGCONT: a server that takes connections and does not answer. */
  signal(signal: NodeJS.Signals): void {
    this.#process?.kill(signal);
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** A call of the JSON gateway, as another program makes it. */
  async call(path: string, body: object): Promise<Record<string, unknown>> {
    const answer = await fetch(`${this.endpoint}/v3${path}`, { method: 'POST', body: JSON.stringify(body) });
    return (await answer.json()) as Record<string, unknown>;
  }
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

async function freePorts(): Promise<number[]> {
  const servers = [createServer(), createServer()];
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address === 'object' && address !== null) ports.push(address.port);
  }
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
