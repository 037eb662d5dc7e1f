// A Docker only for this test, with its own daemon, state, socket and image. It touches no other Docker of
// this machine.
import { execFile, spawn } from 'node:child_process';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { execute, runInForeground } from './foreground.mjs';
import { CONTENDER } from './root.mjs';

const IMAGE = 'kernel-identity-deep:1';
const START_MS = 30_000;

export class Docker {
  image = IMAGE;
  #docker;
  #prefix;
  #daemon;
  #count = 0;

  /**
   * @param {readonly string[]} docker the command line client
   * @param {string} prefix of names
   * @param {import('node:child_process').ChildProcess} daemon
   */
  constructor(docker, prefix, daemon) {
    this.#docker = docker;
    this.#prefix = prefix;
    this.#daemon = daemon;
  }

  /**
   * Starts a daemon, which ends with the part.
   * @param {string} scratch an empty directory
   * @param {string} cgroup above those of the containers
   */
  static async start(scratch, cgroup) {
    const config = join(scratch, 'client');
    mkdirSync(config);
    writeFileSync(join(scratch, 'daemon.json'), '{}');
    const socket = `unix://${join(scratch, 'docker.sock')}`;
    const places = [
      ...['--config-file', join(scratch, 'daemon.json'), '--data-root', join(scratch, 'data')],
      ...['--exec-root', join(scratch, 'exec'), '--pidfile', join(scratch, 'pid'), '--host', socket],
    ];
    const noNetwork = ['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false'];
    const options = [...places, ...noNetwork, '--storage-driver=overlay2', `--cgroup-parent=/${cgroup}`];
    const log = join(scratch, 'log');
    const daemon = spawn('dockerd', options, { stdio: ['ignore', 'ignore', openSync(log, 'w')] });

    const docker = new Docker(['docker', '--config', config, '--host', socket], cgroup, daemon);
    const until = performance.now() + START_MS;
    for (;;) {
      try {
        docker.command('version');
        return docker;
      } catch (error) {
        if (performance.now() > until || daemon.exitCode !== null) {
          const last = readFileSync(log, 'utf8').trim().split('\n').slice(-3).join('\n');
          throw new Error(`dockerd does not start: ${last}`, { cause: error });
        }
        await sleep(200);
      }
    }
  }

  /** Ends the daemon, and its containers with it. */
  async stop() {
    const ended = new Promise((resolve) => this.#daemon.once('exit', resolve));
    this.#daemon.kill('SIGTERM');
    await ended;
  }

  /**
   * Makes the image from a root file system; no registry is used.
   * @param {string} root
   */
  importImage(root) {
    const [client = '', ...words] = this.#docker;
    const importing = [client, ...words, 'import', '-', IMAGE];
    execute(['sh', '-c', 'tar -C "$0" -c . | "$@"', root, ...importing]);
  }

  /** @param {...string} words */
  command(...words) {
    return execute(this.line(...words)).trim();
  }

  /**
   * Returns the whole command line.
   * @param {...string} words
   */
  line(...words) {
    return [...this.#docker, ...words];
  }

  /** Returns an unused name for a container. */
  newName() {
    this.#count += 1;
    return `${this.#prefix}-${this.#count}`;
  }

  /**
   * Runs `docker run` with a contender as PID 1, attached.
   * @param {import('./contender.mjs').Task} task
   * @param {string} volume
   * @param {readonly string[]} [flags]
   * @param {string} [name]
   */
  run(task, volume, flags = [], name = this.newName()) {
    const words = [
      'run',
      '--rm',
      `--name=${name}`,
      ...flags,
      `--volume=${volume}:/vol`,
      IMAGE,
      ...contender(task),
    ];
    return runInForeground({
      run: [...this.#docker, ...words],
      kill: [...this.#docker, 'kill', name],
      pause: [...this.#docker, 'pause', name],
      resume: [...this.#docker, 'unpause', name],
    });
  }

  /**
   * Does the same detached, and keeps the container when it ends. Returns its name.
   * @param {import('./contender.mjs').Task} task
   * @param {string} volume
   * @param {readonly string[]} [flags]
   * @param {string} [image]
   */
  runDetached(task, volume, flags = [], image = IMAGE) {
    const name = this.newName();
    const options = ['--detach', `--name=${name}`, '--network=none', ...flags, `--volume=${volume}:/vol`];
    this.command('run', ...options, image, ...contender(task));
    return name;
  }

  /**
   * Resolves when a detached container has ended.
   * @param {string} name
   * @returns {Promise<string>} its exit code
   */
  ended(name) {
    const [client = '', ...words] = this.#docker;
    return promisify(execFile)(client, [...words, 'wait', name]).then(({ stdout }) => stdout.trim());
  }
}

/**
 * The command in the container.
 * @param {import('./contender.mjs').Task} task
 */
export function contender(task) {
  return [...CONTENDER, JSON.stringify(task)];
}
