// Mistakes in the steps of the lock.

const OWNER = ['test/lock/release.test.ts', 'test/lock/loss.test.ts', 'test/lock/acquire-release.test.ts'];
const CLEARING = [
  'test/lock/invariants.test.ts',
  'test/lock/ownerless.test.ts',
  'test/lock/bad-input.test.ts',
];

const HAND_OVER = ['test/hand-over/hand-over.test.ts'];

/** @type {import('./list.mjs').MutatedFile[]} */
export const files = [
  {
    file: 'src/lock/lock.ts',
    tests: OWNER,
    mutants: [
      {
        what: 'the lifeline of a released lock is kept',
        from: '    lifeline?.drop();\n',
        to: '',
        tests: ['test/lock/publish.test.ts'],
      },
      {
        what: 'a lock that was lost is forgotten',
        from: 'else giveUpLock(record.nonce);',
        to: 'else leaveHeldLock(record.nonce);',
        tests: ['test/lock/given-up.test.ts'],
      },
      {
        what: 'released although it was lost',
        from: 'if (wrong !== null) throw this.#lose(wrong);\n    const { nonce }',
        to: 'const { nonce }',
      },
      {
        what: 'a forked process takes the lock for its own',
        from: 'if (process.pid !== this.#pid) return',
        to: 'if (false) return',
      },
      {
        what: 'the number of the directory is a stranger’s by now',
        from: 'if (isSameFile(backend.files.statDescriptor(directory), directoryId)) return true;',
        to: 'return true;',
      },
      {
        what: 'another owner.json is taken for the own one',
        from: 'if (!files.isStillAt(directory, OWNER_FILE, descriptor, status.device, status.inode)) {',
        to: 'if (false) {',
      },
      {
        what: 'what stands in owner.json does not matter',
        from: 'if (text !== content && nonceIn(text) !== record.nonce) {',
        to: 'if (false) {',
      },
      {
        what: 'a directory that was moved away still holds',
        from: 'return isAtItsPath ? null',
        to: 'return true ? null',
      },
      {
        what: 'owner.json was gone, and nobody hears of it',
        from: "if (!retireOwner(this.#published, nonce)) throw this.#lose('its owner.json is gone');",
        to: 'retireOwner(this.#published, nonce);',
      },
      {
        what: 'the number of owner.json is closed, whosever it is by now',
        from: 'lockPath.backend.files.closeIfStill(descriptor, status.device, status.inode);',
        to: 'lockPath.backend.files.close(descriptor);',
      },
      {
        what: 'the number of the directory is closed, whosever it is by now',
        from: 'lockPath.backend.files.closeIfStill(directory, directoryId.device, directoryId.inode);',
        to: 'lockPath.backend.files.close(directory);',
      },
      {
        what: 'whoever deletes the retired file or not removes the directory',
        from: 'if (unlinkOwnFile(this.#published, retiredName(nonce))) removeDirectory(this.#published);',
        to: 'unlinkOwnFile(this.#published, retiredName(nonce)); removeDirectory(this.#published);',
      },
      {
        what: 'deleted while it is open',
        from: '    this.#closeOwner();\n    if (unlinkOwnFile',
        to: '    if (unlinkOwnFile',
        tests: OWNER,
      },
      {
        what: 'the parent of an heir releases its lock',
        from: "if (state === 'handed over') return;",
        to: '',
        tests: HAND_OVER,
      },
      {
        what: 'a lock whose record does not say so is handed over',
        from: ': this.#published.record.handedOver\n',
        to: ': true\n',
        tests: HAND_OVER,
      },
      {
        what: 'a command that was never started has the lock',
        from: 'if (heir.pid !== undefined) {',
        to: 'if (heir.stdio.length > 0) {',
        tests: HAND_OVER,
      },
      {
        what: 'the end of the child is not heard',
        from: "heir.once('exit', () => this.#letGo());",
        to: '',
        tests: HAND_OVER,
      },
      {
        what: 'the own share is kept when the child has ended',
        from: '      this.#closeOwner();\n      if (clearAfterHeir',
        to: '      if (clearAfterHeir',
        tests: HAND_OVER,
      },
      { what: 'the loss of a lock is not told', from: 'this.#abort?.abort(error);', to: '' },
      {
        what: 'the own witness is not looked at',
        from: 'this.#whatIsWrong() === null && this.#isWitnessIntact() && this.#isLifelineIntact();',
        to: 'this.#whatIsWrong() === null;',
        tests: [
          'test/lock/acquire-release.test.ts',
          'test/lock/invariants.test.ts',
          'test/lock/loss.test.ts',
          'test/traps/records.test.ts',
        ],
      },
    ],
  },
  {
    file: 'src/judge/held-locks.ts',
    tests: OWNER,
    mutants: [
      {
        what: 'any nonce is one of ours',
        from: '?? false',
        to: '?? true',
        tests: [
          'test/lock/acquire-release.test.ts',
          'test/lock/invariants.test.ts',
          'test/lock/loss.test.ts',
          'test/traps/records.test.ts',
        ],
      },
    ],
  },
  {
    file: 'src/lock/protocol/clear.ts',
    tests: [...CLEARING, 'test/lock/overtaken.test.ts'],
    mutants: [
      { what: 'files of somebody else are no obstacle', from: 'view.refuseForeignFiles();', to: '' },
      {
        what: 'who lost the race goes on',
        from: 'if (!retireOwner(view, nonce)) return false;',
        to: 'retireOwner(view, nonce);',
      },
      {
        what: 'who deleted nothing removes the directory',
        from: 'const isOursToRemove = deleted.length > 0 || files.length === 0;',
        to: 'const isOursToRemove = true;',
      },
      {
        what: 'deleted while it is open',
        from: '  view.closeOwner();\n',
        to: '',
        tests: ['test/lock/shadows.test.ts'],
      },
      {
        what: 'to tidy up after a release counts as taking the lock over',
        from: 'if (view.owner === null && view.leftovers().some(isRetiredName)) return null;',
        to: '',
        tests: ['test/lock/reclaimed.test.ts', 'test/lock/events.test.ts'],
      },
    ],
  },
  {
    file: 'src/backend/portable/by-path.ts',
    tests: ['test/portable/overtaken.test.ts'],
    mutants: [
      { what: 'what hit another directory stays done', from: 'undo?.(paths, result);', to: '' },
      {
        what: 'after a call nobody looks whose directory it was',
        from: 'if (directories.every(lookFor)) return result;',
        to: 'return result;',
      },
    ],
  },
  {
    file: 'src/lock/heirs.ts',
    tests: HAND_OVER,
    mutants: [
      { what: 'no heir gets the lifeline', from: "lifeline?.descriptor ?? 'ignore'", to: "'ignore'" },
      {
        what: 'the files of the child are lost',
        from: 'const files = typeof stdio',
        to: "const files = 1 > 0 ? ['ignore' as const] : typeof stdio",
      },
      {
        what: 'the child starts without the lock',
        from: 'if (!Array.isArray(args)) throw',
        to: 'if (false) throw',
      },
      {
        what: 'a grandchild is robbed when the child ends',
        from: ' || isHeldByHeir(view, view.record)',
        to: '',
      },
      {
        what: 'a successor is robbed when the child ends',
        from: 'view.record?.nonce !== record.nonce || isHeldByHeir(view, view.record)',
        to: 'view.record === null || isHeldByHeir(view, view.record)',
      },
    ],
  },
  {
    file: 'src/lock/adopt.ts',
    tests: ['test/hand-over/adopt.test.ts'],
    mutants: [
      {
        what: 'a lock is adopted that was lost',
        from: 'if (!lock.verify()) throw lock.signal.reason;',
        to: '',
      },
      { what: 'a lock is adopted twice', from: 'delete process.env[HEIRLOOM];', to: '' },
      { what: 'any lock is adopted', from: ' || record.nonce !== nonce', to: '' },
      {
        what: 'the lifeline is not adopted',
        from: 'lifeline === null ? null : adoptLifeline(lockPath.backend, lifeline)',
        to: 'lifeline === null ? null : null',
      },
    ],
  },
  {
    file: 'src/lock/protocol/own-lifeline.ts',
    tests: HAND_OVER,
    mutants: [
      {
        what: 'a lifeline that was lost stays lost',
        from: "if (this.#backend.lifeline.test(this.text) !== 'free') return;",
        to: 'return;',
      },
      {
        what: 'the lifeline is not dropped',
        from: 'this.#backend.files.closeIfStill(descriptor, device, inode);',
        to: 'descriptor + device + inode;',
      },
    ],
  },
  {
    file: 'src/lock/protocol/retire.ts',
    tests: [...CLEARING, 'test/lock/overtaken.test.ts'],
    mutants: [
      {
        what: 'owner.json was gone, and that counts as success',
        from: 'renameAt(directory, from, directory, to);\n    return true;\n  } catch (error) {\n    if (isGone(error)) return false;',
        to: 'renameAt(directory, from, directory, to);\n    return true;\n  } catch (error) {\n    if (isGone(error)) return true;',
      },
      {
        what: 'by path, it looks released before it is known to be the judged one',
        from: 'const claimed = claimedName(nonce);',
        to: 'const claimed = retiredName(nonce);',
        tests: ['test/portable/overtaken.test.ts'],
      },
      {
        what: 'by path, who waits removes it before the release has looked, and the lock passes for lost',
        from: 'renameOwn(open, claimed, retiredName(nonce));\n  return true;',
        to: 'return renameOwn(open, claimed, retiredName(nonce));',
        tests: ['test/portable/overtaken.test.ts'],
      },
      {
        what: 'a directory that was made a moment ago is removed',
        from: 'files.rmdirIfAt(lockPath.parent, lockPath.name, directory)',
        to: 'files.rmdirAt(lockPath.parent, lockPath.name)',
      },
    ],
  },
  {
    file: 'src/lock/protocol/lock-path.ts',
    tests: ['test/lock/invariants.test.ts', 'test/lock/acquire-release.test.ts'],
    mutants: [
      {
        what: 'whatever lock is asked for, it is the one of before',
        from: 'if (last?.absolute !== given) {',
        to: 'if (last === undefined) {',
      },
    ],
  },
  {
    file: 'src/lock/protocol/own-lifeline.ts',
    tests: ['test/lock/publish.test.ts'],
    mutants: [
      {
        what: 'none where no observer can test a witness',
        from: 'return witness === null || !traitsOf(type).oneKernel;',
        to: 'return !traitsOf(type).oneKernel;',
      },
      {
        what: 'all locks of a process have one',
        from: 'return (drawn >> 2n).toString();',
        to: "return '7';",
      },
    ],
  },
  {
    file: 'src/lock/protocol/publish.ts',
    tests: ['test/lock/publish.test.ts', 'test/lock/invariants.test.ts'],
    mutants: [
      {
        what: 'the lifeline of a lock that may be handed over is one that no child can inherit',
        from: 'if (options.handOver === true) {',
        to: 'if (options.handOver === undefined) {',
        tests: HAND_OVER,
      },
      {
        what: 'the lifeline of a lock that was not published is kept',
        from: '      lifeline?.drop();\n',
        to: '',
      },
      {
        what: 'a lease runs out while an heir is at work',
        from: 'if (isHeldByHeirs && oneKernel && !passesThrough) return false;',
        to: '',
        tests: ['test/lock/publish.test.ts'],
      },
      {
        what: 'no lease shows to other kernels that a lock was abandoned by its heirs',
        from: 'if (isHeldByHeirs && oneKernel && !passesThrough) return false;',
        to: 'if (isHeldByHeirs) return false;',
        tests: ['test/lock/publish.test.ts'],
      },
      {
        what: 'a lock that nobody else sees is a witness',
        from: "if (backend.witness.testAt(directory.descriptor, NEW_OWNER_FILE, filesystem.type) !== 'held') return null;",
        to: '',
      },
      {
        what: 'a lock call on a filesystem where it can hang',
        from: '!traitsOf(filesystem.type).testableWitness || !backend',
        to: '!backend',
      },
      {
        what: 'no lease where there is no witness',
        from: 'return showsChanges && (witness === null || !locksByStDev);',
        to: 'return showsChanges && traitsOf(type).oneKernel && !locksByStDev;',
      },
      {
        what: 'no lease on overlay, where plain Node cannot test the witness',
        from: '(witness === null || !locksByStDev)',
        to: "(witness === null || (type !== 'overlay' && !locksByStDev))",
      },
      {
        what: 'published over the directory that an older program has just made',
        from: "    if (errnoOf(error) === 'EEXIST') return false;\n    throw error;\n  }\n  try {\n    files.renameAt(draft",
        to: '  }\n  try {\n    files.renameAt(draft',
      },
      {
        what: 'the lock of somebody else is taken for the own one',
        from: 'published = isPublished(lockPath, directory, type, nonce);',
        to: 'published = true;',
      },
      {
        what: 'after an error it has not happened',
        from: 'return !isGone(error) && nonceAt(lockPath) === nonce;',
        to: 'return false;',
      },
      {
        what: 'swept away means failed',
        from: "if (isGone(error) && wasSwept(draft, owner)) return 'swept';",
        to: '',
        tests: ['test/crash/late.test.ts'],
      },
      {
        what: 'a failed attempt leaves its private directory',
        from: 'discard(draft, lockPath, directory, owner);',
        to: '',
      },
      {
        what: 'a nameless owner: the witness is taken after publishing',
        from: "files.renameAt(directory, NEW_OWNER_FILE, directory, OWNER_FILE);\n    if (!moveIntoPlace(draft, lockPath, nonce)) return 'contended';",
        to: "if (!moveIntoPlace(draft, lockPath, nonce)) return 'contended';\n    files.renameAt(directory, NEW_OWNER_FILE, directory, OWNER_FILE);",
      },
      {
        what: 'an empty directory stays where the rename failed',
        from: '    removeEmptyDirectory(lockPath);\n',
        to: '',
      },
    ],
  },
  {
    file: 'src/lock/protocol/assess.ts',
    tests: ['test/lock/ownerless.test.ts', 'test/lease/lease.test.ts', 'test/lock/invariants.test.ts'],
    mutants: [
      {
        what: 'unknown counts as dead',
        from: "state: verdict.state === 'alive' ? 'held' : 'stale', verdict",
        to: "state: 'stale', verdict",
      },
      {
        what: 'a lease says nothing',
        from: "if (verdict.state === 'unknown') return assessByLease(view, view.record, verdict, description, lastLook);",
        to: "if (verdict.state === 'unknown') return { state: 'unknown', verdict, description };",
      },
      {
        what: 'a beat is not noticed',
        from: 'const silentMs = lastLook.unchangedFor(',
        to: "const silentMs = ((_: string) => lastLook.unchangedFor(''))(",
      },
      {
        what: 'the shortest lease is believed',
        from: 'Math.max(record.lease.durationMs, MIN_LEASE)',
        to: 'record.lease.durationMs',
      },
      {
        what: 'a lease expires before its time',
        from: 'silentMs > lease + unseen;',
        to: 'silentMs > lease / 2;',
      },
      {
        what: 'a lock with a retired owner is not free',
        from: 'if (view.leftovers().some(isRetiredName)) {',
        to: 'if (false) {',
      },
      {
        what: 'a torn owner.json whose owner holds on is free',
        from: "if (lockPath.backend.witness.test(owner.descriptor, owner.filesystem.type) === 'held') {",
        to: 'if (false) {',
      },
      { what: 'no grace', from: 'const past = ageMs > grace;', to: 'const past = true;' },
      {
        what: 'grace by the clock alone',
        from: 'Math.max(Date.now() - status.mtimeMs, unchangedMs);',
        to: 'Date.now() - status.mtimeMs;',
      },
      {
        what: 'grace by the own patience alone',
        from: 'Math.max(Date.now() - status.mtimeMs, unchangedMs);',
        to: 'unchangedMs;',
      },
    ],
  },
  {
    file: 'src/record/owner-file.ts',
    tests: CLEARING,
    mutants: [
      {
        what: 'anybody’s data counts as torn',
        from: "if (parsed.kind === 'foreign') return",
        to: 'if (false) return',
      },
    ],
  },
  {
    file: 'src/backend/node-files.ts',
    tests: ['test/backend/files.test.ts', 'test/lock/loss.test.ts', ...CLEARING],
    mutants: [
      {
        what: 'owner.json need not be a file',
        from: "file.status.kind === 'file' && file.status.size <= limit",
        to: 'file.status.size <= limit',
      },
      {
        what: 'owner.json may be of any size',
        from: "file.status.kind === 'file' && file.status.size <= limit",
        to: "file.status.kind === 'file'",
      },
      {
        what: 'a descriptor that is another file’s by now counts',
        from: "if (!isSameFile(open, { device, inode })) throw systemError('EBADF', 'fstat');",
        to: '',
      },
      {
        what: 'whatever stands there is the file',
        from: 'return isSameFile(this.statAt(directory, name), open);',
        to: 'return true;',
      },
      {
        what: 'whatever stands there is the directory',
        from: 'return isSameFile(this.statAt(directory, name), this.statDescriptor(fd));',
        to: 'return true;',
      },
      {
        what: 'a directory is removed, whichever it is',
        from: 'if (this.isAt(directory, name, fd)) this.rmdirAt(directory, name);',
        to: 'this.rmdirAt(directory, name);',
      },
      {
        what: 'a number is closed that is somebody else’s by now',
        from: 'if (this.#isStill(fd, device, inode)) this.close(fd);',
        to: 'this.close(fd);',
      },
    ],
  },
  {
    file: 'src/lock/protocol/view.ts',
    tests: CLEARING,
    mutants: [
      {
        what: 'a directory that is deleted already stands there',
        from: 'if (view.owner !== null || view.directoryStatus().links > 0) return view;',
        to: 'return view;',
      },
    ],
  },
  {
    file: 'src/lock/protocol/names.ts',
    tests: CLEARING,
    mutants: [
      {
        what: 'whatever begins with "retired." is ours',
        from: 'const RETIRED = new RegExp(',
        to: 'const RETIRED = /^retired\\./ ?? new RegExp(',
      },
      { what: 'a shadow is somebody’s file', from: 'return SHADOW.test(name);', to: 'return false;' },
      {
        what: 'whatever begins with a dot is a private directory',
        from: 'const PRIVATE = new RegExp(',
        to: 'const PRIVATE = /^\\.(.+)\\./s ?? new RegExp(',
        tests: ['test/lock/sweep.test.ts'],
      },
    ],
  },
  {
    file: 'src/lock/protocol/sweep.ts',
    tests: ['test/lock/sweep.test.ts'],
    mutants: [
      {
        what: 'private directories of all locks',
        from: 'if (lockName !== null && state.names.has(lockName)) sweepOne',
        to: 'if (lockName !== null) sweepOne',
      },
      {
        what: 'also those whose owner lives',
        from: "=== 'stale') clearStale(view);",
        to: "!== '') clearStale(view);",
      },
      {
        what: 'also those of which nobody knows',
        from: "=== 'stale') clearStale(view);",
        to: "!== 'held') clearStale(view);",
      },
    ],
  },
  {
    file: 'src/lock/protocol/last-look.ts',
    tests: ['test/lock/ownerless.test.ts', 'test/lease/lease.test.ts', 'test/lock/waiting.test.ts'],
    mutants: [
      {
        what: 'a change does not start the clock anew',
        from: 'this.#sinceMs = now;',
        to: 'this.#sinceMs ||= now;',
      },
      { what: 'the directory is not kept open', from: 'view.keepDirectory();', to: '' },
      {
        what: 'another owner in the same directory is not noticed',
        from: 'return kept.record?.nonce === view.record?.nonce && kept.record?.pid === view.record?.pid;',
        to: 'return true;',
        tests: ['test/waiting/wake.test.ts'],
      },
    ],
  },
  {
    file: 'src/lock/inspect.ts',
    tests: ['test/cli/reclaim.test.ts', 'test/lock/invariants.test.ts', 'test/formats/reclaim.test.ts'],
    mutants: [
      {
        what: 'reclaims what is not stale',
        from: "if (lockState.state !== 'stale') return { ...inspection, reclaimed: false };",
        to: "if (lockState.state === 'held') return { ...inspection, reclaimed: false };",
        tests: [...CLEARING, 'test/lock/legacy-owner.test.ts'],
      },
      {
        what: 'reclaims the file of another program that is not stale',
        from: "if (inspection.state !== 'stale') return { ...inspection, reclaimed: false };",
        to: "if (inspection.state === 'held') return { ...inspection, reclaimed: false };",
      },
      {
        what: 'any file with a number in it is deleted',
        from: 'refuseUnlessDeletable(lock, inspection, lockPath);',
        to: '',
        tests: ['test/formats/hostile.test.ts'],
      },
    ],
  },
  {
    file: 'src/lock/waiting/acquisition.ts',
    tests: ['test/lock/waiting.test.ts', 'test/waiting/timeout.test.ts'],
    mutants: [
      {
        what: 'takes a lock that is not stale',
        from: "const isStale = lockState.state === 'stale';",
        to: "const isStale = lockState.state !== 'held';",
        tests: CLEARING,
      },
      { what: 'waits for ever', from: 'if (waited >= timeout) throw', to: 'if (false) throw' },
      {
        what: 'the watch starts after the last look',
        from: 'return this.#watch !== null;',
        to: 'return false;',
        tests: ['test/waiting/change-watch.test.ts'],
      },
      { what: 'a view stays open', from: '      view.close();\n', to: '' },
      {
        what: 'whose lock was taken over is forgotten',
        from: 'this.#reclaimed = reclaimedFrom(view, lockState) ?? this.#reclaimed;',
        to: '',
        tests: ['test/lock/reclaimed.test.ts'],
      },
      {
        what: 'a thread waits for itself',
        from: "if (seen.verdict?.reason === 'held-by-this-process') throw",
        to: 'if (false) throw',
      },
      {
        what: 'an abort by onWait is heeded after the pause',
        from: '      signal?.throwIfAborted();\n      waiter',
        to: '      waiter',
        tests: ['test/waiting/change-watch.test.ts'],
      },
    ],
  },
  {
    file: 'src/lock/waiting/pace.ts',
    tests: ['test/waiting/pace.test.ts'],
    mutants: [
      {
        what: 'what woke it is over when it looks',
        from: 'if (moving || this.#wasWoken) this.#recheck',
        to: 'if (moving) this.#recheck',
        tests: ['test/waiting/pace.test.ts', 'test/waiting/pauses.test.ts'],
      },
      {
        what: 'what has just moved is looked at once more only',
        from: 'this.#recheck *= PATIENCE;',
        to: 'this.#recheck = Number.POSITIVE_INFINITY;',
        tests: ['test/waiting/pace.test.ts', 'test/waiting/pauses.test.ts'],
      },
      {
        what: 'a lock that never rests keeps a waiter busy',
        from: 'if (moving && this.#immediate < MAX_IMMEDIATE) {',
        to: 'if (moving) {',
      },
      {
        what: 'the loser of a race polls as if the lock were between two steps',
        from: 'const isSettled = moving || (this.#immediate > 0 && owner !== null);',
        to: 'const isSettled = moving;',
      },
      {
        what: 'nobody looks when only time can free the lock',
        from: 'Math.min(interval, lookAgainIn ?? interval)',
        to: 'interval',
      },
      { what: 'all waiters look in step', from: 'ms * (1 + JITTER * (2 * this.#random() - 1))', to: 'ms' },
    ],
  },
  {
    file: 'src/lock/waiting/queue.ts',
    tests: ['test/waiting/queue.test.ts'],
    mutants: [
      { what: 'everybody is the head', from: 'return headOf(this.#queue) === this;', to: 'return true;' },
      { what: 'the turn is not passed on', from: 'if (wasHead) headOf(this.#queue)?.wake();', to: '' },
      {
        what: 'nobody but the head hears of a new owner',
        from: 'if (waiter !== this && waiter.#listens) waiter.wake();',
        to: '',
      },
      {
        what: 'a release of this thread is found out by polling',
        from: 'for (const queue of queues.get(path) ?? []) headOf(queue)?.wake();',
        to: '',
      },
      { what: 'whoever judges otherwise waits in the same queue', from: 'other.rules === rules', to: 'true' },
    ],
  },
  {
    file: 'src/lock/waiting/wakeup.ts',
    tests: ['test/waiting/wakeup.test.ts'],
    mutants: [{ what: 'a wake-up before the wait is forgotten', from: 'if (this.#isDue) finish();', to: '' }],
  },
  {
    file: 'src/lock/waiting/change-watch.ts',
    tests: ['test/waiting/change-watch.test.ts'],
    mutants: [
      {
        what: 'a network filesystem tells of every change',
        from: 'return traitsOf(view.owner.filesystem.type).testableWitness && (',
        to: 'return (',
      },
      {
        what: 'the death of an older program’s owner makes a sound',
        from: 'view.record.version !== null || hasPidfd',
        to: 'true',
      },
      {
        what: 'an exit is reported for ever',
        from: "if (watch.block(monitor, pidfd, ms) === 'exit') closePidfd();",
        to: 'watch.block(monitor, pidfd, ms);',
      },
    ],
  },
];
