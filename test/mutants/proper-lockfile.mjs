// Mistakes in what stands in the place of proper-lockfile.

const API = ['test/proper-lockfile/api.test.ts'];
const OVER_TIME = ['test/proper-lockfile/over-time.test.ts'];
const RECLAIMERS = ['test/proper-lockfile/reclaimers.test.ts'];
const KERNEL = ['test/proper-lockfile/kernel-place.test.ts'];
const ODD = ['test/proper-lockfile/odd.test.ts'];
const DRAFT = ['test/proper-lockfile/draft.test.ts'];
const HALTED = ['test/proper-lockfile/halted.test.ts'];

/** @type {import('./list.mjs').MutatedFile[]} */
export const files = [
  {
    file: 'src/proper-lockfile/take.ts',
    tests: RECLAIMERS,
    mutants: [
      {
        what: 'what was seen before the guard was taken is removed without another look',
        from: 'if (!isAbandoned(seen, staleMs) || !(yield* place.remove(seen))) return null;',
        to: 'if (!(yield* place.remove(seen))) return null;',
      },
      {
        what: 'an abandoned lock is removed without the guard',
        from: '  if (guard === null) return null;\n',
        to: '',
      },
      {
        what: 'the guard stays',
        from: "if ((yield* guard.check()) === 'own') yield* guard.remove();",
        to: 'yield* guard.check();',
      },
      {
        what: 'the guard of another is removed',
        from: "if ((yield* guard.check()) === 'own') yield* guard.remove();",
        to: 'yield* guard.remove();',
        tests: HALTED,
      },
      {
        what: 'a lock of somebody on an old directory is not asked for',
        from: 'return seen.ageMs > staleMs && !seen.isLocked();',
        to: 'return seen.ageMs > staleMs;',
        tests: KERNEL,
      },
      {
        what: 'a lock that is known to be held grows old',
        from: "if (seen.state !== 'silent') return seen.state === 'dead';",
        to: "if (seen.state === 'dead') return true;",
        tests: API,
      },
    ],
  },
  {
    file: 'src/proper-lockfile/acquire.ts',
    tests: KERNEL,
    mutants: [
      {
        what: 'whoever freed a lock forgets it when another comes first',
        from: 'taken = { ...result, reclaimed };',
        to: 'taken = result;',
      },
      {
        what: 'a waiter stays with the directory that it came to',
        from: '      place.close();\n      place = next;\n',
        to: '      next.close();\n',
      },
    ],
  },
  {
    file: 'src/proper-lockfile/draft.ts',
    tests: DRAFT,
    mutants: [
      {
        what: 'a lock gets its name before the kernel shows its owner',
        from: `    const isShown = showOwner(lockPath, draftName, draft);
    const isMoved = moveIntoPlace(lockPath, draftName);
`,
        to: `    const isMoved = moveIntoPlace(lockPath, draftName);
    const isShown = showOwner(lockPath, lockPath.name, draft);
`,
      },
      {
        what: 'an empty directory of another is replaced',
        from: 'files.renameNoReplaceAt(parent, draftName, parent, name);',
        to: 'files.renameAt(parent, draftName, parent, name);',
        tests: KERNEL,
      },
      {
        what: 'whoever stood still has a lock whose time is old',
        from: 'if (isMoved && !making.hasPaused())',
        to: 'if (isMoved)',
        tests: HALTED,
      },
      {
        what: 'a draft that became no lock stays',
        from: '    if (made === null) discard(lockPath, draftName, draft);\n',
        to: '    void discard;\n',
      },
      {
        what: 'a lock whose time is old stays at its path',
        from: 'for (const one of [draftName, name]) {',
        to: 'for (const one of [draftName, ...(name === "" ? [name] : [])]) {',
        tests: HALTED,
      },
      {
        what: 'a draft has a name of any length',
        from: "PRIVATE_NAME_EXTRA) ? lockName : 'lock';",
        to: 'PRIVATE_NAME_EXTRA) ? lockName : lockName;',
      },
    ],
  },
  {
    file: 'src/proper-lockfile/sweep-drafts.ts',
    tests: DRAFT,
    mutants: [
      {
        what: 'a young draft is swept',
        from: 'if (isOld && !isSeenLocked',
        to: 'if (isOld !== null && !isSeenLocked',
      },
      {
        what: 'a draft that is locked is swept',
        from: 'if (isOld && !isSeenLocked(backend, directory))',
        to: 'if (isOld && isSeenLocked !== null)',
      },
      {
        what: 'drafts of all locks are swept',
        from: 'if (lockName === null || !swept.has(lockName)) return false;',
        to: 'if (lockName === null || swept.size === 0) return false;',
      },
      {
        what: 'drafts of guards stay',
        from: '[name, basename(guardPathOf(name))]',
        to: '[name, basename(name)]',
      },
    ],
  },
  {
    file: 'src/proper-lockfile/kernel-place.ts',
    tests: KERNEL,
    mutants: [
      {
        what: 'a lock that was released meanwhile counts as taken over',
        from: '        if (!isThere) return false;\n',
        to: '',
      },
      {
        what: 'whoever stood still has whatever it finds at the path',
        from: 'if (!making.isOwn(() => files.statFresh(descriptor).mtimeMs)) return false;',
        to: 'void making;',
        tests: HALTED,
      },
      {
        what: 'whoever lost its directory while it stood still has the lock',
        from: '    return files.isStillAt(parent, name, descriptor, device, inode);',
        to: '    return [parent, name, device, inode].length > 0;',
        tests: HALTED,
      },
      {
        what: 'the record of another directory counts',
        from: 'if (record === null || !isSameFile(record, status)) return silent;',
        to: 'if (record === null) return silent;',
      },
      {
        what: 'an owner whose byte is hidden is dead',
        from: "test === 'free' ? 'dead' : 'silent'",
        to: "'dead'",
      },
      {
        what: 'the lock on a directory that may not be opened is not asked for',
        from: 'return listsAnyLock(this.status, false);',
        to: 'return listsAnyLock === undefined;',
        tests: ODD,
      },
      {
        what: 'a file at the path grows old',
        from: "if (status.kind !== 'directory') return { state: 'held', ageMs, record: null };",
        to: '',
        tests: API,
      },
    ],
  },
  {
    file: 'src/proper-lockfile/kernel-made.ts',
    tests: OVER_TIME,
    mutants: [
      {
        what: 'the time of the directory is not set',
        from: 'this.#beat = lease.start(descriptor, updateMs, () => report(this.#howLost() ?? NOT_KEPT), patienceMs);',
        to: 'void [lease, descriptor, NOT_KEPT, patienceMs];',
      },
      {
        what: 'a lock that the kernel cannot show is never lost by its time',
        from: 'this.#isShown ? Number.POSITIVE_INFINITY : staleMs',
        to: 'this.#isShown ? staleMs : Number.POSITIVE_INFINITY',
        tests: ODD,
      },
      {
        what: 'whoever may not look any more ends with an error',
        from: '      if (isSystemError(error)) return null;\n',
        to: '      void isSystemError;\n',
        tests: ODD,
      },
      {
        what: 'whatever stands at the path is the own directory',
        from: "device, inode) ? 'own' : 'replaced'",
        to: "device, inode) ? 'own' : 'own'",
        tests: API,
      },
    ],
  },
  {
    file: 'src/proper-lockfile/options.ts',
    tests: ODD,
    mutants: [
      {
        what: 'an option that is given as undefined is the default',
        from: '{ stale: DEFAULT_STALE, realpath: true, ...options }',
        to: '{ ...options, stale: options?.stale ?? DEFAULT_STALE, realpath: options?.realpath ?? true }',
      },
      {
        what: 'a path goes up from a link by its text',
        from: "|| !lockfilePath.includes('..')",
        to: '|| true',
      },
    ],
  },
  {
    file: 'src/proper-lockfile/guard.ts',
    tests: ODD,
    mutants: [
      {
        what: 'a guard has a name of any length',
        from: 'return fitsWith(name, ENDING.length) ?',
        to: "return path !== '' ?",
      },
    ],
  },
  {
    file: 'src/proper-lockfile/engine.ts',
    tests: API,
    mutants: [
      {
        what: 'a module with another stat is node:fs',
        from: '|| String(fs[name]) === String(fs[twin])',
        to: '|| [name, twin].length > 0',
      },
      {
        what: 'graceful-fs is not node:fs',
        from: ' || String(fs[name]) === String(fs[twin])',
        to: ' || fs[twin] === 0',
      },
    ],
  },
  {
    file: 'src/proper-lockfile/held.ts',
    tests: API,
    mutants: [
      {
        what: 'a lock stays whose acquisition fails in the end',
        from: '      yield* held.release();\n',
        to: '',
        tests: ODD,
      },
      {
        what: 'a release removes the lock of another',
        from: "if ((yield* this.#made.check()) === 'replaced') {",
        to: "if ((yield* this.#made.check()) === ('never' as string)) {",
      },
      {
        what: 'a second release is one',
        from: 'if (this.#isOver) throw released(this.file);',
        to: 'if (this.#isOver) return;',
      },
    ],
  },
  {
    file: 'src/proper-lockfile/making.ts',
    tests: ['test/proper-lockfile/making.test.ts'],
    mutants: [
      {
        what: 'a suspended machine is no pause',
        from: 'Math.max(this.#wallPassedMs(), monotonicMs() - this.#awakeMs)',
        to: '(monotonicMs() - this.#awakeMs)',
      },
      {
        what: 'a clock that was set back hides a pause',
        from: 'Math.max(this.#wallPassedMs(), monotonicMs() - this.#awakeMs)',
        to: 'this.#wallPassedMs()',
      },
      {
        what: 'the time of a directory is trusted although the clock was set back',
        from: 'return this.#wallPassedMs() >= this.#limitMs && ',
        to: 'return ',
      },
      {
        what: 'a directory from before the start is the own one',
        from: 'Math.abs(mtimeMs() - this.#wallMs)',
        to: 'mtimeMs() - this.#wallMs',
      },
    ],
  },
  {
    file: 'src/proper-lockfile/fs-made.ts',
    tests: [...API, ...OVER_TIME],
    mutants: [
      {
        what: 'whoever stood still has whatever it finds at the path, without the addon',
        from: 'return making.isOwn(() => mtimeMs) ? new FsMade(path, fs, drive, stats) : null;',
        to: 'return making.isOwn(() => mtimeMs) || stats ? new FsMade(path, fs, drive, stats) : null;',
        tests: HALTED,
      },
      {
        what: 'whoever stood still while it set the time takes the directory of another for its own',
        from: 'if (this.#stats !== null && isAnother(this.#stats, found)) return REPLACED;',
        to: 'void isAnother;',
        tests: HALTED,
      },
      {
        what: 'whatever stands at the path is the own directory, without the addon',
        from: "? 'own' : 'replaced';",
        to: "? 'own' : 'own';",
      },
      {
        what: 'only the time shows whose the directory is',
        from: 'return isSame || found.mtime',
        to: 'return found.mtime',
      },
      {
        what: 'a time that cannot be set is no loss',
        from: 'if (monotonicMs() - this.#keptAtMs > staleMs && this.#isKept)',
        to: 'if (this.#keptAtMs < 0)',
      },
    ],
  },
  {
    file: 'src/proper-lockfile/seen-silence.ts',
    tests: OVER_TIME,
    mutants: [
      {
        what: 'a time in the future never grows old',
        from: 'return silence.add(signature, { startedMs: now, endedMs: now }, beatMs);',
        to: 'void silence; void signature; void beatMs; void now; return 0;',
      },
      {
        what: 'a time in the future is an old one',
        from: 'if (ageMs >= 0) return ageMs;',
        to: 'return Math.abs(ageMs);',
      },
    ],
  },
  {
    file: 'src/proper-lockfile/engine.ts',
    tests: KERNEL,
    mutants: [
      {
        what: 'plain Node does not look for the lock of a stopped owner',
        from: 'return isSeenLocked(lockPath.backend, directory);',
        to: 'return false;',
      },
    ],
  },
  {
    file: 'src/lock/at-exit.ts',
    tests: ['test/lock/hold-options.test.ts'],
    mutants: [{ what: 'nothing is released at the exit', from: '  locks.add(lock);\n', to: '' }],
  },
  {
    file: 'src/lock/directory-touch.ts',
    tests: ['test/lock/hold-options.test.ts'],
    mutants: [
      {
        what: 'owner.json is touched in place of the directory',
        from: 'start(published.directory,',
        to: 'start(published.owner.descriptor,',
      },
    ],
  },
];
