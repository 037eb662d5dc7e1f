// Takes and releases a lock as fast as it can until it is killed: owner.mjs PATH.
import { acquireLockSync } from '../../../dist/index.js';

for (const [path = ''] = process.argv.slice(2); ; ) acquireLockSync(path).releaseSync();
