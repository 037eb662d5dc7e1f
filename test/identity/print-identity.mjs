// Prints the identity of its own process, then lasts until stdin ends.
import { formatIdentity } from '../../dist/identity/format.js';
import { selfIdentity } from '../../dist/identity/read.js';

console.log(formatIdentity(selfIdentity()));
process.stdin.resume().on('end', () => process.exit());
