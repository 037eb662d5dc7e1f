// Mistakes in the steps of the lock.

const OWNER = ['test/lock/release.test.ts', 'test/lock/loss.test.ts', 'test/lock/acquire-release.test.ts'];
const CLEARING = [
  'test/lock/invariants.test.ts',
  'test/lock/ownerless.test.ts',
  'test/lock/bad-input.test.ts',
];

const NEIGHBOURS = ['test/lock/neighbours.test.ts'];

const ARGUMENTS = ['test/lock/arguments.test.ts'];
const SELF_WAIT = ['test/lock/self-wait.test.ts'];
const RETIRING = ['test/lock/retire.test.ts'];
const HAND_OVER = ['test/hand-over/hand-over.test.ts'];

const FORMATS = [
  'test/formats/parsers.test.ts',
  'test/formats/real-programs.test.ts',
  'test/formats/directories.test.ts',
  'test/formats/hostile.test.ts',
  'test/formats/reclaim.test.ts',
];

/** @type {import('./list.mjs').MutatedFile[]} */
export const files = [
  {
    file: 'src/lock/reentry.ts',
    tests: SELF_WAIT,
    mutants: [
      {
        what: 'a task that holds another lock is said to wait for itself',
        from: 'if (at.lock.owner.nonce === nonce) return true;',
        to: 'return true;',
      },
      {
        what: 'only the innermost lock counts',
        from: 'at = at.outer',
        to: 'at = undefined',
      },
    ],
  },
  {
    file: 'src/lock/waiting/self-wait.ts',
    tests: SELF_WAIT,
    mutants: [
      {
        what: 'an acquisition that its caller does not wait for is warned of',
        from: '? REENTRANT_AFTER\n',
        to: '? 0\n',
      },
      {
        what: 'a wait that ends by itself is warned of',
        from: 'timeout === Number.POSITIVE_INFINITY && signal === undefined && !isListening',
        to: 'true',
      },
      {
        what: 'every waiter warns of the same lock',
        from: 'if (nonce === null || warned.has(nonce)) return;',
        to: '',
      },
    ],
  },
  {
    file: 'src/lock/lock.ts',
    tests: SELF_WAIT,
    mutants: [
      {
        what: 'a lock that was released is said to be forgotten',
        from: '    unwatchHandle(this);\n',
        to: '',
      },
      {
        what: 'the handle of a forgotten lock is never collected',
        from: 'isIntact: () => record.isIntact(),',
        to: 'isIntact: () => this.#record.isIntact(),',
      },
      {
        what: 'NODE_DEBUG keeps a forgotten handle from being found',
        from: 'if (forListener) handle.keep(this);',
        to: 'if (forListener || record !== null) handle.keep(this);',
      },
      {
        what: 'the signal of a forgotten handle never aborts',
        from: 'if (forListener) handle.keep(this);',
        to: 'if (forListener) handle.lock;',
      },
    ],
  },
  {
    file: 'src/known-options.ts',
    tests: ARGUMENTS,
    mutants: [
      {
        what: 'an option that there is not goes unnoticed',
        from: 'if (known[name] !== true) refuseIfGiven',
        to: 'if (false) refuseIfGiven',
      },
      {
        what: 'the name of a property that every object has passes for an option',
        from: 'if (known[name] !== true)',
        to: 'if (!known[name])',
      },
      {
        what: 'an option that another library has put on all objects is refused',
        from: '!Object.hasOwn(options, name) || ',
        to: '',
      },
      {
        what: 'an option that is undefined is refused',
        from: ' || Reflect.get(options, name) === undefined',
        to: '',
      },
    ],
  },
  {
    file: 'src/lock/index.ts',
    tests: ARGUMENTS,
    mutants: [
      {
        what: 'an async function loses its lock in withLockSync and nobody says so',
        from: '    refuseThenable(result);\n',
        to: '',
      },
    ],
  },
  {
    file: 'src/lock/own-record.ts',
    tests: OWNER,
    mutants: [
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
        from: 'if (name === null) return this.#hasOwnerFile() ? REPLACED : GONE;',
        to: 'if (name === null) return null;',
      },
      {
        what: 'a record that is claimed and given back during a look is lost',
        from: 'if (!isMissed || look === LOOKS) return wrong;',
        to: 'return wrong;',
        tests: ['test/lock/claimed-meanwhile.test.ts'],
      },
      {
        what: 'a record that is claimed and given back during a release is lost',
        from: 'look <= LOOKS',
        to: 'look <= 1',
        tests: ['test/lock/claimed-meanwhile.test.ts'],
      },
      {
        what: 'what stands in owner.json does not matter',
        from: 'const wrong = text === content ? null : this.#whatIsWrongIn(text);',
        to: 'const wrong = null as string | null;',
      },
      {
        what: 'a record that was changed but for its nonce is the own one',
        from: 'return isWhole && this.#isAsWritten(found) ? null : CHANGED;',
        to: 'return isWhole ? null : CHANGED;',
      },
      {
        what: 'a record that has grown is the own one',
        from: 'return isWhole && this.#isAsWritten(found) ? null : CHANGED;',
        to: 'return this.#isAsWritten(found) ? null : CHANGED;',
      },
      {
        what: 'a directory that was moved away still holds',
        from: 'return isAtItsPath ? null',
        to: 'return true ? null',
      },
      {
        what: 'a copy with the own nonce is somebody else’s',
        from: 'return this.#isStillAt(name) || this.#recordAt(name)?.nonce === this.#published.record.nonce;',
        to: 'return this.#isStillAt(name);',
        tests: RETIRING,
      },
      {
        what: 'any owner.json in the own directory is the own one',
        from: 'return this.#isStillAt(name) || this.#recordAt(name)?.nonce === this.#published.record.nonce;',
        to: 'return this.#isStillAt(name) || this.#recordAt(name) !== null;',
        tests: RETIRING,
      },
      {
        what: 'a record that is being claimed is lost',
        from: 'return claims.find((name) => this.isAt(name)) ?? null;',
        to: 'return null;',
        tests: RETIRING,
      },
      {
        what: 'the own witness is not looked at',
        from: 'this.whatIsWrong() === null && this.#isWitnessIntact() && this.#isLifelineIntact();',
        to: 'this.whatIsWrong() === null;',
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
    file: 'src/lock/free-own.ts',
    tests: OWNER,
    mutants: [
      {
        what: 'a claimed record that is being given back counts as a file of somebody else',
        from: 'const { foreign } = readContents(lockPath.backend.files, directory);',
        to: 'const foreign = lockPath.backend.files.list(directory, 5);',
        tests: ['test/lock/retire.test.ts'],
      },
      {
        what: 'deleted while it is open',
        from: '  dropWitness();\n  const removal =',
        to: '  const removal =',
      },
      {
        what: 'the witness is dropped while owner.json has its name',
        from: '  if (!retireOwn(published, record)) return false;',
        to: '  dropWitness();\n  if (!retireOwn(published, record)) return false;',
        tests: RETIRING,
      },
      {
        what: 'nobody hears of the file that keeps the lock from being taken',
        from: "if (removal === 'occupied') warnOfForeignFiles(published);",
        to: '',
        tests: RETIRING,
      },
    ],
  },
  {
    file: 'src/lock/lock.ts',
    tests: OWNER,
    mutants: [
      {
        what: 'the lifeline of a released lock is kept',
        from: '    this.#published.lifeline?.drop();\n    this.#directoryTouch?.stop();',
        to: '    this.#directoryTouch?.stop();',
        tests: ['test/lock/publish.test.ts'],
      },
      {
        what: 'a record that was only changed stays in the way of everybody',
        from: 'if (wrong === CHANGED && this.#record.bearsItsNonce()) free();',
        to: '',
      },
      {
        what: 'released although it was lost',
        from: '    if (wrong !== null) {\n      // A record of ours',
        to: '    if (wrong === CHANGED) {\n      // A record of ours',
      },
      {
        what: 'nobody listens to the channel of losses',
        from: 'if (lostEvent.isHeard) this.#watchForLoss(lostEvent.hasSubscriber);',
        to: '',
        tests: ['test/lock/loss-events.test.ts'],
      },
      {
        what: 'a lock that was given up is still held by this process',
        from: 'giveUpLock(this.#published.record.nonce);\n    this.#published.lifeline',
        to: 'this.#published.lifeline',
        tests: ['test/lock/lease-loss.test.ts'],
      },
      {
        what: 'owner.json was gone, and nobody hears of it',
        from: 'if (!free()) throw this.#lose(GONE);',
        to: 'free();',
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
        what: 'a failed release keeps its own process out',
        from: '        giveUpLock(this.#published.record.nonce);\n        throw error;',
        to: '        throw error;',
        tests: ['test/lock/retire.test.ts'],
      },
      {
        what: 'a loss keeps its own process out',
        from: 'giveUpLock(this.#published.record.nonce);\n    this.#published.lifeline',
        to: 'leaveHeldLock(this.#published.record.nonce);\n    this.#published.lifeline',
        tests: RETIRING,
      },
      {
        what: 'the parent of an heir releases its lock',
        from: "    if (state === 'held') {\n      try {\n        withLockPath",
        to: "    if (state !== 'lost') {\n      try {\n        withLockPath",
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
        from: "if (retirement !== 'retired') return retirement === 'gone' ? 'overtaken' : 'replaced';",
        to: '',
      },
      {
        what: 'who deleted nothing removes the directory',
        from: "return removal === 'gone' && deleted > 0 ? removeDirectory(view) : removal;",
        to: "return removal === 'gone' ? removeDirectory(view) : removal;",
      },
      {
        what: 'the record goes before it is known what is behind many leftovers',
        from: "if (!view.isWhole() && deleteAll(view, files.filter(isRetiredName).slice(1)) > 0) return 'crowded';",
        to: '',
        tests: NEIGHBOURS,
      },
      {
        what: 'the last sign that a crowded lock is free is deleted',
        from: 'isRetiredName).slice(1))',
        to: 'isRetiredName))',
        tests: NEIGHBOURS,
      },
      {
        what: 'a directory that is still there counts as removed',
        from: "=== 'removed' ? 'cleared' : 'remains';",
        to: "=== 'removed' ? 'cleared' : 'cleared';",
        tests: NEIGHBOURS,
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
        from: ' || !isFree(view, view.record)',
        to: '',
      },
      {
        what: 'a successor is robbed when the child ends',
        from: 'view.record?.nonce !== record.nonce || !isFree(view, view.record)',
        to: 'view.record === null || isHeldByHeir(view, view.record)',
      },
      {
        what: 'a command of run finds a lock that it may adopt',
        from: 'const { [HEIRLOOM]: _, ...env } =',
        to: 'const env =',
        tests: ['test/cli/run.test.ts'],
      },
    ],
  },
  {
    file: 'src/backend/native.ts',
    tests: ['test/hand-over/adopt.test.ts'],
    mutants: [
      {
        what: 'a descriptor that was opened anew counts as one with the witness',
        from: "if (['EAGAIN', 'EACCES', 'EBADF'].includes(errnoOf(error) ?? '')) return false;",
        to: "if (['EAGAIN', 'EACCES', 'EBADF'].includes(errnoOf(error) ?? '')) return true;",
      },
    ],
  },
  {
    file: 'src/lock/options.ts',
    tests: ['test/lock/acquire-release.test.ts', ...ARGUMENTS],
    mutants: [
      {
        what: 'a single try leaves its timeout unread',
        from: 'checkAcquireOptions(options, TRY_OPTIONS);',
        to: 'checkAcquireOptions(options);',
      },
      {
        what: 'options for judging a lock are not checked',
        from: '  checkJudgeOptions(options, known);',
        to: '',
      },
      {
        what: 'a grace that is no time is taken',
        from: "checkTime('ownerlessGrace', options.ownerlessGrace);",
        to: '',
      },
    ],
  },
  {
    file: 'src/watch/owner-watch.ts',
    tests: ['test/lock/acquire-release.test.ts'],
    mutants: [
      {
        what: 'the arguments of a watch are not checked',
        from: '  checkJudgement(recorded, options);',
        to: '',
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
    ],
  },
  {
    file: 'src/lock/inherited-lock.ts',
    tests: ['test/hand-over/adopt.test.ts'],
    mutants: [
      {
        what: 'a lock is adopted by whoever opens its owner.json as descriptor 20',
        from: 'if (witness !== null && !lockPath.backend.witness.isHeldThrough(descriptor)) {',
        to: 'if (false) {',
      },
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
        what: 'what was replaced is not given back',
        from: '      putBack(open, claimed);\n',
        to: '',
        tests: RETIRING,
      },
      {
        what: 'a second owner.json is written over when one is given back',
        from: 'files.renameNoReplaceAt(directory, claimed, directory, OWNER_FILE);',
        to: 'files.renameAt(directory, claimed, directory, OWNER_FILE);',
        tests: RETIRING,
      },
      {
        what: 'a claimer can still free by its own name what is given back by a link',
        from: 'const taken = claimedName(newNonce());',
        to: 'const taken = claimed;',
        tests: RETIRING,
      },
      {
        what: 'whoever deletes the last file or not removes the directory',
        from: "    if (isGone(error)) return 'gone';\n    throw error;\n  }\n  return removeDirectory(lock);",
        to: '    if (!isGone(error)) throw error;\n  }\n  return removeDirectory(lock);',
        tests: ['test/lock/overtaken.test.ts', 'test/crash/late.test.ts'],
      },
      {
        what: 'who deletes the last name of a record leaves its directory',
        from: 'removeWithLast(open, taken);',
        to: 'unlinkOwnFile(open, taken);',
        tests: RETIRING,
      },
      {
        what: 'owner.json was gone, and that counts as success',
        from: 'renameAt(directory, from, directory, to);\n    return true;\n  } catch (error) {\n    if (isGone(error)) return false;',
        to: 'renameAt(directory, from, directory, to);\n    return true;\n  } catch (error) {\n    if (isGone(error)) return true;',
        tests: RETIRING,
      },
      {
        what: 'by path, it looks released before it is known to be the judged one',
        from: 'const claimed = claimedName(nonce);',
        to: 'const claimed = retiredName(nonce);',
        tests: ['test/portable/overtaken.test.ts'],
      },
      {
        what: 'by path, who waits removes it before the release has looked, and the lock passes for lost',
        from: "return isRetired || !open.lockPath.backend.actsOnOpenDirectory ? 'retired' : 'gone';",
        to: "return isRetired ? 'retired' : 'gone';",
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
        from: 'return traitsOf(type).stableInodes ?',
        to: 'if (traitsOf(type).stableInodes) return this.#path;\n    return traitsOf(type).stableInodes ?',
      },
      {
        what: 'one number is one directory everywhere',
        from: 'return traitsOf(type).stableInodes ?',
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
        from: '!this.#isMoved || wasMoved || !movedEvent',
        to: '!this.#isMoved || !movedEvent',
      },
      {
        what: 'elsewhere, a number of the directory is enough',
        from: 'return view?.record?.nonce === record.nonce;',
        to: 'return view !== null;',
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
      {
        what: 'copies of a machine draw the same one on different files',
        from: 'process.hrtime.bigint(), BigInt(inode),',
        to: 'process.hrtime.bigint(),',
        tests: ['test/lock/lifeline-offset.test.ts'],
      },
    ],
  },
  {
    file: 'src/lock/protocol/publish.ts',
    tests: ['test/lock/publish.test.ts', 'test/lock/invariants.test.ts'],
    mutants: [
      {
        what: 'no witness for want of memory',
        from: 'if (isShortage(error)) throw error;',
        to: '',
        tests: ['test/lock/publish.test.ts'],
      },
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
        what: 'the lock of somebody else is taken for the own one',
        from: 'published = isPublished(lockPath, directory, type, nonce);',
        to: 'published = true;',
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
    ],
  },
  {
    file: 'src/lock/protocol/new-record.ts',
    tests: ['test/lock/publish.test.ts', 'test/lock/invariants.test.ts'],
    mutants: [
      {
        what: 'no start ticks for want of a descriptor',
        from: "    refuseShortage(stat, 'open');\n",
        to: '',
        tests: ['test/lock/publish.test.ts'],
      },
      {
        what: 'a lease runs out while an heir is at work',
        from: 'if (isHeldByHeirs && oneKernel && !passesThrough && !keepsLease) return false;',
        to: '',
        tests: ['test/lock/publish.test.ts'],
      },
      {
        what: 'no lease shows to other kernels that a lock was abandoned by its heirs',
        from: 'if (isHeldByHeirs && oneKernel && !passesThrough && !keepsLease) return false;',
        to: 'if (isHeldByHeirs) return false;',
        tests: ['test/lock/publish.test.ts'],
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
    ],
  },
  {
    file: 'src/lock/protocol/move-into-place.ts',
    tests: ['test/lock/publish.test.ts', 'test/lock/invariants.test.ts'],
    mutants: [
      {
        what: 'published over the directory that an older program has just made',
        from: "    if (errnoOf(error) === 'EEXIST') return false;\n    throw error;\n  }\n  try {\n    files.renameAt(draft",
        to: '  }\n  try {\n    files.renameAt(draft',
      },
      {
        what: 'after an error it has not happened',
        from: 'return !isGone(error) && nonceAt(lockPath) === nonce;',
        to: 'return false;',
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
        from: "if (verdict.state === 'unknown') return assessByLease(view, record, verdict, description);",
        to: "if (verdict.state === 'unknown') return { state: 'unknown', verdict, description };",
      },
      {
        what: 'a beat is not noticed',
        from: 'const status = view.lockPath.backend.files.statFresh(view.owner.descriptor);',
        to: 'const status = { ...view.lockPath.backend.files.statFresh(view.owner.descriptor), mtimeMs: 1 };',
      },
      {
        what: 'a late answer counts as silence',
        from: 'const times = { startedMs, endedMs: monotonicMs() };',
        to: 'const times = { startedMs: monotonicMs(), endedMs: startedMs };',
      },
      {
        what: 'a pause of the waiter counts as silence of the owner',
        from: '`, times, beat);',
        to: '`, times, Number.POSITIVE_INFINITY);',
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
        what: 'a record that lost its name while it was judged is a dead owner’s',
        from: 'if (view.owner !== null && !view.isOwnerStillNamed()) return JUST_RETIRED;',
        to: '',
        tests: RETIRING,
      },
      {
        what: 'a claimed record beside the judged one does not count',
        from: 'return assessClaims(view, options) ?? found;',
        to: 'return found;',
        tests: RETIRING,
      },
    ],
  },
  {
    file: 'src/lock/protocol/ownerless.ts',
    tests: ['test/lock/ownerless.test.ts', 'test/lock/not-a-lock.test.ts'],
    mutants: [
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
        from: 'Math.max(Date.now() - mtimeMs, lastLook.unchangedFor(signature));',
        to: 'Date.now() - mtimeMs;',
      },
      {
        what: 'grace by the own patience alone',
        from: 'Math.max(Date.now() - mtimeMs, lastLook.unchangedFor(signature));',
        to: 'lastLook.unchangedFor(signature);',
      },
      {
        what: 'a directory of any name is a lock’s',
        from: 'if (!isPrivate && !isVouchedFor && !isNamedLikeLock(name))',
        to: 'if (false)',
      },
      {
        what: 'a private directory is asked for its name',
        from: 'const isPrivate = lockNameOfPrivate(name) !== null;',
        to: 'const isPrivate = false;',
        tests: ['test/lock/sweep.test.ts'],
      },
      {
        what: 'a directory that a release is about to remove is refused',
        from: 'if (isLasting) {',
        to: 'if (true) {',
      },
      {
        what: 'a mount point is a directory like any other',
        from: '.device !== view.directoryStatus().device) {',
        to: '.device === null) {',
      },
      {
        what: 'a directory on which a process has a lock is ownerless',
        from: 'if (isSeenLocked(backend, directory)) {',
        to: 'if (false) {',
      },
      {
        what: 'the slow list of all locks is read in the middle of a release',
        from: 'const soFar = lastLook.sawOwnerIn(view) ? byTime() : null;',
        to: 'const soFar = null as LockState | null;',
        tests: ['test/lock/last-look.test.ts'],
      },
      {
        what: 'nobody is asked for locks on a directory whose owner was seen',
        from: "if (soFar?.state === 'unknown' && soFar.refusal === undefined) return soFar;",
        to: 'if (soFar !== null) return soFar;',
        tests: ['test/lock/last-look.test.ts'],
      },
      {
        what: 'a directory with another name is refused although a process has a lock on it',
        from: ' && soFar.refusal === undefined) return soFar;',
        to: ') return soFar;',
        tests: ['test/lock/last-look.test.ts'],
      },
      {
        what: 'data is waited for',
        from: 'if (!foreign.every(isDraftName)) {',
        to: 'if (false) {',
      },
      {
        what: 'a program that is about to write owner.json has left data',
        from: 'if (!foreign.every(isDraftName)) {',
        to: 'if (foreign.length > 0) {',
      },
    ],
  },
  {
    file: 'src/lock/protocol/removable.ts',
    tests: ['test/lock/retire.test.ts'],
    mutants: [
      {
        what: 'a parent or a lock that cannot be written is found out too late',
        from: "if (code === 'EACCES') throw systemError('EACCES', 'access', { path }, NOT_WRITABLE);",
        to: '',
      },
      {
        what: 'a sticky parent is found out too late',
        from: 'return user === lstatSync(path).uid;',
        to: 'return true;',
      },
    ],
  },
  {
    file: 'src/formats/lock-word.ts',
    tests: ['test/lock/not-a-lock.test.ts', 'test/lock/ownerless.test.ts'],
    mutants: [
      {
        what: 'a word within a word is a lock’s name',
        from: '(?<![\\p{L}\\p{N}])(?:lock',
        to: '(?:lock',
      },
    ],
  },
  {
    file: 'src/formats/names.ts',
    tests: ['test/lock/not-a-lock.test.ts', ...FORMATS],
    mutants: [
      {
        what: 'any directory with a pid in its owner.json is a lock',
        from: "?.deletion ?? 'named like a lock';",
        to: "?.deletion ?? 'by its name';",
      },
      {
        what: 'a swap file is deleted, and the unsaved text in it',
        from: ": deletion === 'by its name';",
        to: ': true;',
      },
      {
        what: 'any file with a number in it is deleted, whatever its name',
        from: "deletion === 'named like a lock' ? isNamedLikeLock(name)",
        to: "deletion === 'named like a lock' ? true",
      },
      {
        what: 'data with a number in it has an owner, who is dead',
        from: 'return isAnybodys(format) &&',
        to: 'return false &&',
      },
    ],
  },
  {
    file: 'src/formats/pid-record.ts',
    tests: FORMATS,
    mutants: [
      {
        what: 'a recorded host does not bind the pid to it',
        from: '{ hostname, pidIsOfHost: true }',
        to: '{ hostname, pidIsOfHost: false }',
      },
      {
        what: 'the other processes that a record names are forgotten',
        from: 'claims: { starts: [...ticks, ...starts], otherPids,',
        to: 'claims: { starts: [...ticks, ...starts], otherPids: [],',
      },
    ],
  },
  {
    file: 'src/formats/postmaster.ts',
    tests: FORMATS,
    mutants: [
      {
        what: 'a pid, a path and a number are a postmaster.pid under any name',
        from: 'names: (name) => NAME.test(name),',
        to: 'names: () => true,',
      },
      {
        what: 'the lock of a socket does not lead to the shared memory of its server',
        from: "dataDirectory: isSocketLock && !directory.includes('\\0') ? directory : null,",
        to: 'dataDirectory: null,',
      },
    ],
  },
  {
    file: 'src/formats/directory-content.ts',
    tests: FORMATS,
    mutants: [
      {
        what: 'the file in a lock directory is deleted alone',
        from: 'files.list(parent, limit)) ? directory : null;',
        to: 'files.list(parent, limit)) ? null : null;',
      },
      {
        what: 'the record that replaced the judged one in a directory is deleted',
        from: 'if (only !== null && files.statAt(descriptor, only).inode !== file?.status.inode) return null;',
        to: '',
        tests: ['test/formats/reclaim.test.ts'],
      },
      {
        what: 'a directory whose owner changed after the judgement is deleted',
        from: "return JSON.stringify([[...entries].sort(), bytes.toString('latin1')]);",
        to: 'return JSON.stringify([entries.length]);',
      },
    ],
  },
  {
    file: 'src/formats/owner-directory.ts',
    tests: FORMATS,
    mutants: [
      {
        what: 'a second number beside the pid is not seen',
        from: '(?:[ \\t]{1,8}(\\d{10}))?\\s{0,8}$/i',
        to: '(?:[ \\t]{1,8}(\\d+))?\\s{0,8}$/i',
      },
    ],
  },
  {
    file: 'src/formats/filelock.ts',
    tests: FORMATS,
    mutants: [
      {
        what: 'the second of two numbers is taken for a host',
        from: '(?!\\d+\\n)',
        to: '',
      },
      {
        what: 'a marker of an unknown mode is judged',
        from: "|| !MODES.has(values.get('mode'))",
        to: '',
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
        what: 'what was claimed is not compared with what was judged',
        from: 'if (owner === null || !this.#isOwnerAt(name)) return false;',
        to: 'if (owner === null) return false;',
        tests: RETIRING,
      },
      {
        what: 'a record overwritten in place is the one that was judged, if it has the same size and time',
        from: 'return files.readText(owner.descriptor, MAX_RECORD) === owner.text;',
        to: 'return true;',
        tests: RETIRING,
      },
      {
        what: 'a claimed record names nobody',
        from: 'const claims = contents.own.filter(isClaimedName);',
        to: 'const claims: string[] = [];',
        tests: RETIRING,
      },
      {
        what: 'a claimed record is never given back',
        from: 'if (claimedFor > CLAIM_TIME) putBack(this, this.ownerName);',
        to: '',
        tests: RETIRING,
      },
      {
        what: 'a directory that is deleted already stands there',
        from: 'if (view.owner !== null || view.directoryStatus().links > 0) return view;',
        to: 'return view;',
      },
    ],
  },
  {
    file: 'src/lock/protocol/contents.ts',
    tests: NEIGHBOURS,
    mutants: [
      {
        what: 'a directory or a link under one of our names is ours',
        from: "return files.statAt(directory, name).kind === 'file';",
        to: 'return true;',
      },
      {
        what: 'what another process has just deleted is in the way',
        from: 'if (isGone(error)) return true;',
        to: 'if (isGone(error)) return false;',
      },
      {
        what: 'a directory that was read in part was read as a whole',
        from: 'isWhole: names.length < MAX_NAMES',
        to: 'isWhole: true',
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
    ],
  },
  {
    file: 'src/backend/private-name.ts',
    tests: ['test/lock/sweep.test.ts'],
    mutants: [
      {
        what: 'whatever begins with a dot is a private directory',
        from: 'const PRIVATE = new RegExp(',
        to: 'const PRIVATE = /^\\.(.+)\\./s ?? new RegExp(',
      },
    ],
  },
  {
    file: 'src/lock/protocol/sweep-parts.ts',
    tests: ['test/lock/sweep.test.ts'],
    mutants: [
      {
        what: 'the whole of a large directory at once',
        from: 'read < BUDGET.names;',
        to: 'read < 1e6;',
      },
      {
        what: 'only the beginning of a large directory',
        from: '  return isAtEnd;\n',
        to: '  return true;\n',
      },
      {
        what: 'any number of names called like private directories at once',
        from: 'candidates < BUDGET.candidates',
        to: 'true',
        tests: NEIGHBOURS,
      },
      {
        what: 'candidates that take any time',
        from: 'taken < BUDGET.ms',
        to: 'true',
        tests: NEIGHBOURS,
      },
      {
        what: 'without a rest beside very many of them',
        from: 'now < sweep.restsUntil || ',
        to: '',
        tests: NEIGHBOURS,
      },
    ],
  },
  {
    file: 'src/lock/protocol/sweep.ts',
    tests: ['test/lock/sweep.test.ts'],
    mutants: [
      {
        what: 'private directories of all locks',
        from: 'if (lockName !== null && isSwept(lockName)) sweepOne(',
        to: 'if (lockName !== null) sweepOne(',
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
    file: 'src/lock/reclaim-patiently.ts',
    tests: ['test/cli/reclaim.test.ts'],
    mutants: [
      {
        what: 'it does not wait for the lease',
        from: 'if (waited >= timeout) return',
        to: 'if (waited >= 0) return',
      },
      {
        what: 'it waits for longer than it was told',
        from: 'if (waited >= timeout) return',
        to: 'if (false) return',
      },
      {
        what: 'a renewal of the lease does not end the waiting',
        from: 'if (silentMs <= (before?.silentMs ?? -1))',
        to: 'if (false)',
      },
    ],
  },
  {
    file: 'src/cli/run.ts',
    tests: ['test/cli/run.test.ts'],
    mutants: [
      {
        what: 'the command works on without the lock',
        from: 'if (isEnded) relay.endCommand();',
        to: '',
      },
      {
        what: 'a command that was ended for the loss has succeeded',
        from: 'return !isEnded && (',
        to: 'return (',
      },
    ],
  },
  {
    file: 'src/cli/wait-notice.ts',
    tests: ['test/cli/run.test.ts'],
    mutants: [
      {
        what: 'a code for what was not acquired is ignored',
        from: 'return conflictCode;',
        to: 'return 75;',
      },
    ],
  },
  {
    file: 'src/cli/signal-relay.ts',
    tests: ['test/cli/run.test.ts'],
    mutants: [
      {
        what: 'a command that does not listen works on without the lock',
        from: "setTimeout(() => command?.kill('SIGKILL'), KILL_AFTER).unref();",
        to: '',
      },
      {
        what: 'run alone is stopped, and the command works on',
        from: "      this.#command?.kill('SIGTSTP');\n",
        to: '',
        tests: ['test/cli/run-signals.test.ts'],
      },
    ],
  },
  {
    file: 'src/cli/run-arguments.ts',
    tests: ['test/cli/run.test.ts'],
    mutants: [
      {
        what: 'the arguments of a command, with the secrets in them, are recorded',
        from: 'basename(command.program).slice',
        to: "[command.program, ...command.args].join(' ').slice",
      },
    ],
  },
  {
    file: 'src/cli/hold.ts',
    tests: ['test/cli/hold.test.ts'],
    mutants: [
      {
        what: 'a descriptor of this program passes for one of the shell',
        from: '  const isOpenOn = lifelineFileOn(descriptor);\n  const file = lifelineFile();\n',
        to: '  const file = lifelineFile();\n  const isOpenOn = lifelineFileOn(descriptor);\n',
      },
      {
        what: 'a lock that ends with the command is said to be held',
        from: 'holders.some(({ self }) => !self)',
        to: 'holders.length > 0',
      },
    ],
  },
  {
    file: 'src/lock/hold-through.ts',
    tests: ['test/cli/hold.test.ts'],
    mutants: [
      {
        what: 'the shell does not get the lock',
        from: '  lockPath.backend.lifeline.takeThrough(descriptor, lifeline.text);\n',
        to: '',
      },
      {
        what: 'a witness is recorded that the shell does not have',
        from: ', withoutWitness: true',
        to: '',
      },
    ],
  },
  {
    file: 'src/lock/lease-keeper.ts',
    tests: ['test/lock/lease-loss.test.ts'],
    mutants: [
      {
        what: 'a touch that fails ends a lock that has a witness',
        from: 'isAlone ? patienceMs : Number.POSITIVE_INFINITY',
        to: 'patienceMs',
      },
      {
        what: 'the owner is told when the lease is over',
        from: 'const patienceMs = durationMs - beatMs;',
        to: 'const patienceMs = durationMs;',
      },
      {
        what: 'a touch that hangs is waited for',
        from: 'if (this.#isSuspect && wasSuspect) {',
        to: 'if (false) {',
      },
      {
        what: 'an owner that was paused gives up before it has tried to renew its lease',
        from: 'if (this.#isSuspect && wasSuspect) {',
        to: 'if (this.#isSuspect) {',
      },
      {
        what: 'the descriptors are closed while a touch hangs',
        from: '{silence}`, true);',
        to: '{silence}`, false);',
      },
    ],
  },
  {
    file: 'src/lock/loss-watch.ts',
    tests: ['test/lock/loss-events.test.ts'],
    mutants: [
      {
        what: 'an owner.json that is renamed for a moment is lost',
        from: 'if (pause > LONGEST_PAUSE) {',
        to: 'if (pause > 1) {',
      },
      {
        what: 'where no event comes nobody looks',
        from: 'this.#ticket === null ? setInterval(',
        to: 'this.#ticket !== null ? setInterval(',
      },
      {
        what: 'it keeps the process alive',
        from: 'this.#poll?.unref();',
        to: '',
      },
      {
        what: 'a failing disk is a loss',
        from: '// The disk fails, or the process has given up the right to read the directory. That is no loss.\n      return null;',
        to: "return '';",
      },
    ],
  },
  {
    file: 'src/lock/protocol/silence.ts',
    tests: ['test/lock/silence.test.ts'],
    mutants: [
      {
        what: 'an answer that is on its way is silence',
        from: 'this.#lastEndedMs = endedMs;',
        to: 'this.#lastEndedMs = startedMs;',
      },
      {
        what: 'a pause counts in full',
        from: 'Math.min(Math.max(startedMs - this.#lastEndedMs, 0), longestMs)',
        to: 'Math.max(startedMs - this.#lastEndedMs, 0)',
      },
      {
        what: 'what was seen to change is as silent as before',
        from: 'this.#silentMs = 0;\n    }',
        to: '}',
      },
    ],
  },
  {
    file: 'src/lock/protocol/silences.ts',
    tests: ['test/lock/silence.test.ts'],
    mutants: [
      {
        what: 'every file has the silence of the others',
        from: 'const key = ',
        to: "const key = '' && ",
      },
      {
        what: 'each try begins anew',
        from: 'remembered.get(key) ?? new Silence()',
        to: 'new Silence()',
      },
    ],
  },
  {
    file: 'src/recent-map.ts',
    tests: ['test/lock/recent-map.test.ts'],
    mutants: [
      {
        what: 'what was seen is never forgotten',
        from: 'if (this.#entries.size <= this.#most) return;',
        to: 'return;',
      },
      {
        what: 'what was seen again is as old as before',
        from: '    this.#entries.delete(key);\n    this.#entries.set',
        to: '    this.#entries.set',
      },
    ],
  },
  {
    file: 'src/lock/protocol/last-look.ts',
    tests: [
      'test/lock/last-look.test.ts',
      'test/lock/ownerless.test.ts',
      'test/lease/lease.test.ts',
      'test/lock/waiting.test.ts',
    ],
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
        what: 'an owner is remembered for another directory too',
        from: 'this.#sawOwner && this.#kept?.isSameDirectory(view) === true',
        to: 'this.#sawOwner',
        tests: ['test/lock/last-look.test.ts'],
      },
      {
        what: 'the second look at an emptied directory has forgotten the owner',
        from: ' || this.sawOwnerIn(view);',
        to: ';',
        tests: ['test/lock/last-look.test.ts'],
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
        what: "another program's lease on the file is an error of inspect",
        from: 'if (isLeased(error)) return leased(lockPath);',
        to: '',
        tests: ['test/lock/file-lease.test.ts'],
      },
    ],
  },
  {
    file: 'src/lock/reclaim.ts',
    tests: ['test/cli/reclaim.test.ts', 'test/lock/invariants.test.ts', 'test/formats/reclaim.test.ts'],
    mutants: [
      {
        what: 'reclaims what is not stale',
        from: "if (lockState.state !== 'stale') {\n    view.putBackOldClaim();",
        to: "if (lockState.state === 'held') {\n    view.putBackOldClaim();",
        tests: [...CLEARING, 'test/lock/legacy-owner.test.ts'],
      },
      {
        what: 'reclaims the file of another program that is not stale',
        from: "if (inspection.state !== 'stale') return withoutLock({ ...inspection, reclaimed: false });",
        to: "if (inspection.state === 'held') return withoutLock({ ...inspection, reclaimed: false });",
      },
      {
        what: 'any file with a number in it is deleted',
        from: 'const lockState = assessFile(lock, lockPath, options, new LastLook());\n        if (lockState.refusal !== undefined) throw lockState.refusal;',
        to: 'const lockState = assessFile(lock, lockPath, options, new LastLook());',
        tests: ['test/formats/hostile.test.ts'],
      },
    ],
  },
  {
    file: 'src/formats/foreign-lock.ts',
    tests: ['test/lock/takeover.test.ts'],
    mutants: [
      {
        what: 'a directory is deleted while a process has a file lock on the file in it',
        from: "return !isForced && this.isLocked() ? 'changed' : this",
        to: 'return this',
        tests: ['test/formats/reclaim.test.ts'],
      },
      {
        what: 'the file that takes the place of the judged one is deleted',
        from: "this.#stateAt(aside) !== 'judged' || (!isForced && this.isLocked())",
        to: '!isForced && this.isLocked()',
      },
      {
        what: 'a file that was locked since is deleted',
        from: "this.#stateAt(aside) !== 'judged' || (!isForced && this.isLocked())",
        to: "this.#stateAt(aside) !== 'judged'",
      },
      {
        what: 'the directory of a lock is moved away',
        from: 'files.close(files.createAt(parent, aside).descriptor);',
        to: '',
      },
    ],
  },
  {
    file: 'src/formats/directory-entry.ts',
    tests: ['test/lock/takeover.test.ts'],
    mutants: [
      {
        what: 'a file is given its name back in place of another',
        from: '() => files.renameNoReplaceAt(parent, aside, parent, name),',
        to: '() => files.renameAt(parent, aside, parent, name),',
      },
    ],
  },
  {
    file: 'src/lock/reclaim-forced.ts',
    tests: ['test/cli/reclaim-force.test.ts'],
    mutants: [
      {
        what: 'force removes whoever holds the lock by then',
        from: 'return target.signature === signature ?',
        to: 'return true ?',
      },
      {
        what: 'force removes what is no lock',
        from: 'if (refusal !== undefined) throw refusal;',
        to: '',
      },
      {
        what: 'force removes a new directory that is not named like a lock',
        from: 'if (lockState.verdict === null && lockState.lookAgainIn !== undefined) {',
        to: 'if (false) {',
      },
    ],
  },
  {
    file: 'src/cli/reclaim-force.ts',
    tests: ['test/cli/reclaim-force.test.ts'],
    mutants: [
      {
        what: 'force asks nobody',
        from: 'if (!isAgreed && !isConfirmed(inspection.state)) {',
        to: 'if (false) {',
      },
    ],
  },
  {
    file: 'src/lock/protocol/takeover.ts',
    tests: ['test/lock/takeover.test.ts'],
    mutants: [
      {
        what: 'a file is taken over while another process is at it',
        from: "assess(view, options, new LastLook()).state === 'stale' && ",
        to: '',
      },
    ],
  },
  {
    file: 'src/lock/protocol/file-at-path.ts',
    tests: ['test/lock/file-at-path.test.ts'],
    mutants: [
      {
        what: 'a file that names nobody is taken though nobody says so',
        from: "if (options.emptyFile !== 'take') {",
        to: 'if (false) {',
      },
      {
        what: 'a file that names nobody is taken whatever its name',
        from: '!isNamedLikeLock(name) && !isLockName(name)',
        to: 'false',
      },
      {
        what: 'a file that names nobody is taken while a process has a file lock on it',
        from: 'if (file.isLocked()) return',
        to: 'if (false) return',
      },
      {
        what: 'the grace of a file that names nobody does not count',
        from: 'if (ageMs > grace) {',
        to: 'if (true) {',
      },
      {
        what: 'a file with the name of data is taken for a lock',
        from: 'if (isDeletableAs(lockPath.name, found)) return lockState;',
        to: 'return lockState;',
        tests: ['test/formats/real-programs.test.ts'],
      },
    ],
  },
  {
    file: 'src/lock/waiting/acquisition.ts',
    tests: ['test/lock/waiting.test.ts', 'test/waiting/timeout.test.ts'],
    mutants: [
      {
        what: 'takes over the file of an owner that is not dead',
        from: "const moving = lockState.state === 'stale';",
        to: "const moving = lockState.state !== 'free';",
        tests: ['test/lock/file-at-path.test.ts'],
      },
      {
        what: "another program's lease on owner.json ends the waiting",
        from: 'if (isLeased(error)) return LEASE_OF_OTHERS;',
        to: '',
        tests: ['test/lock/file-lease.test.ts'],
      },
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
        from: 'Math.min(this.#vary(interval), lookAgainIn ?? Number.POSITIVE_INFINITY)',
        to: 'this.#vary(interval)',
      },
      {
        what: 'a look that must not come late is varied',
        from: 'Math.min(this.#vary(interval), lookAgainIn ?? Number.POSITIVE_INFINITY)',
        to: 'this.#vary(Math.min(interval, lookAgainIn ?? Number.POSITIVE_INFINITY))',
      },
      { what: 'all waiters look in step', from: 'ms * (1 + JITTER * (2 * this.#random() - 1))', to: 'ms' },
    ],
  },
  {
    file: 'src/lock/waiting/queue.ts',
    tests: ['test/waiting/queue.test.ts'],
    mutants: [
      {
        what: 'waiters that judge by different options share what they see',
        from: 'RULES.map((name) => options[name]).join()',
        to: "''",
      },
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
        from: 'line.turnEnds = monotonicMs() + TURN;',
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
        from: ' || !traitsOf(owner.filesystem.type).testableWitness) return false;',
        to: ') return false;',
      },
      {
        what: 'the death of an older program’s owner makes a sound',
        from: 'record.version !== null || hasPidfd',
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
        from: "if (watch.block(monitor, end, ms) === 'exit') closeEnd();",
        to: 'watch.block(monitor, end, ms);',
      },
      {
        what: 'what happens to a file under another mount is heard',
        from: "if (record.witness !== null && lockFileOf(record, owner, NO_SURROUNDINGS) !== 'recorded') return false;",
        to: '',
        tests: ['test/waiting/lifeline.test.ts'],
      },
      {
        what: 'a lifeline that cannot be watched is heard',
        from: '    this.#isComplete = false;\n    this.#wakeup.wake();',
        to: '',
        tests: ['test/waiting/lifeline.test.ts'],
      },
      {
        what: 'a blocked thread does not hear of the end of a lifeline',
        from: "lifeline === null ? 'ENOENT' : watch.openLifelineSignal(lifeline.text)",
        to: "'ENOENT'",
        tests: ['test/waiting/lifeline.test.ts'],
      },
    ],
  },
  {
    file: 'src/lock/waiting/lifeline-to-watch.ts',
    tests: ['test/waiting/lifeline.test.ts'],
    mutants: [
      {
        what: 'the lifeline of the lock itself is not watched',
        from: "lifeline !== null && test(lifeline) === 'held'",
        to: 'false',
      },
      {
        what: 'the lifeline of the process tells of a release',
        from: 'isOfLock: false',
        to: 'isOfLock: true',
      },
      {
        what: 'a lifeline is watched beside a witness',
        from: "lockFileOf(record, owner, NO_SURROUNDINGS) === 'recorded'",
        to: 'false',
      },
      {
        what: 'who inherited a lock is thought to keep its file open',
        from: 'witness !== null && !handedOver &&',
        to: 'witness !== null &&',
      },
    ],
  },
  {
    file: 'src/watch/kernel-event.ts',
    tests: ['test/watch/lifeline.test.ts'],
    mutants: [
      {
        what: 'the lifeline of a process tells of a lock that was handed over',
        from: 'handedOver ? null : identity.lifeline, words',
        to: 'identity.lifeline, words',
      },
      {
        what: 'the process is watched and not the lifeline of the lock itself',
        from: '      watchLifeline(observer, watch, lifeline, words, place) ??\n',
        to: '',
      },
      {
        what: 'where the record stood is forgotten',
        from: 'file === null ? {} : { filesystem: typeOfFile(file) }',
        to: '{}',
      },
      {
        what: 'the end of a lifeline is a death',
        from: 'toEvent(watch.onLifelineFree(lifeline, words, 0), place)',
        to: "toEvent(watch.onLifelineFree(lifeline, words, 0), { heldPidfd: 'exited' })",
      },
    ],
  },
  {
    file: 'src/lock/search-users.ts',
    tests: ['test/cli/holders.test.ts'],
    mutants: [
      {
        what: 'a process that only took the lock, and is gone, is named as its holder',
        from: ' && isThere(line.pid)',
        to: '',
      },
      {
        what: 'nobody says from whom a lock was inherited',
        from: 'taker === numberOf(pid) ? null : taker',
        to: 'null',
      },
    ],
  },
  {
    file: 'src/lock/holder-search.ts',
    tests: ['test/cli/holders.test.ts'],
    mutants: [
      {
        what: 'the lock on a file beside is not searched',
        from: '[path, ...siblingPaths(path)]',
        to: '[path]',
      },
    ],
  },
  {
    file: 'src/identity/describe-process.ts',
    tests: ['test/cli/holders.test.ts'],
    mutants: [
      {
        what: 'a number is described by a foreign /proc',
        from: 'if (!self && !ownProc) return',
        to: 'if (false) return',
      },
      {
        what: 'a command line is not cut',
        from: 'shortened(words, MAX_COMMAND)',
        to: 'words',
      },
      {
        what: 'every process is a thread of the kernel',
        from: 'relations === null ? null : isKernelThread(relations)',
        to: 'true',
      },
    ],
  },
  {
    file: 'src/dump/stand-ins.ts',
    tests: ['test/dump/redact.test.ts'],
    mutants: [
      {
        what: 'the first part of a full host name stays',
        from: 'if (domain.length > 0) this.#learnAlso(short, word);',
        to: '',
      },
      { what: 'the domain of a host stays', from: 'rest.length > 1;', to: 'false;' },
      {
        what: 'a path that only an error message names stays',
        from: '[...named, ...UNLEARNT]',
        to: '[...named]',
      },
    ],
  },
  {
    file: 'src/dump/redact.ts',
    tests: ['test/dump/redact.test.ts'],
    mutants: [
      {
        what: 'a redacted dump shows the container that a stranger names',
        from: "  containerId: 'container',",
        to: "  containerId: 'shown',",
      },
      {
        what: 'a redacted dump shows command lines',
        from: "  command: 'command',",
        to: "  command: 'shown',",
      },
      { what: 'a redacted dump shows users', from: "  user: 'user',", to: "  user: 'shown'," },
      {
        what: 'a redacted dump shows what it does not know',
        from: '?? HIDDEN;',
        to: "?? 'shown';",
      },
      {
        what: 'names among other words stay',
        from: "return treatment === 'text' ? names.inText(text)",
        to: "return treatment === 'text' ? text",
      },
    ],
  },
];
