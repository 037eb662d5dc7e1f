// Mistakes in locks by name, and in locks on a server.

/** @type {import('./list.mjs').MutatedFile[]} */
export const files = [
  {
    file: 'src/engine/lifeline-watches.ts',
    tests: ['test/engine/agent.test.ts'],
    mutants: [
      {
        what: 'a process whose descriptor is watched is watched again for each of its locks',
        from: 'this.#watched.get(lifeline) ?? this.#start(lifeline, process)',
        to: 'this.#start(lifeline, process)',
      },
      {
        what: 'a process that can be seen is not watched by a descriptor',
        from: 'this.#pidfds >= MAX_PIDFDS',
        to: 'this.#pidfds >= 0',
      },
      {
        what: 'what wakes the watch of a process counts as its end',
        from: "if (backend.lifeline.test(lifeline) !== 'held') this.#onEnd(lifeline);",
        to: 'this.#onEnd(lifeline);',
      },
    ],
  },
  {
    file: 'src/engine/agent.ts',
    tests: ['test/engine/agent.test.ts'],
    mutants: [
      {
        what: 'the agent watches a lifeline for each lock, which wakes it a hundred times as long',
        from: 'const ofProcess = process?.lifeline ?? null;',
        to: 'const ofProcess = null as string | null;',
      },
      {
        what: 'the agent forgets a lock whose process has ended before the lock',
        from: 'if (tracked.lifeline === lifeline) this.#onDeath(tracked);',
        to: 'if (lifeline !== null) this.#onDeath(tracked);',
      },
      {
        what: 'the agent never looks at the lifelines of locks whose process lives',
        from: '    this.#lookAtLifelines();\n',
        to: '',
      },
      {
        what: 'an agent that is told to end waits for the answer of the server',
        from: 'await untilAborted(signal, this.#lookAtAll(signal));',
        to: 'await this.#lookAtAll(signal);',
        tests: ['test/engine/unreachable.test.ts'],
      },
    ],
  },
  {
    file: 'src/errors.ts',
    tests: ['test/host/etcd-entry.test.ts'],
    mutants: [
      {
        what: 'an error of another program is one of this package if it has the same code',
        from: 'if (error[MARK] !== true) return false;',
        to: '',
      },
      {
        what: 'an error of another copy is of every class that there is',
        from: "return Object.hasOwn(this, 'code') ? this.code === error.code :",
        to: "return Object.hasOwn(this, 'code') ? true :",
      },
      {
        what: 'an error of another copy is of the classes that a program derived',
        from: "Object.hasOwn(this, 'code') ?",
        to: "'code' in this ?",
      },
      {
        what: 'an error of another copy is of a class that a program derived from the base class',
        from: 'Object.is(this, KernelIdentityError)',
        to: 'true',
      },
    ],
  },
  {
    file: 'src/engine/proof-of-death.ts',
    tests: ['test/engine/renewals.test.ts', 'test/engine/etcd.test.ts'],
    mutants: [
      {
        what: 'a lease that is renewed after the death of its owner is taken for that of the dead',
        from: 'if (renewals?.isLaterThan(diedAt)) return Number.POSITIVE_INFINITY;',
        to: '',
      },
      {
        what: 'a record of a file in an entry is judged by its process, which may have run on any machine',
        from: 'filesystem === PLACE ?',
        to: 'true ?',
      },
      {
        what: 'the record of another program in an entry is judged by its bare pid',
        from: 'nonce !== null && identity !== null && filesystem === PLACE',
        to: 'true || nonce !== null || identity !== null || filesystem === PLACE',
      },
      {
        what: 'a lock whose lease a copy of the machine renews is removed',
        from: 'if (renewals?.areOfTwo) return Number.POSITIVE_INFINITY;',
        to: '',
      },
      {
        what: 'settle is forgotten',
        from: 'const settle = Math.max(this.settle, owner?.lease?.settleMs ?? 0);',
        to: 'const settle = owner?.lease?.settleMs ?? 0;',
      },
      {
        what: 'the settle that the owner wants is void where the one who sees its death has none',
        from: 'const settle = Math.max(this.settle, owner?.lease?.settleMs ?? 0);',
        to: 'const settle = this.settle;',
      },
      {
        what: 'records of engines are placed on a filesystem of one kernel, where a free lifeline alone is a death',
        from: "export const PLACE = 'etcd';",
        to: "export const PLACE = 'ext';",
      },
    ],
  },
  {
    file: 'src/engine/watch-inspections.ts',
    tests: ['test/engine/watch-inspections.test.ts'],
    mutants: [
      {
        what: 'who watches is left with the last owner while nobody can see it',
        from: "return { ...last, state: 'unknown', verdict: null, description };",
        to: 'return last;',
      },
      {
        what: 'an outage keeps the verdict of before',
        from: "state: 'unknown', verdict: null,",
        to: "state: 'unknown',",
      },
    ],
  },
  {
    file: 'src/engine/reclaim-patiently.ts',
    tests: ['test/engine/reclaim-patiently.test.ts'],
    mutants: [
      {
        what: 'reclaim waits for ever for the lease of an owner that lives elsewhere',
        from: 'if (askedAt + leftMs >= endsBy) return end(true);',
        to: '',
      },
      {
        what: 'reclaim does not wait for the end of a lease',
        from: 'if (waited >= timeout) return end(false);',
        to: 'return end(false);',
      },
      {
        what: 'reclaim takes a lease that runs out for one that is renewed, because the server rounds it',
        from: 'monotonicMs() + leftMs + ROUNDING',
        to: 'monotonicMs() - ROUNDING',
      },
      {
        what: 'reclaim waits for an entry without a lease, which nothing removes',
        from: 'if (entry.lease === null) return end(false);',
        to: 'if (entry.lease === null) await new Promise(() => setTimeout(() => {}, 60_000));',
      },
    ],
  },
  {
    file: 'src/engine/renewals.ts',
    tests: ['test/engine/renewals.test.ts'],
    mutants: [
      {
        what: 'a second process that renews a lease is forgotten',
        from: 'if (gap < ttlMs / PER_TTL - RESOLUTION) this.#areOfTwo = true;',
        to: 'this.#areOfTwo = gap < ttlMs / PER_TTL - RESOLUTION;',
      },
      {
        what: 'the rounding of the server counts as a second process',
        from: 'const RESOLUTION = 1_250;',
        to: 'const RESOLUTION = 250;',
      },
    ],
  },
  {
    file: 'src/engine/candidate.ts',
    tests: ['test/engine/etcd.test.ts', 'test/engine/contract.test.ts'],
    mutants: [
      {
        what: 'what a late request has left under the own key is taken for the own entry',
        from: 'if (place.mine.text === text) return place;',
        to: 'return place;',
      },
      {
        what: 'one who gives up stays in line',
        from: 'if (this.entry !== null) await removeOwn(this.#engine, this.entry);',
        to: '',
        tests: ['test/engine/etcd.test.ts'],
      },
      {
        what: 'an acquisition that close() ends calls the server unavailable',
        from: 'throw this.#isClosed ? this.#ended : error;',
        to: 'throw error;',
        tests: ['test/engine/closing.test.ts'],
      },
      {
        what: 'a lock is won by a lease that is over',
        from: 'if (!this.#session.isAlive) throw this.#sessionGone(LEASE_LATE);',
        to: '',
        tests: ['test/engine/lease.test.ts'],
      },
      {
        what: 'the one behind an owner holds the lock too',
        from: 'if (ahead.length === 0) return this.#won(mine, found.position);',
        to: 'if (ahead.length <= 1) return this.#won(mine, found.position);',
        tests: ['test/engine/contract.test.ts'],
      },
    ],
  },
  {
    file: 'src/engine/engine-lock.ts',
    tests: ['test/engine/etcd.test.ts'],
    mutants: [
      {
        what: 'a removal whose answer was lost is called a loss, though the lock was held to its end',
        from: "if (end === 'gone' || end === 'overwritten') throw this.#declareLost(LOSSES[end]);",
        to: "if (end !== 'removed') throw this.#declareLost(LOSSES.gone);",
        tests: ['test/engine/etcd-engine.test.ts'],
      },
      {
        what: 'a lock that the server had until its release is called lost, because of a clock',
        from: "if (end !== 'removed' && !session.isAlive)",
        to: 'if (!session.isAlive)',
        tests: ['test/engine/lease.test.ts'],
      },
      {
        what: 'nobody watches the own entry',
        from: '      this.verify().catch(() => {});',
        to: '',
      },
      {
        what: 'a lock is held whatever its lease',
        from: "return this.#state === 'held' && this.#won.session.isAlive;",
        to: "return this.#state === 'held';",
      },
      {
        what: 'a command of run does not inherit the lifeline, so that its lock is taken when run is killed',
        from: 'if (lifeline?.descriptor != null) stdio.push(lifeline.descriptor);',
        to: '',
        tests: ['test/engine/commands.test.ts'],
      },
    ],
  },
  {
    file: 'src/engine/own-entry.ts',
    tests: ['test/engine/own-entry.test.ts'],
    mutants: [
      {
        what: 'the owner does not record its settle',
        from: '  if (settle === 0) return',
        to: '  if (settle >= 0) return',
        tests: ['test/engine/etcd.test.ts'],
      },
      {
        what: 'an entry counts as its own whatever another program has written over it',
        from: "return found?.token === entry.token ? 'overwritten' : 'gone';",
        to: "return found?.token === entry.token ? null : 'gone';",
      },
      {
        what: 'what another program has written over an entry stays for ever',
        from: '    await engine.removeIf(found);\n',
        to: '',
      },
    ],
  },
  {
    file: 'src/engine/session.ts',
    tests: ['test/engine/etcd.test.ts'],
    mutants: [
      {
        what: 'what a copy of this process has made is taken for a leftover of a late request',
        from: 'if (this.#written.has(text)) return true;',
        to: 'return true;',
        tests: ['test/engine/twins.test.ts'],
      },
      {
        what: 'a session that ends takes the locks of a copy of this process along',
        from: 'if (own.length === left.length) await',
        to: 'await',
        tests: ['test/engine/twins.test.ts'],
      },
      {
        what: 'a closed session leaves its locks to the lease',
        from: 'const removal = this.#removeAll(holdings);',
        to: 'const removal = Promise.resolve();',
        tests: ['test/engine/contract.test.ts'],
      },
      {
        what: 'an entry whose answer does not come keeps the lease at close(), and blocks everybody for its time',
        from: 'const own = left.filter(({ text }) => this.#written.has(text));',
        to: 'const own: typeof left = [];',
        tests: ['test/engine/closing.test.ts'],
      },
      {
        what: 'what another program has written over an entry stays for ever after close()',
        from: 'entriesOf(holdings).map((entry) => removeOwn(this.#engine, entry))',
        to: 'entriesOf(holdings).map((entry) => this.#engine.removeIf(entry))',
        tests: ['test/engine/closing.test.ts'],
      },
      {
        what: 'close() waits for an unreachable server as long as a call does',
        from: 'const CLOSE_PATIENCE = 2_000;',
        to: 'const CLOSE_PATIENCE = 20_000;',
        tests: ['test/engine/unreachable.test.ts'],
      },
      {
        what: 'an entry that a late request has left stays',
        from: ' await this.#engine.removeIf(entry);',
        to: ' continue;',
      },
      {
        what: 'the look at the own entries asks one server alone, so that nobody sees that the cluster went back',
        from: 'const entries = await this.#engine.entriesOf(this.lease.id);',
        to: "const entries = [...this.#holdings.values()].flatMap(({ entry }) => (entry === null ? [] : [entry])); if ((await this.#engine.stateOf(this.lease.id)) === null) this.lose('the server has ended its lease');",
        tests: ['test/engine/restored.test.ts'],
      },
      {
        what: 'an exit leaves the lock to the lease',
        from: 'if (entries.length > 0) this.lease.removeBlocking(entries);',
        to: '',
      },
    ],
  },
  {
    file: 'src/engine/file-locks.ts',
    tests: ['test/engine/contract.test.ts'],
    mutants: [
      {
        what: 'a lock in a file is acquired after close(), and nobody releases it',
        from: '    if (this.#isClosed) {\n',
        to: '    if (this.#isClosed && name === null) {\n',
      },
    ],
  },
  {
    file: 'src/engine/acquisition.ts',
    tests: ['test/engine/contract.test.ts'],
    mutants: [
      {
        what: 'two tasks of one process share an entry, and both hold the lock',
        from: 'if (this.#turns.first(this.#name) !== this) await this.#awaitTurn();',
        to: '',
      },
      {
        what: 'a server that was not there in time is called a busy lock',
        from: 'if (hindrance === null) return this.#engine.unavailable(waited);',
        to: 'if (hindrance === null) return new Error(String(waited));',
        tests: ['test/engine/unreachable.test.ts'],
      },
      {
        what: 'a lock that another task held for nearly all the time is called an unreachable server',
        from: 'this.#waitedForTurn * 2 > waited ? this.#ahead : null;',
        to: 'this.#waitedForTurn * 2 > waited ? null : null;',
        tests: ['test/engine/unreachable.test.ts'],
      },
      {
        what: 'a task that waits for another one does not hear of the next one',
        from: '        changed();\n',
        to: '',
      },
    ],
  },
  {
    file: 'src/engine/etcd/etcd-engine.ts',
    tests: ['test/engine/etcd.test.ts'],
    mutants: [
      {
        what: 'an answer about nothing says that there are no entries, so that a lease is ended which a copy uses',
        from: "if (answer.get('ID') !== request.ID) throw this.#reader.nonsense('nothing of the lease');",
        to: '',
        tests: ['test/engine/etcd-engine.test.ts'],
      },
      {
        what: 'the entries after the first page are left out, so that no agent sees their owners',
        from: 'if (found.length < PAGE) return',
        to: 'if (found.length >= 0) return',
        tests: ['test/engine/etcd-engine.test.ts'],
      },
    ],
  },
  {
    file: 'src/engine/etcd/entry-reader.ts',
    tests: ['test/engine/etcd-engine.test.ts'],
    mutants: [
      {
        what: 'an answer without what was asked says that nobody is in line',
        from: ' || ranges.length < asked',
        to: '',
      },
    ],
  },
  {
    file: 'src/engine/etcd/post.ts',
    tests: ['test/engine/etcd-engine.test.ts', 'test/engine/lease.test.ts'],
    mutants: [
      {
        what: 'a release at a slow server is called a loss, because another server finds the entry gone',
        from: 'if (open > 0 && isDoubtful(value))',
        to: 'if (false)',
      },
    ],
  },
  {
    file: 'src/engine/etcd/removal.ts',
    tests: ['test/engine/etcd-engine.test.ts'],
    mutants: [
      {
        what: 'a removal does not compare the revision, so that a successor under the same key is removed',
        from: "[{ key: name, target: 'MOD', mod_revision: version, result: 'EQUAL' }]",
        to: '[]',
        tests: ['test/engine/etcd-engine.test.ts'],
      },
    ],
  },
  {
    file: 'src/engine/etcd/options.ts',
    tests: ['test/engine/address.test.ts'],
    mutants: [
      {
        what: 'who gives certificates sends the password in clear text all the same',
        from: "tls !== undefined && all.some(({ protocol }) => protocol === 'http:')",
        to: 'false',
      },
      {
        what: 'servers that are given beside an address are ignored, and the locks are on others',
        from: '(Object(options) as Record<string, unknown>)[name] === undefined',
        to: 'true',
      },
      {
        what: 'a key that is not that of the certificate is sent to the server again and again',
        from: "process.getBuiltinModule('node:tls').createSecureContext(tls);",
        to: '',
      },
      {
        what: 'an option of node:tls turns the verification of the server off',
        from: '  requireOptions(tls, TLS_OPTIONS);\n',
        to: '',
      },
      {
        what: 'an error shows the password of an address',
        from: "  if (text.includes('@')) throw secretInAddress();\n",
        to: '',
      },
    ],
  },
  {
    file: 'src/engine/etcd/address.ts',
    tests: ['test/engine/address.test.ts'],
    mutants: [
      {
        what: 'the name in an address is ignored, so that another lock is meant than was written',
        from: "if (address.name === '') return address;",
        to: 'return address;',
      },
      {
        what: 'a scheme within an address is taken for a host',
        from: 'if (!areHosts || !isPrefix(prefix))',
        to: 'if (!isPrefix(prefix))',
      },
    ],
  },
  {
    file: 'src/engine/etcd/answers.ts',
    tests: ['test/engine/answers.test.ts'],
    mutants: [
      {
        what: 'the text of a stranger fills a message with its lines',
        from: 'return oneLine(reason === undefined',
        to: 'return String(reason === undefined',
      },
      {
        what: 'a server without TLS counts as one that refuses this client',
        from: 'TLS_ERROR.test(code) && !NO_TLS.test(code)',
        to: 'TLS_ERROR.test(code)',
      },
      {
        what: 'a server that is asked too much for a moment is given up at once',
        from: 'return isFull(error.message);',
        to: 'return true;',
      },
    ],
  },
  {
    file: 'src/engine/etcd/gateway.ts',
    tests: ['test/engine/etcd.test.ts'],
    mutants: [
      {
        what: 'what is no answer to a removal says that the entry is not there',
        from: 'if (this.#check(answer, reads ? seenBefore : 0n)) return answer;',
        to: 'this.#check(answer, reads ? seenBefore : 0n); if (answer !== null) return answer;',
        tests: ['test/engine/etcd-engine.test.ts'],
      },
      {
        what: 'revisions that go back are not noticed, so that fencing tokens come twice',
        from: 'if (revision < atLeast) this.#endRestored',
        to: 'if (false) this.#endRestored',
      },
      {
        what: 'another cluster is not noticed',
        from: 'if (cluster !== this.#cluster) this.#endRestored',
        to: 'if (false) this.#endRestored',
        tests: ['test/engine/restored.test.ts'],
      },
      {
        what: 'a request that close() breaks off goes to the next server',
        from: '(error: unknown) => this.#isClosed || isFinal(error);',
        to: '(error: unknown) => isFinal(error);',
        tests: ['test/engine/unreachable.test.ts'],
      },
      {
        what: 'a watch of another cluster is believed',
        from: '        if (!this.#isOfCluster(result)) return false;\n',
        to: '',
        tests: ['test/engine/restored.test.ts'],
      },
    ],
  },
  {
    file: 'src/engine/etcd/lease.ts',
    tests: ['test/engine/lease.test.ts'],
    mutants: [
      {
        what: 'the thread that renews a lease keeps the program alive',
        from: '    this.#worker.unref();\n',
        to: '',
        tests: ['test/engine/closing.test.ts'],
      },
      {
        what: 'the lease counts for longer than the server granted',
        from: 'this.#patience = ttlMs - marginOf(ttlMs);',
        to: 'this.#patience = 2 * ttlMs;',
      },
    ],
  },
  {
    file: 'src/engine/etcd/beats.ts',
    tests: ['test/engine/lease.test.ts'],
    mutants: [
      {
        what: 'a renewal counts from its answer, and not from the moment when it was sent',
        from: '    sent.forEach((us, clock)',
        to: '    stamp(sent);\n    sent.forEach((us, clock)',
      },
      {
        what: 'the thread renews without the certificates',
        from: 'const tls = task.tls ?? {};',
        to: 'const tls = {};',
        tests: ['test/engine/etcd.test.ts'],
      },
      {
        what: 'what is no answer to a renewal renews the lease, or ends it',
        from: 'if (status !== 200 || !(Number(revision) > 0)) throw',
        to: 'if (status !== 200 || answer.result === undefined) throw',
      },
      {
        what: 'a lease that the server has ended goes on',
        from: "if (!(answer.value > 0)) return end(answer.value === 'elsewhere' ? 'elsewhere' : 'ended');",
        to: '',
      },
      {
        what: 'another cluster renews the lease',
        from: 'return cluster === task.cluster ? ',
        to: 'return true ? ',
        tests: ['test/engine/restored.test.ts'],
      },
      {
        what: 'a blocked event loop counts on a lease that was ended',
        from: '  task.sentAt.forEach((_, clock) => Atomics.store(task.sentAt, clock, -(2n ** 60n)));\n',
        to: '',
        tests: ['test/engine/etcd.test.ts'],
      },
      {
        what: 'renewals that hang hide that time is over',
        from: "/ 1000 >= task.patience) end('late');",
        to: "/ 1000 >= task.patience * 9) end('late');",
      },
    ],
  },
  {
    file: 'src/cli/engine.ts',
    tests: ['test/engine/restored.test.ts'],
    mutants: [
      {
        what: 'the agent ends after the restore of a backup, and nobody sees the dead any more',
        from: 'if (!(error instanceof EngineRestoredError)) throw error;',
        to: 'throw error;',
      },
    ],
  },
  {
    file: 'src/cli/run.ts',
    tests: ['test/engine/commands.test.ts'],
    mutants: [
      {
        what: 'the command of run does not hear that run was killed, and outlives its lease',
        from: "const endsWithThis = isAddress(request.path) && request.onLost === 'end';",
        to: 'const endsWithThis = false;',
      },
      {
        what: 'a command whose loss is to be ignored is ended with run',
        from: "isAddress(request.path) && request.onLost === 'end';",
        to: 'isAddress(request.path);',
      },
    ],
  },
  {
    file: 'src/cli/engine.ts',
    tests: ['test/engine/commands.test.ts'],
    mutants: [
      {
        what: 'run waits for an unreachable server though it was told to end',
        from: 'const patience = isToEnd() ? HURRY : Number.POSITIVE_INFINITY;',
        to: 'const patience = isToEnd() ? 20_000 : Number.POSITIVE_INFINITY;',
        tests: ['test/engine/unreachable.test.ts'],
      },
      {
        what: 'the agent trusts the boot id, and removes the locks of owners that it never saw alive',
        from: '{ trustBootId: false },',
        to: '{ trustBootId: true },',
      },
    ],
  },
];
