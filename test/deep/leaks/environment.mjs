// A worker thread that ends while the addon watches, renews and holds many things for it.
import { openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { workerData } from 'node:worker_threads';

/** @type {import('../../helpers/unbranded.js').Unbranded<import('../../../src/backend/native.js').Addon>} */
const { processes, files, watch, lease } = createRequire(import.meta.url)(workerData.path);
const lock = /** @type {number} */ (files.findDirectoryAt(files.openParent(workerData.directory), 'lock'));
const pidfd = /** @type {number} */ (processes.openPidfd(process.pid));
const owner = openSync(join(workerData.directory, 'lock', 'owner.json'), 'r+');
watch.onExit(pidfd, new Int32Array(new SharedArrayBuffer(4)), 0);
watch.onRelease(owner, new Int32Array(new SharedArrayBuffer(4)), 0);
watch.onLockChange(lock, pidfd, () => {});
watch.openChangeMonitor(lock);
lease.start(owner, 3_600_000, () => {});
process.exit();
