// Mistakes in what plain Node does on other systems.

const WITNESS = ['test/portable/witness.test.ts'];
const ADDON = ['test/portable/addon.test.ts'];

/** @type {import('./list.mjs').MutatedFile[]} */
export const files = [
  {
    file: 'src/backend/portable/flock-witness.ts',
    tests: WITNESS,
    mutants: [
      {
        what: 'whatever cannot be opened is free',
        from: "return errnoOf(error) === 'EAGAIN' ? 'held' : 'untestable';",
        to: "return 'free';",
      },
      {
        what: 'a test meets the locks of readers',
        from: 'O_RDONLY | O_SHLOCK',
        to: 'O_RDONLY | O_EXLOCK',
      },
      {
        what: 'the owner takes a lock that others can share',
        from: 'O_RDWR | O_EXLOCK',
        to: 'O_RDWR | O_SHLOCK',
      },
    ],
  },
  {
    file: 'src/backend/portable/share-witness.ts',
    tests: WITNESS,
    mutants: [
      {
        what: 'a missing witness is a free one',
        from: "return errnoOf(error) === 'EBUSY' ? 'held' : 'untestable';",
        to: "return errnoOf(error) === 'EBUSY' ? 'held' : 'free';",
      },
      {
        what: 'the owner shares its witness',
        from: 'O_RDWR | O_CREAT | EXLOCK',
        to: 'O_RDWR | O_CREAT',
      },
      {
        what: 'no private directory can be found by its witness',
        from: "nonceOfPrivate(basename(dirname(handle.path))) ?? ''",
        to: "''",
      },
    ],
  },
  {
    file: 'src/backend/lease-worker.ts',
    tests: ['test/backend/lease.test.ts'],
    mutants: [
      { what: 'a claimed record is a lost one', from: ' || touchClaimed(lease, path)', to: '' },
      {
        what: 'a moment without a name is a loss',
        from: 'const LONGEST_PAUSE = 64;',
        to: 'const LONGEST_PAUSE = 0;',
      },
    ],
  },
  {
    file: 'src/backend/portable/place.ts',
    tests: WITNESS,
    mutants: [
      { what: 'a network share is a drive', from: "? 'windows' : 'unknown'", to: "? 'windows' : 'windows'" },
    ],
  },
  {
    file: 'src/backend/portable/mounts.ts',
    tests: ['test/portable/mounts.test.ts'],
    mutants: [
      { what: 'what is not local is trusted', from: '      isLocal &&\n', to: '' },
      { what: 'any local filesystem is a disk', from: '      DISKS.has(type) &&\n', to: '' },
      {
        what: 'one of two mounts at a place is believed',
        from: '.length === 1 &&',
        to: '.length >= 1 &&',
      },
      {
        what: 'a line that can be read in two ways is believed',
        from: " || line.split(' on ').length !== 2",
        to: '',
      },
      {
        what: 'a line that cannot be read is left out',
        from: "if (mountPoint === ''",
        to: "if (mountPoint === '') continue;\n    if (false",
      },
      {
        what: 'a directory is a mount point',
        from: 'return isRoot ? dev.toString() : null;',
        to: 'return dev.toString();',
      },
      {
        what: 'a mount point may have any name',
        from: 'if (realpathSync.native(mountPoint) !== mountPoint) return null;',
        to: '',
      },
    ],
  },
  {
    file: 'src/backend/filesystem-traits.ts',
    tests: ['test/judge/lock-file.test.ts'],
    mutants: [
      {
        what: 'a drive of Windows is of this machine alone',
        from: 'mayShowOtherHosts: true',
        to: 'mayShowOtherHosts: false',
      },
      {
        what: 'a drive of Windows keeps its numbers',
        from: "['windows', { ...ELSEWHERE,",
        to: "['windows', { ...BSD_DISK, keepsDevice: true,",
      },
      {
        what: 'no lease is kept beside the witness of plain Node',
        from: 'testableWitness: true, keepsLease: true }',
        to: 'testableWitness: true, locksByStDev: true }',
        tests: WITNESS,
      },
    ],
  },
  {
    file: 'src/lock/protocol/sweep-beside.ts',
    tests: WITNESS,
    mutants: [
      {
        what: 'the witness of a lock that stands is swept',
        from: 'if (isWitnessOf(lockPath.sibling(lockName), inode)) return;',
        to: '',
      },
      {
        what: 'the witness of a private directory is swept',
        from: "if (nonce !== '' && stands(lockPath.sibling(privateName(lockName, nonce)))) return;",
        to: '',
      },
      {
        what: 'a young witness is swept',
        from: 'if (Math.abs(Date.now() - mtimeMs) <= PRIVATE_GRACE) return;',
        to: '',
      },
      { what: 'nothing is swept', from: 'backend.files.unlinkAt(parent, name);', to: '' },
    ],
  },
  {
    file: 'src/lock/inherited-lock.ts',
    tests: WITNESS,
    mutants: [
      {
        what: 'a process to which nothing was passed on adopts a lock',
        from: "if (!isInherited) throw systemError('EBADF', 'fstat');",
        to: '',
      },
    ],
  },
  {
    file: 'src/lock/heirs.ts',
    tests: WITNESS,
    mutants: [
      {
        what: 'plain Node passes no witness on',
        from: ': openWitness.descriptorOf(owner.descriptor);',
        to: ': null;',
      },
    ],
  },
  {
    file: 'src/judge/strangers/signs.ts',
    tests: ['test/judge/strangers/grounds.test.ts'],
    mutants: [
      { what: 'a step of the clock is none against the boot', from: "  'legacy-before-boot',\n", to: '' },
    ],
  },
  {
    file: 'src/judge/strangers/workers.ts',
    tests: ['test/judge/strangers/grounds.test.ts'],
    mutants: [
      {
        what: 'a process of now works for an owner from before the boot',
        from: "ground.reason === 'legacy-before-boot' ? null : objects(judged)",
        to: 'objects(judged)',
      },
    ],
  },
  {
    file: 'src/judge/strangers/grounds.ts',
    tests: ['test/judge/strangers/grounds.test.ts'],
    mutants: [
      {
        what: 'a record from within the slack is from before the boot',
        from: 'if (!isLateByAnyClock({ recordedAt, lateMs: bootedMs - recordedAt.ms }, judged)) return null;',
        to: 'if (bootedMs <= recordedAt.ms) return null;',
      },
      {
        what: 'the boot decides where births are known',
        from: "  if (seen.platform === 'linux') return null;\n",
        to: '',
      },
      {
        what: 'the boot decides about a process whose birth is seen',
        from: 'exited !== true && ticksAsRead === null',
        to: 'exited !== true',
      },
    ],
  },
  {
    file: 'src/backend/thin/boot-text.ts',
    tests: ADDON,
    mutants: [
      {
        what: 'the boot id that was put together on Windows is called its own',
        from: "return { id: groups.join('-'), native: false };",
        to: "return { id: groups.join('-'), native: true };",
      },
      {
        what: 'any text is a boot id',
        from: 'UUID.test(id) ? { id, native: true } : null',
        to: '{ id, native: true }',
      },
    ],
  },
  {
    file: 'src/backend/thin/processes.ts',
    tests: ADDON,
    mutants: [
      {
        what: 'a process that is hidden has ended',
        from: "if (isErrno(now)) return now === 'ESRCH';",
        to: 'if (isErrno(now)) return true;',
      },
      {
        what: 'a number that was given to another process is that of the first',
        from: 'return now.hasExited || isOther(seen.sight, now);',
        to: 'return now.hasExited;',
      },
      {
        what: 'a key that is not known is another one',
        from: 'before.key !== null && now.key !== null',
        to: 'true',
      },
      {
        what: 'a start that is not known is another one',
        from: 'return before.started !== null && now.started !== null && before',
        to: 'return before',
      },
      {
        what: 'a pidfd leads to a process of which nothing is known',
        from: "    if (sight.key === null && sight.started === null) return 'ENOSYS';\n",
        to: '',
      },
      {
        what: 'a container of Windows has the numbers of its host',
        from: 'this.#addon.numbersAreShared() ? THE_ONLY : null',
        to: 'THE_ONLY',
      },
    ],
  },
  {
    file: 'src/backend/thin/watch.ts',
    tests: ADDON,
    mutants: [
      {
        what: 'another process under the number is watched in place of the meant one',
        from: 'if (!this.#processes.pidfdExited(pidfd)) return [ticket];',
        to: 'return [ticket];',
      },
      {
        what: 'a release is watched where the lock is not seen held',
        from: "this.#addon.testWitness(pin) === 'held' && ",
        to: '',
      },
      {
        what: 'one of two watches goes on when it is cancelled',
        from: 'for (const each of this.#tickets.get(ticket) ?? []) this.#addon.cancel(each);',
        to: 'this.#addon.cancel(this.#tickets.get(ticket)?.[0] ?? 0);',
      },
      {
        what: 'where the process cannot be watched, the file is not either',
        from: 'return this.#add(isErrno(end) ? [change] : [...end, change]);',
        to: 'return isErrno(end) ? end : this.#add([...end, change]);',
      },
      {
        what: 'a waiter relies on changes that nobody reports',
        from: 'reportsChanges = false',
        to: 'reportsChanges = true',
      },
    ],
  },
  {
    file: 'src/backend/portable/handles.ts',
    tests: ADDON,
    mutants: [
      {
        what: 'a number is watched that other code has given to another file',
        from: 'return pin !== null && isStillOn(pin, status) ? pin : null;',
        to: 'return pin;',
      },
    ],
  },
  {
    file: 'src/backend/thin/files.ts',
    tests: ADDON,
    mutants: [
      {
        what: 'a lock on FAT rests on numbers of files that change',
        from: 'volume !== null && OF_WINDOWS.has(volume)',
        to: 'volume !== null',
      },
      {
        what: 'a network share is a disk of this machine',
        from: 'type === null || !OF_MACOS.has(type) ||',
        to: 'type === null ||',
      },
      { what: 'the place is that of another directory', from: ' || lookFor(handle) === null', to: '' },
    ],
  },
  {
    file: 'src/backend/thin/pure-test.ts',
    tests: ADDON,
    mutants: [
      {
        what: 'the addon alone says that a witness is free',
        from: "return isSeenHeld ? 'held' : FLOCK_WITNESS.test(handle);",
        to: 'return handle.pin === null ? FLOCK_WITNESS.test(handle) : addon.testWitness(handle.pin);',
      },
    ],
  },
  {
    file: 'src/backend/thin/proven.ts',
    tests: ADDON,
    mutants: [
      {
        what: 'another addon than the tested one is loaded unasked',
        from: 'proven !== null && proven === packed',
        to: 'proven !== null',
      },
      {
        what: 'an addon that nobody tested is loaded unasked',
        from: 'proven !== null && proven === packed',
        to: 'proven === packed || packed !== null',
      },
    ],
  },
  {
    file: 'src/identity/observe-process.ts',
    tests: ADDON,
    mutants: [
      {
        what: 'the start that the addon reads is lost',
        from: 'return started === null ? identity :',
        to: 'return true ? identity :',
      },
    ],
  },
  {
    file: 'src/lock/waiting/change-watch.ts',
    tests: ADDON,
    mutants: [
      {
        what: 'a waiter sleeps for a release that nobody reports',
        from: 'operations.reportsChanges && isOfOwner',
        to: 'isOfOwner',
      },
      {
        what: 'the file of the owner is not watched',
        from: 'const file = view.owner?.descriptor ?? null;',
        to: 'const file = null;',
      },
    ],
  },
  {
    file: 'scripts/prebuilds/proven.mjs',
    tests: ['test/release/prebuilds.test.ts'],
    mutants: [
      {
        what: 'one version of Node is enough for a proof',
        from: 'NODES.every((major)',
        to: 'NODES.some((major)',
      },
      { what: 'what was tested was another file', from: ' && one.sha256 === packed', to: '' },
    ],
  },
  {
    file: 'src/judge/strangers/boot-stamp.ts',
    tests: WITNESS,
    mutants: [
      {
        what: 'a clock was not set where nothing shows that',
        from: 'return Number.POSITIVE_INFINITY;',
        to: 'return 0;',
      },
      {
        what: 'a clock that was set back is one that was set forward',
        from: 'nowMs - bootTimeMs - known',
        to: 'known - (nowMs - bootTimeMs)',
      },
    ],
  },
  {
    file: 'src/backend/portable/files.ts',
    tests: ['test/portable/overtaken.test.ts'],
    mutants: [
      {
        what: 'a directory that came in place of another is taken for it, with its last file',
        from: "if (!isSameFile(lstat(path), status)) throw systemError('ENOENT', 'unlink');",
        to: '',
      },
    ],
  },
  {
    file: 'src/identity/observer.ts',
    tests: WITNESS,
    mutants: [
      {
        what: 'an uptime that leaves out sleep says when the system booted',
        from: "new Set(['darwin', 'win32'])",
        to: "new Set(['darwin', 'win32', 'freebsd'])",
      },
    ],
  },
];
