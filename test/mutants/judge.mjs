// Mistakes in comparing and judging.

const TABLE = ['test/judge/table.test.ts', 'test/judge/lifeline.test.ts', 'test/judge/holder.test.ts'];
const FILE = ['test/judge/lock-file.test.ts'];
const STRANGERS = ['test/judge/strangers/grounds.test.ts', 'test/judge/strangers/objections.test.ts'];
const COMPARE = ['test/identity/compare.test.ts'];

/** @type {import('./list.mjs').MutatedFile[]} */
export const files = [
  {
    file: 'src/judge/fakes.ts',
    tests: ['test/testing/testing.test.ts'],
    mutants: [
      {
        what: 'a real owner is as dead as a fake one',
        from: 'return fakes.get(identity.pidfdInode);',
        to: 'return fakes.values().next().value;',
      },
    ],
  },
  {
    file: 'src/testing.ts',
    tests: ['test/testing/testing.test.ts'],
    mutants: [
      {
        what: 'fake owners work in production',
        from: "if (process.env.NODE_ENV !== 'production') return;",
        to: 'return;',
      },
      {
        what: 'something is left of fake owners when the last is closed',
        from: 'if (fakes?.size === 0) delete (globalThis as Global)[FAKES];',
        to: '',
      },
      {
        what: 'the lock of a new owner is removed with the fake one',
        from: 'parsed.record.nonce === this.#nonce',
        to: 'parsed.record.nonce !== null',
      },
    ],
  },
  {
    file: 'src/record/parse-owner.ts',
    tests: ['test/lock/arguments.test.ts'],
    mutants: [
      {
        what: 'a watch on no owner at all is alive for ever',
        from: "if (typeof recorded === 'object' && recorded !== null) return;",
        to: 'return;',
      },
    ],
  },
  {
    file: 'src/identity/process-identity.ts',
    tests: ['test/lock/arguments.test.ts'],
    mutants: [
      {
        what: 'two records of other shapes are the same process',
        from: "if (typeof pidNamespace !== 'object' || pidNamespace === null)",
        to: 'if (false)',
      },
    ],
  },
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
        what: 'a lock that was given up is dead whatever its witness says',
        from: "if (byHolder !== null && byHolder.state !== 'unknown') return byHolder;\n  return { state: 'dead', reason",
        to: "return { state: 'dead', reason",
      },
      {
        what: 'a lock that was handed over is given up with the thread that had it',
        from: 'if (record.handedOver || !seen.givenUpByThisProcess) return null;',
        to: 'if (!seen.givenUpByThisProcess) return null;',
      },
      {
        what: 'row 2: the own lock is judged like any other',
        from: 'if (!seen.heldByThisProcess) return null;',
        to: 'return null;',
      },
      {
        what: 'row 2b: a copy of the own lock is judged by the life of this process',
        from: 'if (!seen.copyOfOwnLock) return null;',
        to: 'return null;',
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
        from: 'evidence.push(untested(record.witness, source));\n    return null;',
        to: "evidence.push(untested(record.witness, source));\n    return { state: 'dead', reason: 'witness-free' };",
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
    file: 'src/judge/strangers/table.ts',
    tests: STRANGERS,
    mutants: [
      {
        what: 'judged although the caller forbids it',
        from: "if (pid !== null && options.legacy !== 'unknown') return null;",
        to: 'if (pid !== null) return null;',
      },
      {
        what: 'nothing is held against a death',
        from: "ground.state === 'dead' ? (objectionTo(judged, ground) ?? ground) : ground;",
        to: 'ground;',
      },
      {
        what: 'the pid of another host is judged',
        from: 'const isElsewhere = machine.pidIsOfHost && ',
        to: 'const isElsewhere = false && ',
      },
    ],
  },
  {
    file: 'src/judge/strangers/grounds.ts',
    tests: STRANGERS,
    mutants: [
      {
        what: 'a boot id of the reader that is not its own proves a reboot',
        from: 'if (self.bootIdNative !== true || ',
        to: 'if (',
      },
      {
        what: 'another boot on a filesystem that proves none is a reboot',
        from: ' || !traitsOf(filesystem).provesReboot) return null;',
        to: ') return null;',
      },
      {
        what: 'another boot in a file of this boot is a reboot',
        from: 'if (recordedAt.ms >= bootedMs - slackMs) return null;',
        to: '',
      },
      {
        what: 'the time of a boot is exact',
        from: 'if (recordedAt.ms >= bootedMs - slackMs)',
        to: 'if (recordedAt.ms >= bootedMs)',
      },
      {
        what: 'a step of the clock since the boot makes a file older than it',
        from: ' + seen.stranger.clockStepSince(null);',
        to: ';',
      },
      {
        what: 'a mere thread is never the writer',
        from: 'const isReused = birth !== null && isLateByAnyClock(birth, judged);',
        to: 'const isReused = true;',
      },
      { what: 'a zombie lives', from: 'exited === true', to: 'false' },
      {
        what: 'a thread of the kernel wrote the record',
        from: 'if (!seen.stranger.isKernelThread) return null;',
        to: 'return null;',
      },
      {
        what: 'a start in another time namespace than that of the process does not match',
        from: 'const elsewhere: StartTicks[] = ticksAsRead === null ? [] :',
        to: 'const elsewhere: StartTicks[] = true ? [] :',
      },
      {
        what: 'a start that differs says nothing',
        from: 'startDiffers(judged) ?? { state',
        to: '{ state',
      },
      {
        what: 'a time in whole seconds is exact',
        from: 'birth.lateMs <= coarseness(birth.recordedAt)',
        to: 'birth.lateMs <= 0',
      },
      {
        what: 'a clock that was set forward makes the own records strangers’',
        from: 'lateMs: birth.lateMs - judged.seen.clockGainMs',
        to: 'lateMs: birth.lateMs',
      },
      {
        what: 'the own pid waits for the slack of the clock',
        from: 'if (!isSurelyLate({ ...birth, lateMs: birth.lateMs - judged.seen.clockGainMs })) return null;',
        to: 'return null;',
      },
    ],
  },
  {
    file: 'src/judge/strangers/times.ts',
    tests: STRANGERS,
    mutants: [
      {
        what: 'the own pid: the resolution does not count',
        from: 'return lateMs > recordedAt.resolutionMs + MS_PER_TICK;',
        to: 'return lateMs > 0;',
      },
      {
        what: 'a clock is never stepped',
        from: 'lateMs > slackOf(judged) + recordedAt',
        to: 'lateMs > recordedAt',
      },
      {
        what: 'a clock that was never set counts',
        from: ' && recordedAt.ms >= SANE_CLOCK_FROM_MS;',
        to: ';',
      },
      {
        what: 'a birth in the future is believed',
        from: 'return ageMs < -MS_PER_TICK ? null :',
        to: 'return',
      },
      {
        what: 'a process of unknown birth is younger than the record',
        from: 'return birth !== null && isSurelyLate(birth);',
        to: 'return birth === null || isSurelyLate(birth);',
      },
    ],
  },
  {
    file: 'src/backend/procfs/locks.ts',
    tests: ['test/strangers/looks.test.ts'],
    mutants: [
      {
        what: 'a lock far down in the list is not there',
        from: 'readLockTable(LONGEST_LIST)',
        to: 'readLockTable()',
      },
      {
        what: 'a list that was not read to its end has no more locks',
        from: "if (!ended) throw systemError('ENOMEM', 'read', { path: LOCKS });",
        to: '',
      },
    ],
  },
  {
    file: 'src/backend/directory-locks.ts',
    tests: ['test/strangers/looks.test.ts'],
    mutants: [
      {
        what: "only a witness keeps a stranger's record alive",
        from: "if (testableWitness && witness.testAnyLock(descriptor, type) === 'held') return true;",
        to: "if (testableWitness && witness.test(descriptor, type) === 'held') return true;",
      },
      {
        what: 'plain Node sees the locks of other containers',
        from: "return traitsOf(type).testableWitness && witness.testAnyLock(descriptor, type) !== 'untestable';",
        to: 'return true;',
      },
      {
        what: 'flock(2) is not looked for',
        from: 'return listsAnyLock(files.statDescriptor(descriptor), byDevice && locksByStDev);',
        to: 'return false;',
      },
    ],
  },
  {
    file: 'src/judge/strangers/live-observation.ts',
    tests: ['test/strangers/looks.test.ts'],
    mutants: [
      {
        what: 'the observer keeps the locks of others, and so do those that it has started',
        from: 'isKernelThread(process) || this.#isOwn(process)',
        to: 'isKernelThread(process)',
      },
      {
        what: 'a shortage of descriptors is an answer',
        from: 'this.#failed = reasonOf(error);',
        to: '',
      },
      {
        what: 'the session of a dead leader is not looked for',
        from: '(one.group === pid || one.session === pid)',
        to: 'one.group === pid',
      },
    ],
  },
  {
    file: 'src/judge/strangers/clock-step.ts',
    tests: ['test/strangers/looks.test.ts'],
    mutants: [
      {
        what: 'the clock was never set',
        from: 'return isSteadySince(ticksAsRead, clocks) ? 0 : stepMs;',
        to: 'return 0;',
      },
      {
        what: 'a process that was looked at long after its birth shows that the clock is steady',
        from: 'Math.abs(afterMs) <= AGREEMENT_MS',
        to: 'true',
      },
    ],
  },
  {
    file: 'src/judge/strangers/locks.ts',
    tests: STRANGERS,
    mutants: [
      {
        what: 'a lock on the PID file says nothing',
        from: 'if (!seen.stranger.isFileLocked) return null;',
        to: 'return null;',
      },
      {
        what: 'a lock on the file beside it says nothing',
        from: "if (name === null) return null;\n  note(evidence, 'file-lock', null, `held",
        to: "return null;\n  note(evidence, 'file-lock', null, `held",
      },
      {
        what: 'a lock on the file beside it that is hidden is not there',
        from: 'const name = seen.stranger.hiddenSibling;',
        to: 'const name: string | null = null;',
      },
    ],
  },
  {
    file: 'src/judge/strangers/elsewhere.ts',
    tests: STRANGERS,
    mutants: [
      {
        what: 'a process of Windows is one of Linux',
        from: 'if (!isOther && !runningInWindows) return null;',
        to: 'if (!isOther) return null;',
      },
      {
        what: 'another platform is this one',
        from: 'if (!isOther && !runningInWindows) return null;',
        to: 'if (!runningInWindows) return null;',
      },
      {
        what: 'another boot in a file of this boot says nothing',
        from: 'if (isOlder && self.bootIdNative',
        to: 'if (self.bootIdNative',
      },
      {
        what: 'copies of this machine write to no shared filesystem',
        from: 'if (isOfThisBoot && options.trustBootId === true) return null;',
        to: 'if (isOfThisBoot) return null;',
      },
      {
        what: 'another PID namespace is this one',
        from: "if (recorded === null || recorded === own) return null;\n  note(evidence, 'pid-namespace'",
        to: "return null;\n  note(evidence, 'pid-namespace'",
      },
      {
        what: 'another container is this one',
        from: 'if (recorded === null || isKnownToBeHere(judged)) return null;',
        to: 'return null;',
      },
      {
        what: 'another machine-id is this one',
        from: 'if (recorded === null || machine?.bootId === seen.self.bootId) return null;',
        to: 'return null;',
      },
      {
        what: 'another host is this one',
        from: 'return isKnownToBeHere(judged) ? null : byOtherHostname(name);',
        to: 'return null;',
      },
      {
        what: 'a sibling container with the same boot id is this one',
        from: 'if (isOfThisBoot && own === INITIAL_PID_NAMESPACE) return true;',
        to: 'if (isOfThisBoot) return true;',
      },
      {
        what: 'a number of a namespace is one of this kernel, wherever it was written',
        from: ' && (isOfThisBoot || traitsOf(seen.filesystem).oneKernel);',
        to: ';',
      },
      {
        what: 'a filesystem of several kernels is one of this kernel',
        from: 'traitsOf(filesystem).oneKernel || isSaid',
        to: 'true || isSaid',
      },
      {
        what: 'a platform or namespace is lifted by a reboot alone',
        from: "ground.reason === 'legacy-rebooted' ? null : objects(judged),",
        to: 'objects(judged),',
      },
    ],
  },
  {
    file: 'src/judge/strangers/judged.ts',
    tests: STRANGERS,
    mutants: [
      {
        what: 'every record is of this host',
        from: "options.sameHost ?? process.env.KERNEL_IDENTITY_SAME_HOST === '1'",
        to: 'true',
      },
      {
        what: 'any value in the environment says so',
        from: "process.env.KERNEL_IDENTITY_SAME_HOST === '1'",
        to: 'process.env.KERNEL_IDENTITY_SAME_HOST !== undefined',
      },
    ],
  },
  {
    file: 'src/judge/strangers/signs.ts',
    tests: STRANGERS,
    mutants: [
      {
        what: 'a fresh heartbeat says nothing',
        from: 'if (latest === null || latest.ms + FRESH_MS <= seen.nowMs) return null;',
        to: 'return null;',
      },
      {
        what: 'a touch says nothing',
        from: 'if (ageMs >= FRESH_MS) return null;',
        to: 'return null;',
      },
      {
        what: 'a file that was written with its record was touched since',
        from: 'if (touchedAt.ms - writtenAt.ms <= WRITING_MS + writtenAt.resolutionMs) return null;',
        to: '',
      },
      {
        what: 'the clock of a file server decides',
        from: "if (!BY_TIME.has(ground.reason) || recordedAt?.source !== 'file mtime') return null;",
        to: 'return null;',
      },
      {
        what: 'a clock that was set forward decides',
        from: 'if (stepMs <= slackOf(judged)) return null;',
        to: 'return null;',
      },
    ],
  },
  {
    file: 'src/judge/strangers/workers.ts',
    tests: STRANGERS,
    mutants: [
      {
        what: 'a second process that the record names is in nobody’s way',
        from: "note(evidence, 'other-process'",
        to: "if (pid > 0) return null;\n    note(evidence, 'other-process'",
      },
      {
        what: 'a second process born after the record is in the way',
        from: 'if (worker === null || isYoungerThanRecord(judged, worker.ticksAsRead)) continue;',
        to: 'if (worker === null) continue;',
      },
      {
        what: 'the group of a dead leader is in nobody’s way',
        from: 'if (found === undefined) return null;',
        to: 'return null;',
      },
      {
        what: 'the group that a restarted process leads keeps the lock of its predecessor',
        from: "if (existence !== 'absent' && exited !== true) return null;",
        to: '',
      },
      {
        what: 'a zombie in a descendant namespace is in the way',
        from: 'namesake.exited === true || ',
        to: '',
      },
      {
        what: 'a namesake born after the record is in the way',
        from: ' || isYoungerThanRecord(judged, namesake.ticksAsRead)) continue;',
        to: ') continue;',
      },
      {
        what: 'what could not be looked at is not there',
        from: 'if (failed === null) return null;',
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
    file: 'src/judge/options.ts',
    tests: ['test/lock/acquire-release.test.ts'],
    mutants: [
      {
        what: "a misspelt `legacy` counts as 'assume'",
        from: "options.legacy !== undefined && options.legacy !== 'assume'",
        to: "false && options.legacy !== 'assume'",
      },
    ],
  },
  {
    file: 'src/judge/judge.ts',
    tests: ['test/lock/acquire-release.test.ts'],
    mutants: [
      {
        what: 'judgeOwner() does not check its arguments',
        from: '  checkJudgement(recorded, options);',
        to: '',
      },
    ],
  },
  {
    file: 'src/identity/list-lifelines.ts',
    tests: ['test/identity/list-lifelines.test.ts'],
    mutants: [
      {
        what: 'a list that was cut off seems whole',
        from: 'truncated: list.truncated || list.found.length > limit,',
        to: 'truncated: list.truncated,',
      },
      {
        what: 'a list of exactly its limit seems cut off',
        from: 'lifelines.list(limit + 1)',
        to: 'lifelines.list(limit)',
      },
      {
        what: 'a lifeline that was dropped during the search is listed',
        from: "lifelines.test(listed.lifeline) !== 'free'",
        to: 'true',
      },
      {
        what: 'where no lifeline can be seen the list is empty',
        from: 'if (!available) throw new LifelineUnavailableError(reason);',
        to: '',
      },
    ],
  },
  {
    file: 'src/backend/procfs/lifeline.ts',
    tests: ['test/identity/list-lifelines.test.ts'],
    mutants: [
      {
        what: 'a range is taken for a lifeline',
        from: "access === 'READ' && start === end",
        to: "access === 'READ'",
      },
    ],
  },
  {
    file: 'src/identity/lock-descriptors.ts',
    tests: ['test/identity/list-lifelines.test.ts'],
    mutants: [
      {
        what: 'the numbers of a foreign /proc are given to holders',
        from: "if (!ownProc) return ['self'];",
        to: '',
      },
    ],
  },
  {
    file: 'src/identity/list-lifelines.ts',
    tests: ['test/identity/list-lifelines.test.ts'],
    mutants: [
      {
        what: 'only the last of the processes that share a lifeline is named',
        from: '(pids.get(lifeline) ?? new Set()).add(pid)',
        to: 'new Set([pid])',
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
        tests: ['test/backend/filesystem-traits.test.ts'],
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
    file: 'src/backend/system-error.ts',
    tests: ['test/host/shortage.test.ts', 'test/identity/observe-process.test.ts'],
    mutants: [
      {
        what: 'want of a descriptor is remembered as an answer',
        from: 'if (isErrno(answer) && SHORTAGES.has(answer)) throw systemError(answer, syscall);',
        to: '',
      },
      {
        what: 'want of a descriptor means that something cannot be known',
        from: 'if (!isSystemError(error) || isShortage(error)) throw error;',
        to: 'if (!isSystemError(error)) throw error;',
        tests: ['test/host/shortage.test.ts'],
      },
      {
        what: 'want of memory means that something cannot be known',
        from: "new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'ENOLCK'])",
        to: "new Set(['EMFILE', 'ENFILE'])",
      },
    ],
  },
  {
    file: 'src/identity/observer.ts',
    tests: ['test/host/shortage.test.ts'],
    mutants: [
      {
        what: 'an observer without descriptors has no /proc for life',
        from: "  refuseShortage(status, 'open');\n",
        to: '',
      },
    ],
  },
  {
    file: 'src/identity/read.ts',
    tests: ['test/identity/read.test.ts'],
    mutants: [
      { what: 'no start ticks for want of a descriptor', from: "  refuseShortage(stat, 'open');\n", to: '' },
      {
        what: 'no pidfd inode for want of a descriptor',
        from: "  refuseShortage(probe, 'pidfd_open');\n",
        to: '',
      },
    ],
  },
  {
    file: 'src/identity/container-id.ts',
    tests: ['test/host/shortage.test.ts'],
    mutants: [
      {
        what: 'no container id for want of a descriptor',
        from: 'if (isShortage(error)) throw error;',
        to: '',
      },
    ],
  },
  {
    file: 'src/backend/select.ts',
    tests: ['test/host/shortage.test.ts'],
    mutants: [
      {
        what: 'no addon for life because a descriptor was missing',
        from: '      refuseShortageOf(error);\n      failures.push',
        to: '      failures.push',
      },
    ],
  },
  {
    file: 'src/backend/procfs/witness.ts',
    tests: ['test/backend/strangers-locks.test.ts'],
    mutants: [
      {
        what: "plain Node: a reader's lock counts as the witness",
        from: "kind === 'OFDLCK' && access === 'WRITE'",
        to: "kind === 'OFDLCK'",
      },
      {
        what: 'plain Node: a classic lock counts as the witness',
        from: "kind === 'OFDLCK' && access === 'WRITE'",
        to: "access === 'WRITE'",
      },
      {
        what: 'plain Node: a part of the witness counts as all of it',
        from: "start === '0' && end === 'EOF'",
        to: "start === '0'",
      },
      {
        what: 'plain Node: a part of the witness counts as free',
        from: "if (writes.length > 0) return 'untestable';",
        to: '',
      },
      {
        what: 'plain Node: an incomplete list proves absence',
        from: "if (!complete) return 'untestable';",
        to: '',
        tests: ['test/backend/agreement.test.ts'],
      },
      {
        what: 'plain Node: any lock is one that it can see',
        from: "return state === 'held' ? 'held' : 'untestable';",
        to: 'return state;',
      },
    ],
  },
  {
    file: 'src/judge/live-observation.ts',
    tests: ['test/judge/held-lock.test.ts'],
    mutants: [
      {
        what: 'an heir that adopted the lock waits for itself',
        from: 'if (handedOver) return true;',
        to: '',
        tests: ['test/hand-over/adopt.test.ts'],
      },
      {
        what: 'the nonce is enough, whoever this process has become',
        from: '() => isSurelySelf(identity) || isStillSelf(identity, readSelf(readObserver())),',
        to: '() => true,',
        tests: ['test/judge/held-lock.test.ts'],
      },
      {
        what: 'a copy of a lock that this thread holds is its own',
        from: "return file !== 'copied' && file !== 'reattached' && !this.copyOfOwnLock;",
        to: 'return true;',
        tests: ['test/lock/copies.test.ts'],
      },
      {
        what: 'hard links to the own lock are a copy',
        from: 'file.inode !== held.file.inode && directory.inode',
        to: 'directory.inode',
        tests: ['test/lock/copies.test.ts'],
      },
      {
        what: 'a replaced owner.json in the own lock is a copy',
        from: ' && directory.inode !== held.directory.inode;',
        to: ';',
        tests: ['test/lock/copies.test.ts', 'test/lock/retire.test.ts'],
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
