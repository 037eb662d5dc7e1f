// Prints the identity of its own process, then lasts until stdin ends.
import { formatIdentity, selfIdentity } from '../../dist/index.js';

console.log(formatIdentity(selfIdentity()));
process.stdin.resume().on('end', () => process.exit());
