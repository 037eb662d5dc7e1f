// Mistakes in reading records.

/** @type {import('./list.mjs').MutatedFile[]} */
export const files = [
  {
    file: 'src/record/ticks.ts',
    tests: ['test/record/row.test.ts', 'test/record/parse.test.ts'],
    mutants: [
      {
        what: 'start ticks of zero, which mean that none are known, differ from those of a living owner',
        from: 'value > 0 &&',
        to: 'value >= 0 &&',
      },
    ],
  },
  {
    file: 'src/record/parse.ts',
    tests: ['test/record/parse.test.ts'],
    mutants: [
      {
        what: 'a row whose identity is undefined is judged by its bare pid',
        from: "if (fields.has('identity') && fields.get('identity') === undefined)",
        to: 'if (false)',
      },
      {
        what: 'a record of nobody that names a child is taken for that of nobody',
        from: 'claims.otherPids.length > 0 ||',
        to: '',
      },
      {
        what: 'a record of nobody that gives a sign of life is taken for that of nobody',
        from: ' || claims.signs.length > 0) return false;',
        to: ') return false;',
      },
      {
        what: 'of a key that stands twice the last value counts',
        from: 'record.version === null ? unambiguous(content, record) : record',
        to: 'record',
      },
      {
        what: 'a row with an identity under a name of its own is judged by its bare pid',
        from: 'if (underAnyKey !== null) return',
        to: 'if (false) return',
        tests: ['test/record/identity-under.test.ts'],
      },
    ],
  },
  {
    file: 'src/record/row-by-keys.ts',
    tests: ['test/record/row.test.ts'],
    mutants: [
      {
        what: 'a row with a broken identity is judged by its bare pid',
        from: "if (typeof identity === 'string') return malformed(columns.problem('identity', identity));",
        to: "if (typeof identity === 'string') return recordOfPid(columns, pid);",
      },
      {
        what: 'an identity beside another pid counts',
        from: 'return pid === null || pid === identity.pid',
        to: 'return true',
      },
      {
        what: 'a pid of another host counts as one of this host',
        from: 'pidIsOfHost: hostname !== null,',
        to: 'pidIsOfHost: false,',
      },
      {
        what: 'a row whose time is no time is judged all the same',
        from: 'if (created !== null && recordedAt === null) {',
        to: 'if (false) {',
      },
    ],
  },
  {
    file: 'src/record/row-columns.ts',
    tests: ['test/record/row.test.ts'],
    mutants: [
      {
        what: 'a column that is undefined counts as NULL',
        from: 'this.#row.get(this.#names.get(key) as string) : null;',
        to: '(this.#row.get(this.#names.get(key) as string) ?? null) : null;',
      },
      {
        what: 'a pid that may be octal is read as a decimal one',
        from: 'return /^(0|[1-9]\\d{0,15})$/.test(value)',
        to: 'return /^\\d{1,16}$/.test(value)',
      },
      {
        what: 'a column that the row does not have counts as empty',
        from: 'if (!this.#row.has(name)) {',
        to: 'if (false) {',
      },
      {
        what: 'a misspelt key counts as left out',
        from: 'if (!Object.hasOwn(KEYS, key)) {',
        to: 'if (false) {',
      },
      {
        what: 'bytes are taken for an identity',
        from: "(typeof value === 'object' && !ArrayBuffer.isView(value))",
        to: "typeof value === 'object'",
      },
    ],
  },
  {
    file: 'src/record/record-time.ts',
    tests: ['test/record/row.test.ts', 'test/record/parse.test.ts'],
    mutants: [
      {
        what: 'a row that counts ticks or seconds was written in 1970',
        from: 'return ms >= FIRST_IN_MS ? toTime(ms, MS_RESOLUTION) : null;',
        to: 'return toTime(ms, MS_RESOLUTION);',
      },
      {
        what: 'the time of a row is exact where a database cut it to the second',
        from: 'time !== null && time.ms % SECOND === 0 ?',
        to: 'time !== null && false ?',
      },
      {
        what: 'a record is as old as it says, whenever its file was written',
        from: 'return touchedAt.ms > writtenAt.ms ? touchedAt : writtenAt;',
        to: 'return writtenAt;',
      },
    ],
  },
  {
    file: 'src/record/match-start.ts',
    tests: ['test/record/match-start.test.ts'],
    mutants: [
      {
        what: 'a start that is not known differs',
        from: "if (number === null || number <= 0) return 'unclear';",
        to: "if (number === null) return 'unclear';",
      },
      {
        what: 'a start by the wall clock differs, though the clock may have been set',
        from: 'if (times.length > 0 || own === null',
        to: 'if (own === null',
      },
      {
        what: 'ticks differ though the time namespace of the process is not known',
        from: 'own === null || ageMs === null || !',
        to: 'ageMs === null || !',
      },
      {
        what: 'the time since boot at which the record was written differs',
        from: 'return isInItsLife || number',
        to: 'return number',
      },
      {
        what: 'a number that is larger than the uptime differs',
        from: "number > own.ticks + age ? 'unclear'",
        to: "false ? 'unclear'",
      },
      {
        what: 'seconds since boot are ticks',
        from: 'ticks: number * TICKS_PER_SECOND, resolution',
        to: 'ticks: number, resolution',
      },
      {
        what: 'a time that psutil adds up from the cut time of the boot is another one',
        from: 'Math.abs(early) <= BTIME_ERROR_MS &&',
        to: 'false &&',
      },
    ],
  },
  {
    file: 'src/record/read-claims.ts',
    tests: ['test/record/read-claims.test.ts'],
    mutants: [
      {
        what: 'a number in a text names nobody',
        from: "return typeof value === 'string' ? (value.match(",
        to: "return typeof value === 'symbol' ? (String(value).match(",
      },
      {
        what: 'the names of a list of processes are not followed inward',
        from: 'PID.test(name) || PID.test(outer) ?',
        to: 'PID.test(name) ?',
      },
      {
        what: 'process 1, the last parent of everybody, works for the owner',
        from: 'pid === 1 && PARENT.test(name)',
        to: 'false',
      },
      {
        what: 'startedAt in ticks is no start',
        from: '|| (WRITTEN.test(name) && mayBeSinceBoot(value))',
        to: '',
      },
    ],
  },
  {
    file: 'src/record/machine-record.ts',
    tests: ['test/record/read-claims.test.ts'],
    mutants: [
      {
        what: 'bob@web-1 is of this host',
        from: "known('hostname', hostBehindUser(value))",
        to: 'null',
      },
      {
        what: 'a host that is described by several fields is this one',
        from: "return name === 'name' && ",
        to: 'return false && ',
      },
    ],
  },
  {
    file: 'src/record/named-values.ts',
    tests: ['test/record/read-claims.test.ts'],
    mutants: [
      {
        what: 'what lies too deep goes unseen',
        from: 'if (depth > MAX_DEPTH) return null;',
        to: 'if (depth > MAX_DEPTH) break;',
      },
      {
        what: 'what comes too late goes unseen',
        from: '> MAX_VALUES) return null;',
        to: '> MAX_VALUES) return values;',
      },
    ],
  },
  {
    file: 'src/record/strangers-pid.ts',
    tests: ['test/record/parse.test.ts'],
    mutants: [
      {
        what: 'a time, or a counter, is the number of a process',
        from: 'if (number <= MAX_PID) return number;',
        to: 'return number;',
      },
      {
        what: 'the number of a process group names nobody',
        from: 'return pid === 0 || pid === -1;',
        to: "return typeof pid === 'number' && pid <= 0;",
      },
    ],
  },
  {
    file: 'src/record/stated-identity.ts',
    tests: ['test/record/stated-identity.test.ts', 'test/judge/strangers/stated.test.ts'],
    mutants: [
      {
        what: 'the boot id of a stranger is that of this kernel, whatever it is',
        from: 'bootId === null || bootId !== self.bootId || ',
        to: 'bootId === null || ',
      },
      {
        what: "a boot id is the kernel's own though something is mounted over it",
        from: ' || self.bootIdNative !== true) return null;',
        to: ') return null;',
      },
    ],
  },
  {
    file: 'src/judge/strangers/stated.ts',
    tests: ['test/judge/strangers/stated.test.ts', 'test/judge/strangers/hidden-owner.test.ts'],
    mutants: [
      {
        what: "the number of a thread is not its writer's",
        from: "if (answer.reason === 'pid-is-thread') return null;",
        to: '',
      },
      {
        what: 'a start in another unit is another process',
        from: "if (answer.reason === 'pid-reused' && !isBornAnew(judged)) return null;",
        to: '',
      },
      {
        what: 'a start that differs in another namespace is another process',
        from: 'return isHere && birth',
        to: 'return birth',
      },
    ],
  },
  {
    file: 'src/record/identity-under.ts',
    tests: ['test/record/identity-under.test.ts'],
    mutants: [
      {
        what: 'the first of two identities counts',
        from: 'found.length === 1 ?',
        to: 'found.length > 0 ?',
      },
    ],
  },
  {
    file: 'src/text/repeated-key.ts',
    tests: ['test/record/parse.test.ts'],
    mutants: [
      {
        what: 'a key with an escape in it is another one',
        from: 'const key = JSON.parse(lastText) as string;',
        to: 'const key = lastText;',
      },
    ],
  },
];
