// Writes to a register under a lock, without waiting for its answers: ADDRESS OPTIONS NAME HOST PORT COUNT. It prints
// `queued` when all is handed to the kernel or queued behind it, and lives on.
import { connect } from 'node:net';
import { openEtcd } from '../../../dist/etcd.js';

const [address = '', options = '{}', name = '', host = '', port = '', count = ''] = process.argv.slice(2);
const lock = await openEtcd(address, JSON.parse(options)).acquire(name);
const socket = connect({ host, port: Number(port), noDelay: true });
for (let number = 0; number < Number(count); number += 1) {
  socket.write(`post ${lock.fencingToken} [${number}]\n`);
}
console.log('queued');
setInterval(() => {}, 60_000);
