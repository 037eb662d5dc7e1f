import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Comparison,
  compareBoot,
  compareIdentities,
  compareNamespace,
} from '../../src/identity/compare.js';
import type { ProcessIdentity } from '../../src/identity/process-identity.js';
import { identity, OTHER_BOOT, processes, similarIdentities, views } from './identities.js';

const RUNS = { numRuns: 10_000 };
const NO_INODE = { pidfdInode: null };

describe('two identities', () => {
  test.each<[string, Partial<ProcessIdentity>, Partial<ProcessIdentity>, Comparison]>([
    ['equal in everything', {}, {}, 'same'],
    ['of two platforms', {}, { platform: 'darwin' }, 'unknown'],
    ['of which one is of a newer version', {}, { version: 2 }, 'unknown'],

    ['of two native boots', {}, { bootId: OTHER_BOOT }, 'different'],
    ['of two boots, one not native', {}, { bootId: OTHER_BOOT, bootIdNative: false }, 'unknown'],
    ['of two boots, one perhaps not native', {}, { bootId: OTHER_BOOT, bootIdNative: null }, 'unknown'],
    ['of which one has no boot id', {}, { bootId: null }, 'unknown'],
    ['of one boot, mounted over for one', {}, { bootIdNative: false }, 'same'],

    ['with two inodes, all else equal', {}, { pidfdInode: '1' }, 'different'],
    ['with one inode, all else differing', {}, { pid: 8, startTicks: '1' }, 'same'],
    ['with one inode, in two namespaces', {}, { pidNamespace: { inode: '1', id: '1' } }, 'same'],

    ['by ticks, equal', NO_INODE, {}, 'same'],
    ['by ticks, differing by one', NO_INODE, { startTicks: '5001' }, 'different'],
    [
      'by ticks, within the tolerance of one',
      { ...NO_INODE, startTolerance: 1 },
      { startTicks: '5001' },
      'same',
    ],
    [
      'by ticks, within the tolerance of both',
      { ...NO_INODE, startTolerance: 1 },
      { startTolerance: 1, startTicks: '4998' },
      'same',
    ],
    [
      'by ticks, beyond the tolerance',
      { ...NO_INODE, startTolerance: 1 },
      { startTicks: '5002' },
      'different',
    ],
    ['with one number, ticks of one missing', NO_INODE, { startTicks: null }, 'unknown'],
    ['with two numbers in one namespace', NO_INODE, { pid: 8 }, 'different'],
    ['with two numbers in one namespace, ticks missing', NO_INODE, { pid: 8, startTicks: null }, 'different'],
    ['in two namespaces', NO_INODE, { pidNamespace: { inode: '4026532002', id: '72' } }, 'unknown'],
    [
      'in a namespace and one that had its number',
      NO_INODE,
      { pidNamespace: { inode: '4026532001', id: '70' } },
      'unknown',
    ],
    [
      'in one namespace, its id missing',
      NO_INODE,
      { pidNamespace: { inode: '4026532001', id: null } },
      'same',
    ],
    [
      'in a namespace that is missing',
      NO_INODE,
      { pid: 8, pidNamespace: { inode: null, id: '71' } },
      'unknown',
    ],
    ['with two hostnames and containers', {}, { hostname: 'x', containerId: 'y' }, 'same'],
  ])('%s', (_name, left, right, expected) => {
    expect(compareIdentities(identity(left), identity(right))).toBe(expected);
    expect(compareIdentities(identity(right), identity(left))).toBe(expected);
  });

  test('give one answer from either side', () => {
    fc.assert(
      fc.property(similarIdentities, similarIdentities, (a, b) => {
        expect(compareIdentities(a, b)).toBe(compareIdentities(b, a));
      }),
      RUNS,
    );
  });

  test('an identity is the same as itself wherever enough of it is known, and never different', () => {
    fc.assert(
      fc.property(similarIdentities, (a) => {
        const numbered = a.pidNamespace.inode !== null && a.startTicks !== null;
        const known = a.version === 1 && a.bootId !== null && (a.pidfdInode !== null || numbered);
        expect(compareIdentities(a, { ...a })).toBe(known ? 'same' : 'unknown');
      }),
      RUNS,
    );
  });

  test('of one process are never different, whatever each side does not know', () => {
    fc.assert(
      fc.property(processes, views, views, (process, left, right) => {
        expect(compareIdentities(left(process), right(process))).not.toBe('different');
      }),
      RUNS,
    );
  });

  test('are found to be the same or different only by values known on both sides', () => {
    fc.assert(
      fc.property(similarIdentities, similarIdentities, (a, b) => {
        const nativeBoots = a.bootIdNative === true && b.bootIdNative === true;
        const boots = a.bootId !== null && b.bootId !== null;
        const inodes = a.pidfdInode !== null && b.pidfdInode !== null;
        const oneNamespace = a.pidNamespace.inode !== null && a.pidNamespace.inode === b.pidNamespace.inode;
        const ticks = a.startTicks !== null && b.startTicks !== null;
        const comparison = compareIdentities(a, b);
        if (comparison === 'same') {
          expect(boots && a.bootId === b.bootId).toBe(true);
          expect(inodes || (oneNamespace && a.pid === b.pid && ticks)).toBe(true);
        }
        if (comparison === 'different') {
          expect(boots && (nativeBoots || a.bootId === b.bootId)).toBe(true);
          expect(a.bootId !== b.bootId || inodes || (oneNamespace && (a.pid !== b.pid || ticks))).toBe(true);
        }
      }),
      RUNS,
    );
  });
});

test('boots differ only where neither id can be something mounted over the file', () => {
  expect(compareBoot(identity(), identity({ bootId: OTHER_BOOT }))).toBe('different');
  expect(compareBoot(identity(), identity({ bootId: OTHER_BOOT, bootIdNative: null }))).toBe('unknown');
  expect(compareBoot(identity({ bootId: null }), identity({ bootId: null }))).toBe('unknown');
});

test.each<[string, { inode: string | null; id: string | null }, Comparison]>([
  ['is the same by number and id', { inode: '4026532001', id: '71' }, 'same'],
  ['is the same by number, its id missing', { inode: '4026532001', id: null }, 'same'],
  ['is another one by number', { inode: '4026532002', id: null }, 'different'],
  ['is another one by id', { inode: '4026532001', id: '72' }, 'different'],
  ['is not known without its number', { inode: null, id: '71' }, 'unknown'],
])('a namespace %s', (_name, pidNamespace, expected) => {
  expect(compareNamespace(identity(), identity({ pidNamespace }))).toBe(expected);
  expect(compareNamespace(identity({ pidNamespace }), identity())).toBe(expected);
});
