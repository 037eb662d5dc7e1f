// Every function that the addon exports, in rounds that restore the state they found: answers, errors,
// handles.
import { closeSync, mkdirSync, openSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** No process ever has this number: it is above the largest pid_max there is. */
const NOBODY = 4_194_305;
const HOUR_MS = 3_600_000;

/**
 * @param {import('../../helpers/unbranded.js').Unbranded<import('../../../src/backend/native.js').Addon>} addon
 * @param {string} directory an empty one
 * @returns {Record<string, () => void>}
 */
export function roundsOf(
  { processes, files, witness, directoryWitness, lifeline, watch, lease, ...functions },
  directory,
) {
  mkdirSync(join(directory, 'lock'));
  writeFileSync(join(directory, 'lock', 'owner.json'), '{}');
  const parent = files.openParent(directory);
  const lock = /** @type {number} */ (files.findDirectoryAt(parent, 'lock'));
  mkdirSync(join(directory, 'bare'));
  const bare = /** @type {number} */ (files.findDirectoryAt(parent, 'bare'));
  const owner = files.openAt(lock, 'owner.json');
  const held = files.createAt(lock, 'held').descriptor;
  witness.take(held);
  const pidfd = /** @type {number} */ (processes.openPidfd(process.pid));
  const words = new Int32Array(new SharedArrayBuffer(4));
  const { device, inode } = files.statDescriptor(lock);
  const ownLifeline = lifeline.takeOfProcess() ?? '';

  const { capabilities, fillRandom, lossEvents } = functions;
  const bytes = new Uint8Array(1024);

  return {
    bootId: () => processes.bootId(),
    pidNamespace: () => processes.pidNamespace(),
    'pidNamespace of a process': () => processes.pidNamespace(process.pid),
    isInPidNamespace: () => processes.isInPidNamespace(process.pid, '1'),
    timeOffset: () => processes.timeOffset(),
    stat: () => processes.stat(process.pid),
    'stat of nobody': () => processes.stat(NOBODY),
    status: () => processes.status('self'),
    openPidfd: () => files.close(/** @type {number} */ (processes.openPidfd(process.pid))),
    'openPidfd of nobody': () => processes.openPidfd(NOBODY),
    'probePidfd, of two in turn': () => {
      processes.probePidfd(process.pid);
      processes.probePidfd(1);
    },
    'probePidfd of nobody': () => processes.probePidfd(NOBODY),
    pidfdInode: () => processes.pidfdInode(pidfd),
    pidfdExited: () => processes.pidfdExited(pidfd),
    'reapOrphans, of which there are none': () => processes.reapOrphans(NOBODY),
    setDeathSignal: () => processes.setDeathSignal(0),
    openParent: () => files.close(files.openParent(directory)),
    findDirectoryAt: () => files.close(files.findDirectoryAt(parent, 'lock') ?? -1),
    'findDirectoryAt of a file': () => expectError(() => files.findDirectoryAt(lock, 'owner.json')),
    'findDirectoryAt of nothing': () => files.findDirectoryAt(parent, 'nothing'),
    'createAt, write, read, unlinkAt': () => {
      const file = files.createAt(lock, 'new').descriptor;
      files.write(file, 'content of a file');
      files.read(file, 4096);
      files.close(file);
      files.unlinkAt(lock, 'new');
    },
    'createAt over something': () => expectError(() => files.createAt(lock, 'held')),
    openText: () => files.close(files.openText(lock, 'owner.json', 4096)?.descriptor ?? -1),
    'openText of a directory': () => files.close(files.openText(parent, 'lock', 4096)?.descriptor ?? -1),
    'openText of nothing': () => files.openText(lock, 'nothing', 4096),
    readText: () => files.readText(owner, 4096),
    isAt: () => files.isAt(parent, 'lock', lock),
    'isAt of nothing': () => expectError(() => files.isAt(parent, 'nothing', lock)),
    isStillAt: () => files.isStillAt(parent, 'lock', lock, device, inode),
    'isStillAt of another file': () =>
      expectError(() => files.isStillAt(parent, 'lock', owner, device, inode)),
    'openAt of nothing': () => expectError(() => files.openAt(lock, 'nothing')),
    'mkdirAt, renameAt, renameNoReplaceAt, rmdirAt': () => {
      files.mkdirAt(parent, 'a');
      files.renameAt(parent, 'a', parent, 'b');
      files.renameNoReplaceAt(parent, 'b', parent, 'c');
      files.rmdirAt(parent, 'c');
    },
    'createDirectoryAt, rmdirIfAt, closeIfStill': () => {
      const made = files.createDirectoryAt(parent, 'made');
      if (made === null) throw new Error('somebody else is at work here');
      files.rmdirIfAt(parent, 'lock', made.descriptor);
      files.rmdirIfAt(parent, 'made', made.descriptor);
      files.closeIfStill(made.descriptor, made.device, '1');
      files.closeIfStill(made.descriptor, made.device, made.inode);
    },
    'createDirectoryAt over something': () => expectError(() => files.createDirectoryAt(parent, 'lock')),
    'rmdirIfAt of what is not empty': () => expectError(() => files.rmdirIfAt(parent, 'lock', lock)),
    'adopt, close': () => files.close(files.adopt(openSync(directory, 'r'), ...numbersOf(directory))),
    'adopt of another file': () => expectError(() => files.adopt(0, device, inode)),
    'closeIfStill of what is not open': () => files.closeIfStill(10_000, device, inode),
    'renameNoReplaceAt over something': () =>
      expectError(() => files.renameNoReplaceAt(lock, 'held', lock, 'owner.json')),
    'linkAt, unlinkAt': () => {
      files.linkAt(lock, 'owner.json', 'second');
      files.unlinkAt(lock, 'second');
    },
    takeModeOf: () => files.takeModeOf(owner, lock),
    statAt: () => files.statAt(parent, 'lock'),
    statDescriptor: () => files.statDescriptor(owner),
    statFresh: () => files.statFresh(owner),
    'statDescriptor of a wrong argument': () =>
      expectError(() => files.statDescriptor(/** @type {any} */ ('x'))),
    list: () => files.list(lock, 10),
    filesystem: () => files.filesystem(owner),
    'witness.take': () => {
      const file = files.createAt(lock, 'taken').descriptor;
      witness.take(file);
      files.close(file);
      files.unlinkAt(lock, 'taken');
    },
    'witness.test': () => witness.test(owner, 'ext'),
    'directoryWitness.take': () => directoryWitness.take(lock, '1'),
    'directoryWitness.test': () => directoryWitness.test(lock, '1'),
    'directoryWitness.writeRecord, readRecord': () => {
      const made = files.createDirectoryAt(parent, 'recorded')?.descriptor ?? -1;
      directoryWitness.writeRecord(made, 'a record');
      expectError(() => directoryWitness.writeRecord(made, 'a second one'));
      directoryWitness.readRecord(made);
      files.rmdirIfAt(parent, 'recorded', made);
      files.close(made);
    },
    'directoryWitness.readRecord of nothing': () => directoryWitness.readRecord(bare),
    'witness.testAnyLock': () => witness.testAnyLock(owner, 'ext'),
    'witness.testAt': () => witness.testAt(lock, 'owner.json', 'ext'),
    'lifeline.takeOfProcess, lifeline.losses': () => {
      lifeline.takeOfProcess();
      lifeline.losses();
    },
    'lifeline.take, lifeline.drop': () => lifeline.drop(lifeline.take('7') ?? ''),
    'lifeline.takeInheritable': () => files.close(lifeline.takeInheritable('9')?.descriptor ?? -1),
    'lifeline.takeThrough, of a namespace and of another file': () => {
      const file = openSync('/proc/self/ns/time', 'r');
      lifeline.takeThrough(file, 'time:9');
      expectError(() => lifeline.takeThrough(owner, 'time:9'));
      closeSync(file);
    },
    'lifeline.test, of a known one, of nobody and of nonsense': () => {
      lifeline.test(lifeline.takeOfProcess() ?? '');
      lifeline.test('time:8');
      lifeline.test('nonsense');
    },
    'lifeline.list': () => lifeline.list(10),
    'watch.onExit': () => watch.cancel(ticket(watch.onExit(pidfd, words, 0))),
    'watch.onRelease': () => watch.cancel(ticket(watch.onRelease(owner, words, 0))),
    'watch.onLockChange': () => watch.cancel(ticket(watch.onLockChange(lock, pidfd, () => {}))),
    'watch.onLifelineFree': () => watch.cancel(ticket(watch.onLifelineFree(ownLifeline, words, 0))),
    'watch.onLifelineFree of a free one': () =>
      watch.cancel(ticket(watch.onLifelineFree('time:8', words, 0))),
    'watch.onLifelineEnd': () => watch.cancel(ticket(watch.onLifelineEnd(ownLifeline, () => {}))),
    'watch.openLifelineSignal': () => files.close(ticket(watch.openLifelineSignal(ownLifeline))),
    'watch.onLifelineFree of nonsense': () =>
      expectError(() => ticket(watch.onLifelineFree('nonsense', words, 0))),
    'watch.onOwnLockChange': () => watch.cancel(ticket(watch.onOwnLockChange(lock, () => {}))),
    'watch.onExit of a wrong descriptor': () => expectError(() => ticket(watch.onExit(parent, words, 0))),
    'watch.openChangeMonitor, watch.block': () => {
      const monitor = ticket(watch.openChangeMonitor(lock));
      watch.block(monitor, pidfd, 0);
      files.close(monitor);
    },
    'lease.start, lease.sinceTouch, lease.stop': () => {
      const ticket = lease.start(held, HOUR_MS, () => {}, HOUR_MS);
      lease.sinceTouch(ticket);
      lease.stop(ticket);
    },
    'lease.start of a wrong descriptor': () => expectError(() => lease.start(10_000, HOUR_MS, () => {})),
    capabilities: () => capabilities(),
    lossEvents: () => lossEvents(),
    fillRandom: () => fillRandom(bytes),
    'fillRandom of a wrong argument': () => expectError(() => fillRandom(/** @type {any} */ ([]))),
  };
}

/**
 * @param {string} path
 * @returns {[device: string, inode: string]}
 */
function numbersOf(path) {
  const { dev, ino } = statSync(path, { bigint: true });
  return [String(dev), String(ino)];
}

/** @param {number | string} answer */
function ticket(answer) {
  if (typeof answer === 'string') throw new Error(answer);
  return answer;
}

/** @param {() => unknown} call */
function expectError(call) {
  try {
    call();
  } catch {
    return;
  }
  throw new Error(`no error: ${call}`);
}
