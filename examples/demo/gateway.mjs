// A gateway as it starts in its container: looks at the lock on its volume as programs do that know a PID only, then
// as kernel-identity does, takes it if it may, and holds it until it is killed. Tells what it saw in lines of JSON.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { acquireLockSync, dumpDiagnostics, inspectLockSync, LockTimeoutError } from 'kernel-identity';

const [path, name] = process.argv.slice(2);
const report = (event) => process.stdout.write(`${JSON.stringify({ name, pid: process.pid, ...event })}\n`);

const backend = dumpDiagnostics().backend.name;
report({ event: 'found', backend, byPid: byPidAlone(), byIdentity: byIdentity() });
const started = performance.now();
try {
  acquireLockSync(path, { timeout: 0, label: name });
  const now = performance.now(); // counts from the start of the process
  report({ event: 'acquired', ms: now - started, sinceStart: now });
} catch (error) {
  if (!(error instanceof LockTimeoutError)) throw error;
  report({ event: 'refused', ms: performance.now() - started });
}
setInterval(() => {}, 1 << 30);

/** The bug: "is there a process with that number?" */
function byPidAlone() {
  let pid;
  try {
    ({ pid } = JSON.parse(readFileSync(join(path, 'owner.json'), 'utf8')));
  } catch {
    return 'no lock';
  }
  try {
    process.kill(pid, 0);
    return `PID ${pid} is alive${pid === process.pid ? ' (it is this very process)' : ''}: wait up to 300 s`;
  } catch {
    return `PID ${pid} is dead: delete the lock`;
  }
}

function byIdentity() {
  const { state, verdict } = inspectLockSync(path);
  return verdict === null ? 'no lock' : `${state}: ${verdict.reason} (${verdict.certainty})`;
}
