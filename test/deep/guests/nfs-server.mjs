// An NFS server beside the machines, in a network of its own with them.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const START_MS = 30_000;

/**
 * This is version 3 of NFS: later versions know each client by a session, which a copy of the client would
 * share.
 */
const CONFIG = (/** @type {string} */ path) => `
NFS_CORE_PARAM { Protocols = 3; NFS_Port = 2049; MNT_Port = 20048; Enable_NLM = false; Enable_RQUOTA = false; Enable_UDP = false; }
EXPORT {
  Export_Id = 1; Path = ${path}; Pseudo = /; Access_Type = RW; Squash = No_Root_Squash; SecType = sys; Transports = TCP;
  FSAL { Name = VFS; }
}
LOG { Default_Log_Level = EVENT; }
`;

/**
 * @param {string} share a directory
 * @param {string} work an empty directory
 * @returns {Promise<{ through: readonly string[] }>} `through`: a command that runs the one appended to it in that network
 */
export async function startNfsServer(share, work) {
  const [config, log] = [join(work, 'config'), join(work, 'log')];
  mkdirSync(work, { recursive: true });
  writeFileSync(config, CONFIG(share));
  writeFileSync(log, '');
  const script = `
ip link set lo up
mount -t tmpfs none /run
mkdir /run/ganesha
rpcbind
exec ganesha.nfsd -F -f "$1" -L "$2" -p /run/ganesha/pid
`;
  const server = spawn('unshare', ['--net', '--mount', 'sh', '-ec', script, 'sh', config, log], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  server.stderr.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  const until = performance.now() + START_MS;
  while (!readFileSync(log, 'utf8').includes('NFS SERVER INITIALIZED')) {
    if (server.exitCode !== null || performance.now() > until) {
      throw new Error(`the NFS server does not start: ${said}${readFileSync(log, 'utf8').slice(-1_000)}`);
    }
    await sleep(100);
  }
  return { through: ['nsenter', `--net=/proc/${server.pid}/ns/net`] };
}
