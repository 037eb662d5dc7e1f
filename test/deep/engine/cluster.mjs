// An etcd of three nodes, each in a network namespace of its own, and clients in others, all on one bridge.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const NODES = [1, 2, 3];
const HUB = 'ki-hub';
/** @param {string} name such as `e1` for a node, `c1` for a client */
const namespaceOf = (name) => `ki-${name}`;
/** @param {number} node */
const addressOf = (node) => `10.77.0.${node}`;

/** @param {...string} words */
function ip(...words) {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** @param {string} namespace @param {...string} words */
function ipIn(namespace, ...words) {
  ip('netns', 'exec', namespace, 'ip', ...words);
}

export class Cluster {
  /** Where files can be put that end with the part. */
  directory;
  /** @type {Map<number, import('node:child_process').ChildProcess>} */
  #nodes = new Map();

  /** @param {string} directory for the data of the nodes */
  constructor(directory) {
    this.directory = directory;
    // Names of namespaces are mounts, which end with the mount namespace of the part.
    mkdirSync('/run/netns', { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', '/run/netns']);
    ip('netns', 'add', HUB);
    ipIn(HUB, 'link', 'add', 'br0', 'type', 'bridge');
    ipIn(HUB, 'link', 'set', 'br0', 'up');
    for (const node of NODES) this.#addPlace(`e${node}`, addressOf(node));
    for (const client of NODES) this.#addPlace(`c${client}`, addressOf(10 + client));
  }

  /** @param {string} name @param {string} address */
  #addPlace(name, address) {
    const namespace = namespaceOf(name);
    ip('netns', 'add', namespace);
    ip(
      'link',
      'add',
      'name',
      `v-${name}`,
      'netns',
      HUB,
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'netns',
      namespace,
    );
    ipIn(HUB, 'link', 'set', `v-${name}`, 'master', 'br0', 'up');
    ipIn(namespace, 'link', 'set', 'lo', 'up');
    ipIn(namespace, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
    ipIn(namespace, 'link', 'set', 'eth0', 'up');
  }

  get address() {
    return this.addressFrom(1);
  }

  /** The address of all locks, whose users ask this node first. @param {number} first */
  addressFrom(first) {
    const nodes = [first, ...NODES.filter((node) => node !== first)];
    return `etcd://${nodes.map((node) => `${addressOf(node)}:2379`).join(',')}/locks/`;
  }

  /** What etcdctl is told. */
  get endpoints() {
    return NODES.map((node) => `${addressOf(node)}:2379`).join(',');
  }

  /** Starts all nodes, and waits until they have a leader. */
  async start() {
    for (const node of NODES) this.startNode(node);
    await this.leader();
  }

  /** @param {number} node */
  startNode(node) {
    const [client, peer] = [2379, 2380].map((port) => `http://${addressOf(node)}:${port}`);
    const log = openSync(join(this.directory, `n${node}.log`), 'a');
    const flags = [
      ...['--name', `n${node}`, '--data-dir', join(this.directory, `n${node}`)],
      ...['--listen-client-urls', /** @type {string} */ (client)],
      ...['--advertise-client-urls', /** @type {string} */ (client)],
      ...['--listen-peer-urls', /** @type {string} */ (peer)],
      ...['--initial-advertise-peer-urls', /** @type {string} */ (peer)],
      ...['--initial-cluster', NODES.map((one) => `n${one}=http://${addressOf(one)}:2380`).join(',')],
    ];
    const words = ['netns', 'exec', namespaceOf(`e${node}`), 'etcd', ...flags];
    this.#nodes.set(node, spawn('ip', words, { stdio: ['ignore', log, log] }));
  }

  /** @param {number} node */
  async killNode(node) {
    const child = this.#nodes.get(node);
    const ended = new Promise((resolve) => child?.once('exit', resolve));
    child?.kill('SIGKILL');
    await ended;
  }

  /**
   * SIGSTOP makes a node that takes connections and never answers.
   * @param {number} node @param {NodeJS.Signals} signal
   */
  signalNode(node, signal) {
    this.#nodes.get(node)?.kill(signal);
  }

  /** The node that leads, as soon as there is one. */
  async leader() {
    for (;;) {
      for (const node of NODES) {
        const answer = this.#ask(node);
        if (answer !== null && answer.leader !== undefined && answer.leader === answer.header.member_id)
          return node;
      }
      await sleep(100);
    }
  }

  /** @param {number} node */
  #ask(node) {
    const script = `fetch('http://${addressOf(node)}:2379/v3/maintenance/status', { method: 'POST', body: '{}', signal: AbortSignal.timeout(1000) }).then((a) => a.text()).then(console.log, () => {})`;
    const words = ['netns', 'exec', namespaceOf('c1'), process.execPath, '-e', script];
    const said = execFileSync('ip', words, { encoding: 'utf8' });
    return said.trim() === '' ? null : JSON.parse(said);
  }

  /** Pulls the cable of a place. @param {string} name */
  cut(name) {
    ipIn(HUB, 'link', 'set', `v-${name}`, 'down');
  }

  /** @param {string} name */
  heal(name) {
    ipIn(HUB, 'link', 'set', `v-${name}`, 'up');
  }

  /** Where a client can be reached from the others. @param {number} client */
  hostOf(client) {
    return addressOf(10 + client);
  }

  /** Starts a program at a client. @param {number} client @param {string[]} words */
  spawnAt(client, words) {
    const [program = '', ...rest] = this.at(client, words);
    return spawn(program, rest, { stdio: ['pipe', 'pipe', 'inherit'] });
  }

  /** The words that start a program at a client. @param {number} client @param {string[]} words */
  at(client, words) {
    return ['ip', 'netns', 'exec', namespaceOf(`c${client}`), ...words];
  }
}
