// Mistakes in comparing and judging.

const TABLE = ['test/judge/table.test.ts', 'test/judge/lifeline.test.ts', 'test/judge/holder.test.ts'];
const FILE = ['test/judge/lock-file.test.ts'];
const LEGACY = ['test/judge/legacy.test.ts'];
const COMPARE = ['test/identity/compare.test.ts'];

/** @type {import('./list.mjs').MutatedFile[]} */
export const files = [
  {
    file: 'src/judge/table.ts',
    tests: TABLE,
    mutants: [
      {
        what: 'row 1: a malformed record is judged',
        from: 'if (record.problem !== null) {',
        to: 'if (false) {',
      },
      {
        what: 'row 1: another platform is judged',
        from: 'if (identity.platform === seen.platform) return null;',
        to: 'return null;',
      },
      {
        what: 'row 1: a record of version 2 is taken for one of version 1',
        from: '(record.version ?? 0) > RECORD_VERSION ||',
        to: '(record.version ?? 0) > 2 ||',
      },
      {
        what: 'row 1: an identity of version 2 is taken for one of version 1',
        from: '|| (record.identity?.version ?? 0) > IDENTITY_VERSION;',
        to: ';',
      },
      {
        what: 'row 1: of a newer record the reboot does not count',
        from: 'return holder(judged) ?? rebooted(judged) ??',
        to: 'return holder(judged) ??',
      },
      {
        what: 'row 2: the own lock is judged like any other',
        from: 'if (!seen.heldByThisProcess) return null;',
        to: 'return null;',
      },
      {
        what: 'row 2: a lock that this thread lost is its own',
        from: 'if (!seen.givenUpByThisThread || record.handedOver) return null;',
        to: 'return null;',
      },
      {
        what: 'row 2: a lock that was handed over and lost is nobody’s',
        from: 'if (!seen.givenUpByThisThread || record.handedOver) return null;',
        to: 'if (!seen.givenUpByThisThread) return null;',
      },
      {
        what: 'row 8: the process has the last word',
        from: "if (byProcess === null || (byHolder !== null && byHolder.state !== 'unknown')) return byHolder;",
        to: 'if (byProcess === null) return byHolder;',
      },
      {
        what: 'rows 3 to 7: the death of a process whose lock was handed over frees it',
        from: '(judged.record.handedOver ? null : countedDeath(judged, byProcess))',
        to: 'countedDeath(judged, byProcess)',
      },
      {
        what: 'rows 3 to 7: a process lives although the lock is known to be given up',
        from: '  if (byHolder !== null) return byHolder;\n',
        to: '',
      },
      {
        what: 'row 8a: a program that runs since exec is the owner',
        from: "byLifeline?.state === 'dead' ? byLifeline : ",
        to: '',
      },
      {
        what: 'that this process runs shows that a thread of it holds the lock',
        from: "record.lease !== null && compareIdentities(identity, seen.self) === 'same'",
        to: 'false',
      },
      {
        what: 'that this process runs shows nothing, though no lease does either',
        from: 'record.lease !== null && compareIdentities(',
        to: 'compareIdentities(',
      },
      {
        what: 'that another process runs shows nothing',
        from: " && compareIdentities(identity, seen.self) === 'same'",
        to: '',
      },
      {
        what: 'row 12: a boot id that was mounted over proves a reboot',
        from: "if (compareBoot(identity, seen.self) !== 'different') return null;\n  const recorded",
        to: "if (compareBoot(identity, seen.self) === 'same') return null;\n  const recorded",
      },
      {
        what: 'row 12: on a filesystem of several kernels',
        from: "const proven = placeOf(judged) === 'one-kernel' && traitsOf(",
        to: 'const proven = traitsOf(',
      },
      {
        what: 'row 12: on a tmpfs',
        from: ' && traitsOf(seen.filesystem).provesReboot',
        to: '',
      },
    ],
  },
  {
    file: 'src/judge/process-rows.ts',
    tests: TABLE,
    mutants: [
      {
        what: 'row 3: exited and running are exchanged',
        from: "const exited = seen.heldPidfd === 'exited';",
        to: "const exited = seen.heldPidfd === 'running';",
      },
      {
        what: 'row 5: a mere thread counts as the process',
        from: "if (existence !== 'absent' && existence !== 'thread') return null;",
        to: "if (existence !== 'absent') return null;",
      },
      {
        what: 'rows 6 and 7: whether it has exited is not known, so it runs',
        from: "if (comparison === 'unknown' || exited === null) return null;",
        to: "if (comparison === 'unknown') return null;",
      },
      {
        what: 'row 9: the boot does not matter',
        from: 'if (!bootDecides(judged) || !namespaceNumbersDiffer(',
        to: 'if (!namespaceNumbersDiffer(',
      },
      {
        what: 'row 10: not everything was visible',
        from: 'const gone = complete && possible === 0;',
        to: 'const gone = possible === 0;',
      },
      {
        what: 'row 10: somebody was there who may be the owner',
        from: 'const gone = complete && possible === 0;',
        to: 'const gone = complete;',
      },
      {
        what: 'rows 4 to 7: a number of another namespace or boot is looked for here',
        from: 'if (byPidfd !== null || !isSameNamespaceNumber(judged)) return byPidfd;',
        to: 'if (byPidfd !== null) return byPidfd;',
      },
      {
        what: 'rows 9 and 10: the death of a process whose lock was handed over frees it',
        from: 'return judged.record.handedOver ? null : countedDeath(judged, answer);',
        to: 'return countedDeath(judged, answer);',
      },
      {
        what: 'rows 9 and 10: a copy of the machine is no obstacle',
        from: 'return judged.record.handedOver ? null : countedDeath(judged, answer);',
        to: 'return judged.record.handedOver ? null : answer;',
      },
      {
        what: 'an equal namespace number is enough, whatever the boot',
        from: ' && bootDecides(judged);\n}',
        to: ';\n}',
      },
    ],
  },
  {
    file: 'src/judge/holder-rows.ts',
    tests: TABLE,
    mutants: [
      {
        what: 'row 8: a lifeline that is held does not stand beside a free witness',
        from: "return byWitness === null || byLifeline?.state === 'alive' ? byLifeline : byWitness;",
        to: 'return byWitness ?? byLifeline;',
      },
      {
        what: 'row 8: a copy is held by whoever holds the original',
        from: " || byWitness?.reason === 'copied'",
        to: '',
      },
      {
        what: 'row 8: a lock on the file that is seen does not count where that may be another',
        from: "if (state === 'held') return",
        to: "if (state === 'held' && file === 'recorded') return",
      },
      {
        what: 'row 8: a copy is the lock of its owner',
        from: "if (file === 'copied') return { state: 'dead', reason: 'copied' };",
        to: '',
      },
      {
        what: 'row 8: a witness that cannot be tested counts as free',
        from: "state === 'free' && file !== 'unclear' ?",
        to: "file !== 'unclear' ?",
      },
      {
        what: 'row 8: a file that may be another counts',
        from: "state === 'free' && file !== 'unclear' ?",
        to: "state === 'free' ?",
      },
      {
        what: 'row 8: a lifeline that was seen held proves nothing',
        from: "if (wasSeenHeld) return { state: 'dead', reason: 'lifeline-free' };",
        to: '',
      },
      {
        what: 'row 8: a free lifeline proves death under any boot id',
        from: 'if (!isSameKernel(judged)) return null;\n  if (wasSeenHeld)',
        to: 'if (wasSeenHeld)',
      },
      {
        what: 'row 8: a free lifeline of the lock leaves it to the process',
        from: "deathByLifeline(judged) ?? { state: 'unknown', reason: isUnseen ? 'place-unknown' : 'shared-place' };",
        to: 'deathByLifeline(judged);',
      },
      {
        what: 'row 8a: a lifeline that is held does not count',
        from: "const answer = state === 'held' ? HELD : mayBeDead",
        to: 'const answer = mayBeDead',
      },
      {
        what: 'row 8a: a free lifeline proves death under any boot id',
        from: ' && isSameKernel(judged);\n  const answer',
        to: ';\n  const answer',
      },
      {
        what: 'row 8a: the lifeline of whoever handed the lock over counts',
        from: "state === 'free' && !record.handedOver && ",
        to: "state === 'free' && ",
      },
      {
        what: 'a free lifeline proves death wherever the record stands',
        from: "if (place === 'one-kernel') return { state: 'dead', reason: 'lifeline-free' };",
        to: "return { state: 'dead', reason: 'lifeline-free' };",
      },
      {
        what: 'a free lifeline proves no death in a file that the caller names',
        from: " || place === 'file' ||",
        to: ' ||',
      },
    ],
  },
  {
    file: 'src/judge/place.ts',
    tests: TABLE,
    mutants: [
      {
        what: 'a filesystem is of one kernel though owner and observer see it differently',
        from: 'if (recorded === filesystem) return passesThrough',
        to: 'if (recorded !== null) return passesThrough',
      },
      {
        what: 'a lock whose record names no filesystem stands on one of one kernel',
        from: "return recorded === null && nonce === null ? 'file' : 'shared';",
        to: "return recorded === null ? 'file' : 'shared';",
      },
      {
        what: 'what a FUSE daemon shows is certainly of this kernel',
        from: "passesThrough ? 'passed-through' : 'one-kernel'",
        to: "'one-kernel'",
      },
      {
        what: 'rows 3 to 10: a copy of the machine is no obstacle',
        from: "return isDeathAssumed(judged) ? { ...answer, certainty: 'assumed' } : null;",
        to: 'return answer;',
      },
      {
        what: 'rows 3 to 10: a death is assumed although the owner keeps a lease',
        from: ' && record.lease === null;',
        to: ';',
      },
      {
        what: 'one native boot id is enough',
        from: 'identity.bootIdNative === true &&\n    seen.self.bootIdNative === true',
        to: '(identity.bootIdNative === true || seen.self.bootIdNative === true)',
      },
      {
        what: 'a boot id that was mounted over proves one boot behind a FUSE daemon',
        from: "placeOf(judged) === 'one-kernel';",
        to: "['one-kernel', 'passed-through'].includes(placeOf(judged));",
      },
    ],
  },
  {
    file: 'src/identity/compare.ts',
    tests: COMPARE,
    mutants: [
      { what: 'two platforms are compared', from: 'a.platform !== b.platform || ', to: '' },
      { what: 'a newer version is compared', from: ' || b.version > IDENTITY_VERSION', to: '' },
      {
        what: 'a boot id that is not known differs',
        from: "if (a.bootId === null || b.bootId === null) return 'unknown';",
        to: '',
      },
      {
        what: 'a boot id that was mounted over differs',
        from: "b.bootIdNative === true ? 'different' : 'unknown';",
        to: "b.bootIdNative !== null ? 'different' : 'unknown';",
      },
      {
        what: 'a pidfd inode that is not known differs',
        from: 'if (a.pidfdInode !== null && b.pidfdInode !== null) {',
        to: 'if (a.pidfdInode !== null || b.pidfdInode !== null) {',
      },
      {
        what: 'two namespaces share their numbers',
        from: "if (compareNamespace(a, b) !== 'same') return 'unknown';",
        to: '',
      },
      { what: 'start ticks alone decide', from: "if (a.pid !== b.pid) return 'different';", to: '' },
      {
        what: 'a namespace id that is not known differs',
        from: 'left.id !== null && right.id !== null && left.id !== right.id',
        to: 'left.id !== right.id',
      },
      {
        what: 'the tolerance of one side only',
        from: 'a.startTolerance + b.startTolerance',
        to: 'a.startTolerance',
      },
      { what: 'one tick less of tolerance', from: '<= tolerance', to: '< tolerance' },
      { what: 'no tolerance', from: "if (tolerance === 0) return 'different';", to: "return 'different';" },
    ],
  },
  {
    file: 'src/judge/legacy.ts',
    tests: LEGACY,
    mutants: [
      {
        what: 'judged although the caller forbids it',
        from: "if (pid !== null && options.legacy !== 'unknown') return null;",
        to: 'if (pid !== null) return null;',
      },
      {
        what: 'nothing is held against a death',
        from: "answer.state === 'dead' ? (objection(judged) ?? answer) : answer;",
        to: 'answer;',
      },
      {
        what: 'another host is not noticed',
        from: 'return isElsewhere && machine.pidIsOfHost ?',
        to: 'return false ?',
      },
      {
        what: 'another boot on a tmpfs is a reboot',
        from: ' && provesReboot;',
        to: " && (provesReboot || filesystem === 'tmpfs');",
      },
      {
        what: 'another boot on a filesystem of several kernels is a reboot',
        from: ' && provesReboot;',
        to: " && (provesReboot || filesystem === 'nfs');",
      },
      {
        what: 'a boot id of the reader that is not its own proves a reboot',
        from: 'isElsewhere && self.bootIdNative === true &&',
        to: 'isElsewhere &&',
      },
      {
        what: 'a mere thread counts as the process',
        from: "if (existence === 'thread') return",
        to: 'if (false) return',
      },
      { what: 'a zombie lives', from: 'return exited === true ?', to: 'return false ?' },
      {
        what: 'ticks of another time namespace differ',
        from: 'starttime === ticksAsRead || Math.abs(starttime - normalised) <= tolerance;',
        to: 'starttime === ticksAsRead;',
      },
      {
        what: 'a time in whole seconds is exact',
        from: 'birth.lateMs <= coarseness(birth.recordedAt)',
        to: 'birth.lateMs <= 0',
      },
      {
        what: 'the own pid: the resolution does not count',
        from: 'return lateMs > recordedAt.resolutionMs + MS_PER_TICK;',
        to: 'return lateMs > 0;',
      },
      {
        what: 'the own pid waits for the slack of the clock',
        from: 'if (birth === null || !isOwnPid(judged) || !isSurelyLate(birth)) return null;',
        to: 'return null;',
      },
      {
        what: 'a clock is never stepped',
        from: 'lateMs > slack + recordedAt',
        to: 'lateMs > recordedAt',
      },
      {
        what: 'a clock that was never set counts',
        from: ' && recordedAt.ms >= SANE_CLOCK_FROM_MS;',
        to: ';',
      },
      {
        what: 'a zombie in a descendant namespace is in the way',
        from: 'if (namesake.exited === true) continue;',
        to: '',
      },
      {
        what: 'a namesake born after the record is in the way',
        from: 'if (birth !== null && isSurelyLate(birth)) continue;',
        to: '',
      },
      {
        what: 'a birth in the future is believed',
        from: 'return ageMs < -MS_PER_TICK ? null :',
        to: 'return',
      },
      {
        what: 'a lock on the PID file says nothing',
        from: "if (seen.witness.state !== 'held') return null;",
        to: 'return null;',
      },
    ],
  },
  {
    file: 'src/judge/identity-text.ts',
    tests: TABLE,
    mutants: [
      {
        what: 'what was judged first is told of whatever comes next',
        from: 'if (known.identity === identity) return known.text;',
        to: 'return known.text;',
      },
    ],
  },
  {
    file: 'src/remember-last.ts',
    tests: ['test/identity/observe-process.test.ts'],
    mutants: [
      {
        what: 'the first result is given for whatever comes next',
        from: 'last === undefined || last.a !== a || last.b !== b || last.c !== c',
        to: 'last === undefined',
        tests: ['test/identity/observe-process.test.ts', 'test/record/format.test.ts'],
      },
      {
        what: 'what one observer saw is given to another',
        from: 'last.a !== a || ',
        to: '',
      },
      {
        what: 'what was seen of one process is given for the next, and a record for one of another time',
        from: 'last.b !== b || ',
        to: '',
        tests: ['test/identity/observe-process.test.ts', 'test/lock/legacy-owner.test.ts'],
      },
      {
        what: 'what was seen before is given for what is seen now',
        from: ' || last.c !== c',
        to: '',
      },
    ],
  },
  {
    file: 'src/identity/namesakes.ts',
    tests: ['test/identity/namesakes.test.ts'],
    mutants: [
      {
        what: 'of whichever namespace it is, it is nobody’s namesake',
        from: 'if (own !== undefined && processes.isInPidNamespace(candidate, own)) return [];',
        to: 'return [];',
      },
    ],
  },
  {
    file: 'src/backend/filesystem-traits.ts',
    tests: TABLE,
    mutants: [
      {
        what: 'NFS belongs to one kernel',
        from: "['xfs', LOCAL_DISK],",
        to: "['xfs', LOCAL_DISK], ['nfs', LOCAL_DISK],",
      },
      {
        what: 'an unknown filesystem belongs to one kernel',
        from: '(type === null ? undefined : TRAITS.get(type)) ?? UNKNOWN',
        to: '(type === null ? LOCAL_DISK : TRAITS.get(type)) ?? UNKNOWN',
      },
      {
        what: 'a tmpfs survives a reboot',
        from: "['tmpfs', { ...LOCAL_DISK, provesReboot: false }]",
        to: "['tmpfs', LOCAL_DISK]",
      },
      {
        what: 'an overlay keeps its device',
        from: '{ ...LOCAL_DISK, locksByStDev: false, keepsDevice: false }',
        to: '{ ...LOCAL_DISK, locksByStDev: false }',
        tests: FILE,
      },
      {
        what: 'btrfs names its files by st_dev in /proc/locks',
        from: "['btrfs', { ...LOCAL_DISK, locksByStDev: false }]",
        to: "['btrfs', LOCAL_DISK]",
        tests: ['test/lock/publish.test.ts', 'test/backend/agreement.test.ts'],
      },
    ],
  },
  {
    file: 'src/judge/live-observation.ts',
    tests: ['test/judge/witness-file.test.ts'],
    mutants: [
      {
        what: 'an heir that adopted the lock waits for itself',
        from: 'return handedOver || isStillSelf(',
        to: 'return isStillSelf(',
        tests: ['test/hand-over/adopt.test.ts'],
      },
      {
        what: 'the nonce is enough, whoever this process has become',
        from: 'return handedOver || isStillSelf(identity, readSelf(readObserver()));',
        to: 'return true;',
        tests: ['test/judge/held-lock.test.ts'],
      },
      {
        what: 'a copy of a lock that this thread holds is its own',
        from: "if (file === 'copied' || file === 'reattached') return false;",
        to: '',
        tests: ['test/lock/copies.test.ts'],
      },
      {
        what: 'a lifeline that is seen held is not remembered',
        from: 'rememberHeld(nonce, lifeline);',
        to: '{}',
        tests: ['test/judge/lock-lifeline.test.ts'],
      },
    ],
  },
  {
    file: 'src/judge/lock-file.ts',
    tests: FILE,
    mutants: [
      {
        what: 'another type of filesystem is no obstacle',
        from: 'if (!testableWitness || type !== filesystem)',
        to: 'if (!testableWitness)',
      },
      {
        what: 'a lock call on a filesystem where it can hang',
        from: 'if (!testableWitness || type !== filesystem)',
        to: 'if (type !== filesystem)',
      },
      {
        what: 'the recorded file has another device on an overlay',
        from: "return isElsewhere ? 'reattached' : 'unclear';",
        to: "return 'reattached';",
      },
      {
        what: 'a copy on another disk may be the recorded file',
        from: "if (isElsewhere) return 'copied';",
        to: '',
      },
      {
        what: 'a file that was replaced is a copy',
        from: ' && directory.inode !== recorded.directory;',
        to: ';',
      },
      {
        what: 'a number that is not stable counts',
        from: 'directory !== null && directory.device === device && ',
        to: 'directory !== null && ',
      },
      {
        what: 'a directory that was not recorded differs',
        from: 'if (recorded.directory === null || !stableInodes)',
        to: 'if (!stableInodes)',
      },
    ],
  },
];
