import { describe, expect, test } from 'vitest';
import type { ProcessIdentity } from '../../src/identity/process-identity.js';
import type { Observation } from '../../src/judge/observation.js';
import { decide } from '../../src/judge/table.js';
import type { OwnerRecord } from '../../src/record/owner-record.js';
import {
  absent,
  BOOT,
  DEFAULTS,
  exited,
  hidden,
  inWords,
  NAMESPACE,
  namesake,
  neverAsking,
  OTHER_BOOT,
  OTHER_NAMESPACE,
  OWNER_TICKS,
  observation,
  observer,
  record,
  running,
  thread,
  verdictOn,
  WITNESS,
} from './builders.js';

/** The differences from the ordinary scene of builders.ts, and the verdict that follows. */
interface Scene {
  /** The identity recorded. */
  readonly owner?: Partial<ProcessIdentity>;
  readonly record?: Partial<OwnerRecord>;
  readonly seen?: Partial<Observation>;
  readonly verdict: string;
}

/** Tests each scene, named after what it shows. The verdict must be proven and have evidence. */
function rows(scenes: Readonly<Record<string, Scene>>): void {
  test.each(Object.entries(scenes))('%s', (_name, scene) => {
    const verdict = decide(record(scene.owner, scene.record), observation(scene.seen), DEFAULTS);
    expect(inWords(verdict)).toBe(scene.verdict);
    expect(verdict.certainty).toBe('proven');
    expect(verdict.evidence).not.toEqual([]);
  });
}

const FREE = { witness: { state: 'free', file: 'recorded', source: 'device 64512, inode 4711' } } as const;
const HELD = { witness: { state: 'held', file: 'recorded', source: 'device 64512, inode 4711' } } as const;
const UNTESTABLE = { witness: { state: 'untestable', file: 'recorded', source: 'nfs' } } as const;
const REBOOTED = { self: observer({ bootId: OTHER_BOOT }) };
const NOT_NATIVE = { bootIdNative: false } as const;
const NO_INODE = { pidfdInode: null } as const;

/** Both sides know only the start ticks. */
const BY_TICKS = { owner: NO_INODE, seen: { observedProcess: running(NO_INODE) } };

/** The owner is in another namespace than the observer, who sees no process there. */
const ELSEWHERE = { pidNamespace: OTHER_NAMESPACE } as const;

describe('row 1, what cannot be judged', () => {
  rows({
    'a malformed record is unknown': {
      record: { problem: 'nonce is not 32 hexadecimal digits' },
      verdict: 'unknown: malformed-record',
    },
    'a malformed record is unknown even where the witness is free': {
      record: { problem: 'pid 0 is not a process number', witness: WITNESS },
      seen: FREE,
      verdict: 'unknown: malformed-record',
    },
    'the record of another platform is unknown': {
      owner: { platform: 'darwin' },
      seen: { observedProcess: absent },
      verdict: 'unknown: other-platform',
    },
    'a newer version is unknown, though its process seems gone': {
      record: { version: 2 },
      seen: { observedProcess: absent },
      verdict: 'unknown: newer-version',
    },
    'a newer version of the identity alone is unknown too': {
      owner: { version: 2 },
      seen: { observedProcess: absent },
      verdict: 'unknown: newer-version',
    },
    'a newer version whose witness is free is dead (row 8)': {
      record: { version: 2, witness: WITNESS },
      seen: FREE,
      verdict: 'dead: witness-free',
    },
    'a newer version whose witness is held is alive (row 8)': {
      record: { version: 2, witness: WITNESS },
      seen: { ...HELD, ...REBOOTED },
      verdict: 'alive: witness-held',
    },
    'a newer version of before the reboot is dead (row 12)': {
      record: { version: 2 },
      seen: REBOOTED,
      verdict: 'dead: rebooted',
    },
    'a newer version that no longer says its platform in a known way is still dead after a reboot': {
      owner: { version: 2, platform: '' },
      record: { version: 2 },
      seen: REBOOTED,
      verdict: 'dead: rebooted',
    },
    'a newer version of before the reboot, on tmpfs, is unknown': {
      record: { version: 2, filesystem: 'tmpfs' },
      seen: { ...REBOOTED, filesystem: 'tmpfs' },
      verdict: 'unknown: newer-version',
    },
  });
});

describe('row 2, the own lock', () => {
  rows({
    'a lock that this very process holds is alive': {
      seen: { heldByThisProcess: true },
      verdict: 'alive: held-by-this-process',
    },
    'a lock that this thread gave up is dead, though its process runs': {
      seen: { givenUpByThisProcess: true },
      verdict: 'dead: given-up-by-this-process',
    },
    'a lock that this thread gave up, but whose witness somebody holds, is alive': {
      record: { witness: WITNESS },
      seen: {
        givenUpByThisProcess: true,
        witness: { state: 'held', file: 'recorded', source: 'device 1, inode 2' },
      },
      verdict: 'alive: witness-held',
    },
    'a lock that was handed over is not given up by the thread that handed it over': {
      record: { handedOver: true },
      seen: { givenUpByThisProcess: true },
      verdict: 'alive: process-running',
    },
    'a copy of a lock that this thread holds is held by nobody': {
      seen: { copyOfOwnLock: true },
      verdict: 'dead: copied',
    },
    'the own pid in the record of another process is an ordinary case: dead': {
      seen: { self: observer({ pid: 7 }), observedProcess: running({ pidfdInode: '999' }) },
      verdict: 'dead: pid-reused',
    },
  });
});

describe('row 3, a pidfd held since it was matched', () => {
  rows({
    'not readable is alive, whatever has become of the number': {
      seen: { heldPidfd: 'running', observedProcess: absent },
      verdict: 'alive: pidfd-running',
    },
    'not readable is alive, also in another namespace': {
      owner: ELSEWHERE,
      seen: { heldPidfd: 'running' },
      verdict: 'alive: pidfd-running',
    },
    'readable is dead': { seen: { heldPidfd: 'exited' }, verdict: 'dead: pidfd-exited' },
    'readable is dead, also in another namespace': {
      owner: ELSEWHERE,
      seen: { heldPidfd: 'exited' },
      verdict: 'dead: pidfd-exited',
    },
  });
});

describe('row 4, a namespace whose number has been recycled', () => {
  const recycled = { pidNamespace: { inode: NAMESPACE.inode, id: '70' } };
  rows({
    'unique ids differ: the recorded namespace is gone': {
      owner: recycled,
      verdict: 'dead: namespace-gone',
    },
    'the id of the record is missing: go on': {
      owner: { pidNamespace: { ...NAMESPACE, id: null } },
      verdict: 'alive: process-running',
    },
    'the id of the observer is missing: go on': {
      seen: { self: observer({ pidNamespace: { ...NAMESPACE, id: null } }) },
      verdict: 'alive: process-running',
    },
    'numbers differ as well: only another namespace': {
      owner: ELSEWHERE,
      verdict: 'unknown: other-namespace',
    },
    'the boot differs: ids of two boots are not compared': {
      owner: recycled,
      seen: { ...REBOOTED, filesystem: 'nfs' },
      verdict: 'unknown: other-boot',
    },
    'the boot of the record is not known: ids are not compared': {
      owner: { ...recycled, bootId: null, bootIdNative: null },
      verdict: 'unknown: not-enough-recorded',
    },
    'the boot id is not native, the filesystem of one kernel: dead': {
      owner: { ...recycled, ...NOT_NATIVE },
      verdict: 'dead: namespace-gone',
    },
    'the boot id is not native, and the filesystem may be that of two machines: unknown': {
      owner: { ...recycled, ...NOT_NATIVE },
      seen: { filesystem: 'nfs' },
      verdict: 'unknown: not-enough-recorded',
    },
  });
});

describe('row 5, no process has the number in the own namespace', () => {
  rows({
    'no such process is dead': { seen: { observedProcess: absent }, verdict: 'dead: no-such-process' },
    'the number of a mere thread is dead': {
      seen: { observedProcess: thread },
      verdict: 'dead: pid-is-thread',
    },
    'no such process here says nothing of another namespace': {
      owner: ELSEWHERE,
      seen: { observedProcess: absent },
      verdict: 'unknown: other-namespace',
    },
    'no such process says nothing where the namespace is not recorded': {
      owner: { pidNamespace: { inode: null, id: null } },
      seen: { observedProcess: absent },
      verdict: 'unknown: not-enough-recorded',
    },
    'no such process says nothing where the own namespace is not known': {
      seen: { observedProcess: absent, self: observer({ pidNamespace: { inode: null, id: null } }) },
      verdict: 'unknown: not-enough-recorded',
    },
    'no such process says nothing where the boot is not recorded': {
      owner: { bootId: null, bootIdNative: null },
      seen: { observedProcess: absent },
      verdict: 'unknown: not-enough-recorded',
    },
    'no such process says nothing where the own boot is not known': {
      seen: { observedProcess: absent, self: observer({ bootId: null, bootIdNative: null }) },
      verdict: 'unknown: not-enough-recorded',
    },
    'boot id not native for the owner, filesystem of one kernel: dead': {
      owner: NOT_NATIVE,
      seen: { observedProcess: absent },
      verdict: 'dead: no-such-process',
    },
    'boot id not native for the observer, filesystem of one kernel: dead': {
      seen: { observedProcess: absent, self: observer(NOT_NATIVE) },
      verdict: 'dead: no-such-process',
    },
    'boot id not native, filesystem not of one kernel for the observer: unknown': {
      owner: NOT_NATIVE,
      seen: { observedProcess: absent, filesystem: 'virtiofs' },
      verdict: 'unknown: not-enough-recorded',
    },
    'boot id not native, filesystem not of one kernel for the owner: unknown': {
      owner: NOT_NATIVE,
      record: { filesystem: '9p' },
      seen: { observedProcess: absent },
      verdict: 'unknown: not-enough-recorded',
    },
    'boot id not native for the observer, filesystem not known: unknown': {
      seen: { observedProcess: absent, filesystem: null, self: observer(NOT_NATIVE) },
      verdict: 'unknown: not-enough-recorded',
    },
    'both boot ids native: the filesystem need not be known': {
      record: { filesystem: null },
      seen: { observedProcess: absent, filesystem: null },
      verdict: 'dead: no-such-process',
    },
  });
});

describe('row 6, by the inode of the pidfd', () => {
  rows({
    'another inode is another process, though pid and ticks are equal: dead': {
      seen: { observedProcess: running({ pidfdInode: '999' }) },
      verdict: 'dead: pid-reused',
    },
    'the same inode, still running: alive': { verdict: 'alive: process-running' },
    'the same inode, still running: alive, whatever the ticks': {
      seen: { observedProcess: running({ startTicks: null }) },
      verdict: 'alive: process-running',
    },
    'the same inode, exited: dead': { seen: { observedProcess: exited() }, verdict: 'dead: process-exited' },
    'the same inode, and nobody knows whether it has exited: unknown': {
      seen: { observedProcess: { ...running(), exited: null } },
      verdict: 'unknown: not-enough-recorded',
    },
  });
});

describe('row 7, by start ticks where an inode is missing', () => {
  rows({
    'the inode of the record is missing, ticks are equal: alive': {
      owner: NO_INODE,
      verdict: 'alive: process-running',
    },
    'the inode of the record is missing, ticks differ: dead': {
      owner: NO_INODE,
      seen: { observedProcess: running({ startTicks: '5001' }) },
      verdict: 'dead: pid-reused',
    },
    'the inode seen is missing, ticks are equal: alive': {
      seen: { observedProcess: running(NO_INODE) },
      verdict: 'alive: process-running',
    },
    'the inode seen is missing, ticks differ: dead': {
      seen: { observedProcess: running({ ...NO_INODE, startTicks: '4999' }) },
      verdict: 'dead: pid-reused',
    },
    'ticks are equal, exited: dead': {
      ...BY_TICKS,
      seen: { observedProcess: exited(NO_INODE) },
      verdict: 'dead: process-exited',
    },
    'ticks differ by the tolerance of one side: alive': {
      owner: { ...NO_INODE, startTolerance: 1 },
      seen: { observedProcess: running({ ...NO_INODE, startTicks: '5001' }) },
      verdict: 'alive: process-running',
    },
    'ticks differ by the tolerance of the other side: alive': {
      owner: NO_INODE,
      seen: { observedProcess: running({ ...NO_INODE, startTicks: '4999', startTolerance: 1 }) },
      verdict: 'alive: process-running',
    },
    'ticks differ by more than the tolerance: dead': {
      owner: { ...NO_INODE, startTolerance: 1 },
      seen: { observedProcess: running({ ...NO_INODE, startTicks: '5002' }) },
      verdict: 'dead: pid-reused',
    },
    'the ticks of the record are missing: unknown': {
      owner: { ...NO_INODE, startTicks: null },
      verdict: 'unknown: not-enough-recorded',
    },
    'ticks and inode seen are missing, for /proc hides them: unknown': {
      seen: { observedProcess: running({ ...NO_INODE, startTicks: null }) },
      verdict: 'unknown: process-hidden',
    },
  });
});

describe('row 8, the witness has the last word', () => {
  const witnessed = { witness: WITNESS };
  rows({
    'free is dead, though the process runs (row 6)': {
      record: witnessed,
      seen: FREE,
      verdict: 'dead: witness-free',
    },
    'free is dead, though the ticks are equal (row 7)': {
      ...BY_TICKS,
      record: witnessed,
      seen: { ...BY_TICKS.seen, ...FREE },
      verdict: 'dead: witness-free',
    },
    'free is dead, though a held pidfd is not readable (row 3)': {
      record: witnessed,
      seen: { ...FREE, heldPidfd: 'running' },
      verdict: 'dead: witness-free',
    },
    'held is alive, though a held pidfd is readable (row 3)': {
      record: witnessed,
      seen: { ...HELD, heldPidfd: 'exited' },
      verdict: 'alive: witness-held',
    },
    'held is alive, though the namespace is gone (row 4)': {
      owner: { pidNamespace: { ...NAMESPACE, id: '70' } },
      record: witnessed,
      seen: HELD,
      verdict: 'alive: witness-held',
    },
    'held is alive, though no process has the number (row 5)': {
      record: witnessed,
      seen: { ...HELD, observedProcess: absent },
      verdict: 'alive: witness-held',
    },
    'held is alive, though the number was reused (row 6)': {
      record: witnessed,
      seen: { ...HELD, observedProcess: running({ pidfdInode: '999' }) },
      verdict: 'alive: witness-held',
    },
    'held is alive, though the process is a zombie (row 7)': {
      owner: NO_INODE,
      record: witnessed,
      seen: { ...HELD, observedProcess: exited(NO_INODE) },
      verdict: 'alive: witness-held',
    },
    'free is dead in another namespace': {
      owner: ELSEWHERE,
      record: witnessed,
      seen: FREE,
      verdict: 'dead: witness-free',
    },
    'held is alive in another namespace': {
      owner: ELSEWHERE,
      record: witnessed,
      seen: HELD,
      verdict: 'alive: witness-held',
    },
    'free is dead where the process is hidden': {
      record: witnessed,
      seen: { ...FREE, observedProcess: hidden },
      verdict: 'dead: witness-free',
    },
    'free is dead where neither boot is known': {
      owner: { bootId: null, bootIdNative: null },
      record: witnessed,
      seen: { ...FREE, self: observer({ bootId: null, bootIdNative: null }) },
      verdict: 'dead: witness-free',
    },
    'held is alive where the boot ids differ': {
      record: witnessed,
      seen: { ...HELD, ...REBOOTED },
      verdict: 'alive: witness-held',
    },
    'not testable leaves it to the process: alive': {
      record: witnessed,
      seen: UNTESTABLE,
      verdict: 'alive: process-running',
    },
    'not testable leaves it to the process: dead': {
      record: witnessed,
      seen: { ...UNTESTABLE, observedProcess: absent },
      verdict: 'dead: no-such-process',
    },
    'not testable and nothing else to see: unknown': {
      owner: ELSEWHERE,
      record: witnessed,
      seen: UNTESTABLE,
      verdict: 'unknown: other-namespace',
    },
    'no witness recorded: what a test would say does not count': {
      seen: FREE,
      verdict: 'alive: process-running',
    },
  });

  test.each([
    { name: 'free against a running process', seen: { ...FREE }, findings: ['alive', 'dead'] },
    {
      name: 'held against a missing process',
      seen: { ...HELD, observedProcess: absent },
      findings: ['dead', 'alive'],
    },
  ])('the evidence shows the contradiction: $name', ({ seen, findings }) => {
    const { evidence } = decide(record({}, witnessed), observation(seen), DEFAULTS);
    const decisive = evidence.filter(({ finding }) => finding !== 'none');
    expect(decisive.map(({ check }) => check)).toEqual(['process', 'witness']);
    expect(decisive.map(({ finding }) => finding)).toEqual(findings);
  });
});

describe('row 9, an observer who sees into the namespace of the owner', () => {
  /** The owner is in another namespace, where the observer sees these processes. */
  function among(...found: ReturnType<typeof namesake>[]) {
    return { owner: ELSEWHERE, seen: { namesakes: { found, complete: false, hidden: false } } };
  }
  const bare = { ...NO_INODE, startTicks: null };
  rows({
    'the process of that inode runs: alive': { ...among(namesake()), verdict: 'alive: process-running' },
    'the process of that inode has exited: dead': {
      ...among(namesake({}, { exited: true })),
      verdict: 'dead: process-exited',
    },
    'the number there is that of another process now: dead': {
      ...among(namesake({ pidfdInode: '999' })),
      verdict: 'dead: pid-reused',
    },
    'by ticks, equal: alive': {
      ...among(namesake(NO_INODE)),
      verdict: 'alive: process-running',
    },
    'by ticks, differing: dead': {
      ...among(namesake({ ...NO_INODE, startTicks: '5001' })),
      verdict: 'dead: pid-reused',
    },
    'the namespace there may not be read, the inode fits: alive': {
      ...among(namesake({ pidNamespace: { inode: null, id: null } })),
      verdict: 'alive: process-running',
    },
    'the namespace there may not be read, another inode: somebody else, unknown': {
      ...among(namesake({ pidNamespace: { inode: null, id: null }, pidfdInode: '999' })),
      verdict: 'unknown: other-namespace',
    },
    'the namespace there may not be read, only ticks: unknown, though they are equal': {
      ...among(namesake({ ...NO_INODE, pidNamespace: { inode: null, id: null } })),
      verdict: 'unknown: other-namespace',
    },
    'nothing that could be compared: unknown': {
      ...among(namesake(bare)),
      verdict: 'unknown: other-namespace',
    },
    'nobody knows whether it has exited: unknown': {
      ...among(namesake({}, { exited: null })),
      verdict: 'unknown: other-namespace',
    },
    'the number is not the innermost one, the inode fits: alive': {
      ...among(namesake({ pidNamespace: { inode: null, id: null } }, { innermost: false })),
      verdict: 'alive: process-running',
    },
    'the number is not the innermost one, another inode: somebody else, unknown': {
      ...among(
        namesake({ pidNamespace: { inode: null, id: null }, pidfdInode: '999' }, { innermost: false }),
      ),
      verdict: 'unknown: other-namespace',
    },
    'the same number in a third namespace is somebody else': {
      ...among(namesake({ pidNamespace: { inode: '4026532003', id: '73' }, pidfdInode: '999' }), namesake()),
      verdict: 'alive: process-running',
    },
    'boot id not native and filesystem not of one kernel: what is seen there does not count': {
      owner: { ...ELSEWHERE, ...NOT_NATIVE },
      seen: {
        filesystem: 'nfs',
        namesakes: { found: [namesake({ pidfdInode: '999' })], complete: true, hidden: false },
      },
      verdict: 'unknown: other-namespace',
    },
    'boot id not native, filesystem of one kernel: it counts': {
      owner: { ...ELSEWHERE, ...NOT_NATIVE },
      seen: { namesakes: { found: [namesake()], complete: false, hidden: false } },
      verdict: 'alive: process-running',
    },
  });
});

describe('row 10, an observer who sees everything', () => {
  const somebodyElse = namesake({ pidNamespace: { inode: '4026532003', id: '73' }, pidfdInode: '999' });
  function nobodyBut(...found: ReturnType<typeof namesake>[]) {
    return { namesakes: { found, complete: true, hidden: false } };
  }
  rows({
    'no process has the number in any namespace: dead': {
      owner: ELSEWHERE,
      seen: nobodyBut(),
      verdict: 'dead: not-in-any-namespace',
    },
    'somebody else has the number in a third namespace: dead': {
      owner: ELSEWHERE,
      seen: nobodyBut(somebodyElse),
      verdict: 'dead: not-in-any-namespace',
    },
    'somebody has it in a namespace that reused the number, as its id shows: dead': {
      owner: { ...ELSEWHERE, ...NO_INODE },
      seen: nobodyBut(namesake({ pidNamespace: { ...OTHER_NAMESPACE, id: '99' } })),
      verdict: 'dead: not-in-any-namespace',
    },
    'a process that cannot be told from the owner: unknown': {
      owner: { ...ELSEWHERE, ...NO_INODE },
      seen: nobodyBut(namesake({ pidNamespace: { inode: null, id: null } })),
      verdict: 'unknown: other-namespace',
    },
    'something may have been missed: unknown': {
      owner: ELSEWHERE,
      seen: { namesakes: { found: [somebodyElse], complete: false, hidden: false } },
      verdict: 'unknown: other-namespace',
    },
    'the boot is not that of the record: unknown': {
      owner: ELSEWHERE,
      seen: { ...nobodyBut(), ...REBOOTED, filesystem: 'nfs' },
      verdict: 'unknown: other-boot',
    },
    'the namespace is not recorded: unknown': {
      owner: { pidNamespace: { inode: null, id: null } },
      seen: nobodyBut(),
      verdict: 'unknown: not-enough-recorded',
    },
  });
});

describe('row 11, what is hidden says nothing', () => {
  rows({
    'a hidden process is unknown': { seen: { observedProcess: hidden }, verdict: 'unknown: process-hidden' },
    'a hidden process leaves it to the witness: alive': {
      record: { witness: WITNESS },
      seen: { ...HELD, observedProcess: hidden },
      verdict: 'alive: witness-held',
    },
  });
});

describe('row 12, a reboot', () => {
  for (const filesystem of ['ext', 'xfs', 'btrfs', 'overlay']) {
    rows({
      [`native boot ids differ on ${filesystem}: dead`]: {
        record: { filesystem },
        seen: { ...REBOOTED, filesystem },
        verdict: 'dead: rebooted',
      },
    });
  }
  rows({
    'the process with that number runs, but it is of this boot: dead': {
      seen: { ...REBOOTED, observedProcess: running({ bootId: OTHER_BOOT }) },
      verdict: 'dead: rebooted',
    },
    'another namespace besides: dead': { owner: ELSEWHERE, seen: REBOOTED, verdict: 'dead: rebooted' },
    'the boot id of the owner is not native: unknown': {
      owner: NOT_NATIVE,
      seen: REBOOTED,
      verdict: 'unknown: other-boot',
    },
    'whether the boot id of the owner is native is not known: unknown': {
      owner: { bootIdNative: null },
      seen: REBOOTED,
      verdict: 'unknown: other-boot',
    },
    'the boot id of the observer is not native: unknown': {
      seen: { self: observer({ bootId: OTHER_BOOT, bootIdNative: false }) },
      verdict: 'unknown: other-boot',
    },
    'the boot id of the owner is missing: unknown': {
      owner: { bootId: null, bootIdNative: null },
      seen: REBOOTED,
      verdict: 'unknown: not-enough-recorded',
    },
    'recorded on a filesystem of several machines: unknown': {
      record: { filesystem: 'nfs' },
      seen: REBOOTED,
      verdict: 'unknown: other-boot',
    },
    'recorded on ext by the host that exports it, seen over virtiofs: unknown': {
      seen: { ...REBOOTED, filesystem: 'virtiofs' },
      verdict: 'unknown: other-boot',
    },
    'recorded on no known filesystem: unknown': {
      record: { filesystem: null },
      seen: REBOOTED,
      verdict: 'unknown: other-boot',
    },
    'seen on no known filesystem, as an identity without a file is: unknown': {
      seen: { ...REBOOTED, filesystem: null },
      verdict: 'unknown: other-boot',
    },
    'recorded on tmpfs, which does not outlive its kernel: unknown': {
      record: { filesystem: 'tmpfs' },
      seen: REBOOTED,
      verdict: 'unknown: other-boot',
    },
    'seen on tmpfs: unknown': {
      seen: { ...REBOOTED, filesystem: 'tmpfs' },
      verdict: 'unknown: other-boot',
    },
  });
});

test('the evidence is of the record that is judged, whichever were judged before', () => {
  const records = Array.from({ length: 6 }, (_, i) => record({ pid: 100 + i, bootId: OTHER_BOOT }));
  for (const judged of [...records, ...records.toReversed(), ...records]) {
    const { evidence } = decide(judged, observation({ filesystem: 'ext' }), DEFAULTS);
    const bootIds = evidence.find(({ check }) => check === 'boot-id');
    expect(bootIds).toMatchObject({ recorded: OTHER_BOOT, observed: BOOT });
  }
  const seen = observation({ observedProcess: absent });
  for (const judged of records.map(({ pid }) => record({ pid: pid ?? 0 }))) {
    const process = decide(judged, seen, DEFAULTS).evidence.find(({ check }) => check === 'process');
    expect(process?.recorded).toContain(`pid ${judged.pid},`);
  }
});

describe('what is not needed is not read', () => {
  test('a malformed record: nothing at all', () => {
    const all = ['platform', 'self', 'observedProcess', 'witness', 'namesakes', 'heldByThisProcess'] as const;
    const seen = neverAsking(all, observation());
    expect(verdictOn(record({}, { problem: 'x' }), seen)).toBe('unknown: malformed-record');
  });

  test('the own lock: neither process nor witness', () => {
    const names = ['observedProcess', 'witness', 'namesakes', 'heldPidfd'] as const;
    const seen = neverAsking(names, observation({ heldByThisProcess: true }));
    expect(verdictOn(record(), seen)).toBe('alive: held-by-this-process');
  });

  test('a held pidfd: not the number', () => {
    const seen = neverAsking(['observedProcess', 'namesakes'], observation({ heldPidfd: 'exited' }));
    expect(verdictOn(record(), seen)).toBe('dead: pidfd-exited');
  });

  test('a process of the own namespace: no scan for namesakes, no clock', () => {
    const seen = neverAsking(['namesakes', 'nowMs', 'bootTimeMs'], observation());
    expect(verdictOn(record(), seen)).toBe('alive: process-running');
  });

  test('a witness that decides for an owner elsewhere: no scan for namesakes', () => {
    const seen = neverAsking(['observedProcess', 'namesakes'], observation(HELD));
    expect(verdictOn(record(ELSEWHERE, { witness: WITNESS }), seen)).toBe('alive: witness-held');
  });

  test('no witness recorded: no lock call', () => {
    expect(verdictOn(record(), neverAsking(['witness'], observation()))).toBe('alive: process-running');
  });

  test('a reboot: neither process nor namesakes', () => {
    const seen = neverAsking(['observedProcess', 'namesakes'], observation(REBOOTED));
    expect(verdictOn(record(), seen)).toBe('dead: rebooted');
  });
});

test('evidence shows recorded and observed values in the order in which they were looked at', () => {
  const seen = observation({ ...UNTESTABLE, observedProcess: running({ pidfdInode: '999' }) });
  const { evidence } = decide(record({}, { witness: WITNESS }), seen, DEFAULTS);
  expect(evidence.map(({ check }) => check)).toEqual(['boot-id', 'pid-namespace', 'process', 'witness']);
  expect(evidence[2]).toEqual({
    check: 'process',
    recorded: `pid 7, start ${OWNER_TICKS}, pidfd inode 12345678901234567890`,
    observed: `pid 7, start ${OWNER_TICKS}, pidfd inode 999 (pidfd_open: ok)`,
    finding: 'dead',
  });
  expect(evidence[3]?.observed).toBe('not testable: nfs');
});
