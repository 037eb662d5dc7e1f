// Mistakes in the steps of the lock.

const OWNER = ['test/lock/release.test.ts', 'test/lock/loss.test.ts', 'test/lock/acquire-release.test.ts'];
const CLEARING = [
  'test/lock/invariants.test.ts',
  'test/lock/ownerless.test.ts',
  'test/lock/bad-input.test.ts',
];

/** @type {import('./list.mjs').MutatedFile[]} */
export const files = [
  {
    file: 'src/lock/lock.ts',
    tests: OWNER,
    mutants: [
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
      { what: 'the loss of a lock is not told', from: 'this.#abort?.abort(error);', to: '' },
      {
        what: 'the own witness is not looked at',
        from: 'this.#whatIsWrong() === null && this.#isWitnessIntact();',
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
        from: 'if (last?.path === given) return last;',
        to: 'if (last !== undefined) return last;',
      },
      {
        what: 'a ".." goes up from the link, and not from where it leads',
        from: 'if (hasParentStep(given)) return splitAsKernel(given);',
        to: '',
        tests: ['test/lock/path-meaning.test.ts'],
      },
      {
        what: 'where a ".." leads is found out by text',
        from: 'realpathSync.native(path)',
        to: 'realpathSync(path)',
        tests: ['test/lock/path-meaning.test.ts'],
      },
    ],
  },
  {
    file: 'src/lock/protocol/parent.ts',
    tests: ['test/waiting/places.test.ts'],
    mutants: [
      {
        what: 'a directory is what its path is called',
        from: 'return isOneKernelFilesystem(type) ?',
        to: 'if (isOneKernelFilesystem(type)) return this.#path;\n    return isOneKernelFilesystem(type) ?',
      },
      {
        what: 'one number is one directory everywhere',
        from: 'return isOneKernelFilesystem(type) ?',
        to: "return type !== '' ?",
      },
      {
        what: 'each waiter keeps a descriptor of its own',
        from: 'if (other === undefined) {',
        to: 'if (other !== null) {',
        tests: ['test/waiting/descriptors.test.ts'],
      },
      {
        what: 'the first to leave closes it for all',
        from: 'if (this.#users > 0) return;',
        to: '',
        tests: ['test/waiting/queue.test.ts'],
      },
    ],
  },
  {
    file: 'src/lock/moved.ts',
    tests: ['test/lock/moved.test.ts'],
    mutants: [
      {
        what: 'a loss is a move',
        from: 'return !isAtPath(published) && isIn(published.lockPath, published);',
        to: 'return !isAtPath(published);',
      },
      {
        what: 'a path that leads nowhere is no move',
        from: 'if (leadsNowhere(error)) return false;\n    throw error;\n  }\n  try',
        to: 'throw error;\n  }\n  try',
      },
      {
        what: 'the descriptor of the check stays open',
        from: '    reopened.close();\n',
        to: '',
      },
      {
        what: 'each check tells of it again',
        from: 'if (this.#isMoved && !wasMoved && movedEvent',
        to: 'if (this.#isMoved && movedEvent',
      },
      {
        what: 'elsewhere, a number of the directory is enough',
        from: 'return view?.record?.nonce === record.nonce;',
        to: 'return view !== null;',
      },
    ],
  },
  {
    file: 'src/lock/protocol/publish.ts',
    tests: ['test/lock/publish.test.ts', 'test/lock/invariants.test.ts'],
    mutants: [
      {
        what: 'a lock that nobody else sees is a witness',
        from: "if (backend.witness.testAt(directory, NEW_OWNER_FILE, filesystem.type) !== 'held') return null;",
        to: '',
      },
      {
        what: 'a lock call on a filesystem where it can hang',
        from: '!isOneKernelFilesystem(filesystem.type) || !backend',
        to: '!backend',
      },
      {
        what: 'no lease where there is no witness',
        from: 'return showsChanges && (witness === null || !locksByStDev);',
        to: 'return showsChanges && isOneKernelFilesystem(type) && !locksByStDev;',
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
        from: 'published = isPublished(lockPath, directory, filesystem, nonce);',
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
        from: 'if (!published) discard(draft, lockPath, directory, owner);',
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
      {
        what: 'the directory is not kept open',
        from: 'if (view.record === null || view.record.nonce === null) view.keepDirectory();',
        to: '',
      },
      {
        what: 'the directory of each lock is kept open',
        from: 'if (view.record === null || view.record.nonce === null) view.keepDirectory();',
        to: 'view.keepDirectory();',
        tests: ['test/waiting/descriptors.test.ts'],
      },
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
        what: 'a single try waits for the turn of another task',
        from: 'let isNew = timeout > 0;',
        to: 'let isNew = true;',
        tests: ['test/waiting/turns.test.ts'],
      },
      {
        what: 'a waiter that finds no descriptor fails',
        from: 'if (this.#hasWaited && isOutOfDescriptors(error)) return OUT_OF_DESCRIPTORS;',
        to: '',
        tests: ['test/waiting/descriptors.test.ts'],
      },
      {
        what: 'a call that finds no descriptor waits for one',
        from: 'if (this.#hasWaited && isOutOfDescriptors',
        to: 'if (isOutOfDescriptors',
        tests: ['test/waiting/descriptors.test.ts'],
      },
    ],
  },
  {
    file: 'src/lock/waiting/acquire.ts',
    tests: ['test/waiting/turns.test.ts', 'test/waiting/descriptors.test.ts'],
    mutants: [
      {
        what: 'a thread waits for itself',
        from: "if (seen.verdict?.reason === 'held-by-this-process') throw",
        to: 'if (false) throw',
        tests: ['test/lock/waiting.test.ts', 'test/waiting/timeout.test.ts'],
      },
      {
        what: 'an abort by onWait is heeded after the pause',
        from: '      signal?.throwIfAborted();\n      waiter',
        to: '      waiter',
        tests: ['test/waiting/change-watch.test.ts'],
      },
      {
        what: 'whoever comes to a free lock takes it',
        from: 'if (turn > 0) return { seen: TURN_OF_OTHERS, ms: turn };',
        to: '',
      },
      {
        what: 'a turn lasts until it is used',
        from: 'return { seen: TURN_OF_OTHERS, ms: turn };',
        to: 'return { seen: TURN_OF_OTHERS, ms: Number.POSITIVE_INFINITY };',
      },
      {
        what: 'a newcomer relies on the head where the lock is gone',
        from: 'seen !== null && lockPath.exists()',
        to: 'seen !== null',
      },
      {
        what: 'everybody in line keeps what only looks need',
        from: 'if (!waiter.isHead) acquisition.rest();',
        to: '',
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
      { what: 'everybody is the head', from: 'return this.#queue.head === this;', to: 'return true;' },
      { what: 'the turn is not passed on', from: '    head?.wake();\n', to: '' },
      {
        what: 'nobody but the head hears of a new owner',
        from: 'if (waiter !== this) waiter.wake();',
        to: '',
      },
      {
        what: 'a release of this thread is found out by polling',
        from: 'for (const head of headsOf(line)) head.wake();',
        to: '',
      },
      {
        what: 'a release gives nobody a turn',
        from: 'line.turnEnds = performance.now() + TURN;',
        to: '',
        tests: ['test/waiting/turns.test.ts'],
      },
      {
        what: 'the first in line waits for its own turn',
        from: 'if (line === undefined || headsOf(line)[0] === waiter) return 0;',
        to: 'if (line === undefined) return 0;',
        tests: ['test/waiting/turns.test.ts'],
      },
      {
        what: 'whoever gives up takes its turn with it',
        from: 'if (first !== head) first?.wake();',
        to: '',
        tests: ['test/waiting/turns.test.ts'],
      },
      {
        what: 'whoever judges otherwise waits in the same queue',
        from: 'queues.find((queue) => queue.rules === rules);\n  if',
        to: 'queues[0];\n  if',
      },
    ],
  },
  {
    file: 'src/lock/waiting/wakeup.ts',
    tests: ['test/waiting/wakeup.test.ts'],
    mutants: [{ what: 'a wake-up before the wait is forgotten', from: 'if (this.#isDue) finish();', to: '' }],
  },
  {
    file: 'src/lock/waiting/aborts.ts',
    tests: ['test/waiting/wakeup.test.ts'],
    mutants: [
      {
        what: 'the listener stays when nobody waits any more',
        from: "signal.removeEventListener('abort', known.listener);",
        to: '',
      },
      {
        what: 'an abort ends one wait only',
        from: 'known.calls.add(call);\n    return;',
        to: 'return;',
      },
      {
        what: 'one that is done takes the listener of all',
        from: 'if (known === undefined || known.calls.size > 0) return;',
        to: 'if (known === undefined) return;',
      },
    ],
  },
  {
    file: 'src/lock/waiting/change-watch.ts',
    tests: ['test/waiting/change-watch.test.ts'],
    mutants: [
      {
        what: 'a network filesystem tells of every change',
        from: 'return isOneKernelFilesystem(view.owner.filesystem.type) && (',
        to: 'return (',
      },
      {
        what: 'the death of an older program’s owner makes a sound',
        from: 'view.record.version !== null || hasPidfd',
        to: 'true',
      },
      {
        what: 'each waiter has a pidfd',
        from: 'pidfdCount >= MAX_PIDFDS',
        to: 'false',
        tests: ['test/waiting/descriptors.test.ts'],
      },
      {
        what: 'pidfds are counted for ever',
        from: 'pidfdCount -= this.#pidfds;',
        to: '',
        tests: ['test/waiting/descriptors.test.ts'],
      },
      {
        what: 'an exit is reported for ever',
        from: "if (watch.block(monitor, pidfd, ms) === 'exit') closePidfd();",
        to: 'watch.block(monitor, pidfd, ms);',
      },
    ],
  },
];
