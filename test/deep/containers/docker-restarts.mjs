// The ways in which containers end and are restarted under Docker: by the user, by the daemon, by the kernel.
import { Scene } from './scene.mjs';
import { oneAfterTheOther } from './situations.mjs';

/** @typedef {import('./docker.mjs').Docker} Docker */
/** @typedef {import('./scene.mjs').Setting} Setting */

/** Docker waits twice as long before each further restart of a container, from 0.1 s on. */
const RESTARTS_OF_ONE = 5;
const COMES_AGAIN_MS = 30_000;

/**
 * @param {Setting} setting
 * @param {Docker} docker
 */
export async function dockerRestarts(setting, docker) {
  await restarted(setting, docker, 'docker restart', [], (name) => {
    docker.command('restart', '--time=0', name);
  });
  await restarted(
    setting,
    docker,
    '--restart always, its process is killed',
    ['--restart=always'],
    (name) => {
      process.kill(Number(docker.command('inspect', '--format={{.State.Pid}}', name)), 'SIGKILL');
    },
  );
  await oneAfterTheOther(
    { ...setting, runtime: keeping(setting, docker, ['--memory=96m', '--memory-swap=96m']) },
    'killed by the kernel, out of memory',
    {
      owner: { hold: 'eating memory' },
      end: async (container, who, scene) => {
        await container.ended;
        const { name } = /** @type {Detached} */ (container);
        const wasOom = docker.command('inspect', '--format={{.State.OOMKilled}}', name) === 'true';
        if (!wasOom) scene.failures.push(`${who} ended otherwise`);
        docker.command('rm', name);
      },
    },
  );
  const stop = async (/** @type {import('./scene.mjs').Container} */ container) => {
    const { name } = /** @type {Detached} */ (container);
    docker.command('stop', '--time=1', name);
    docker.command('rm', name);
  };
  const runtime = keeping(setting, docker, []);
  await oneAfterTheOther({ ...setting, runtime }, 'docker stop: SIGTERM is ignored, then SIGKILL', {
    end: stop,
  });
  await oneAfterTheOther({ ...setting, runtime }, 'docker stop: SIGTERM makes it release', {
    owner: { hold: 'until terminated' },
    end: stop,
  });
}

/**
 * The same container is restarted, with its hostname and id.
 * @param {Setting} setting
 * @param {Docker} docker
 * @param {string} situation
 * @param {readonly string[]} flags
 * @param {(name: string) => void} restart
 */
async function restarted(setting, docker, situation, flags, restart) {
  const scene = new Scene(setting, situation);
  let name = '';
  let who = '';
  for (let cycle = 0; cycle < setting.cycles; cycle += 1) {
    if (cycle % RESTARTS_OF_ONE === 0) {
      if (cycle > 0) docker.command('rm', '--force', name);
      who = `restarted-${cycle}`;
      name = docker.runDetached({ who }, scene.volume, flags);
      await scene.expect(who, 'entered', COMES_AGAIN_MS);
    }
    const before = scene.owners();
    restart(name);
    const entry = await scene.enteredAgain(before, COMES_AGAIN_MS);
    if (entry !== null) scene.took(entry.ms ?? 0);
  }
  docker.command('rm', '--force', name);
  scene.end('reclaimed');
}

/** @typedef {import('./scene.mjs').Container & { name: string }} Detached */

/**
 * Starts containers that are kept when they have ended, so that their state can be read.
 * @param {Setting} setting
 * @param {Docker} docker
 * @param {readonly string[]} flags
 * @returns {import('./scene.mjs').Runtime}
 */
function keeping({ runtime }, docker, flags) {
  return {
    name: runtime.name,
    async start(task, volume) {
      const name = docker.runDetached(task, volume, flags);
      /** @type {Detached} */
      const container = {
        name,
        ended: docker.ended(name),
        kill: async () => {
          docker.command('rm', '--force', name);
        },
        pause: async () => {
          docker.command('pause', name);
        },
        resume: async () => {
          docker.command('unpause', name);
        },
      };
      return container;
    },
  };
}
