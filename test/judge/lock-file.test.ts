import { describe, expect, test } from 'vitest';
import type { FileStatus, Filesystem } from '../../src/backend/backend.js';
import type { Descriptor } from '../../src/backend/descriptor.js';
import { lockFileOf, NO_SURROUNDINGS, whyNotRecorded } from '../../src/judge/lock-file.js';
import type { OwnerFile } from '../../src/record/owner-file.js';
import type { WitnessRecord } from '../../src/record/owner-record.js';
import { record, WITNESS } from './builders.js';

const NOT_OPEN = -1 as Descriptor;

interface Scene {
  /** st_dev and st_ino of the file that was found, and the number of its directory. */
  readonly device?: string;
  readonly inode?: string;
  readonly directory?: string;
  /** st_dev of the directory. */
  readonly directoryDevice?: string;
  readonly recordedOn?: string;
  readonly seenOn?: string;
  readonly witness?: WitnessRecord | null;
  /** The observer's. */
  readonly hostname?: string | null;
}

function status(kind: 'file' | 'directory', device: string, inode: string): FileStatus {
  return { kind, device, inode, links: 1, size: 9, mtimeMs: 0, ctimeMs: 0 };
}

function ownerFile({ device = WITNESS.device, inode = WITNESS.inode, seenOn = 'ext' }: Scene): OwnerFile {
  const filesystem: Filesystem = { type: seenOn, fsid: null };
  return { descriptor: NOT_OPEN, status: status('file', device, inode), filesystem };
}

/** The directory of the file is read only where the file does not decide: each scene that may read it names one. */
function fileOf(scene: Scene): string {
  const { witness = WITNESS, device = WITNESS.device, directoryDevice = device } = scene;
  const recordedOn = scene.recordedOn ?? scene.seenOn ?? 'ext';
  return lockFileOf(record({}, { filesystem: recordedOn, witness }), ownerFile(scene), {
    hostname: scene.hostname ?? null,
    statDirectory() {
      if (scene.directory === undefined) throw new Error('the directory was read');
      return status('directory', directoryDevice, scene.directory);
    },
  });
}

const DISKS = ['ext', 'xfs', 'btrfs', 'tmpfs'];
const OTHER = { inode: '4712' };

describe('the file in which a record is found', () => {
  test.each([...DISKS, 'overlay'])(
    'is the recorded one with the device and inode recorded, on %s',
    (seenOn) => {
      expect(fileOf({ seenOn })).toBe('recorded');
    },
  );

  test.each(DISKS)(
    'on %s with its inode under another device is held by nobody but a new owner',
    (seenOn) => {
      expect(fileOf({ seenOn, device: '7' })).toBe('reattached');
    },
  );

  test.each(DISKS)('on %s with another inode under another device is a copy', (seenOn) => {
    expect(fileOf({ seenOn, device: '7', ...OTHER })).toBe('copied');
    expect(fileOf({ seenOn, device: '7', ...OTHER, witness: { ...WITNESS, directory: null } })).toBe(
      'copied',
    );
  });

  test('under another device of an overlay may be the recorded one, in a second mount of its upper layer', () => {
    expect(fileOf({ seenOn: 'overlay', device: '7' })).toBe('unclear');
    expect(fileOf({ seenOn: 'overlay', device: '7', witness: { ...WITNESS, directory: '1' } })).toBe(
      'unclear',
    );
  });

  test.each([...DISKS, 'overlay'])('on %s is a copy when its directory is another one too', (seenOn) => {
    expect(fileOf({ seenOn, ...OTHER, directory: '9' })).toBe('copied');
  });

  test('is a copy on an overlay that was mounted anew, when both are others', () => {
    expect(fileOf({ seenOn: 'overlay', device: '7', ...OTHER, directory: '9' })).toBe('copied');
  });

  test.each([...DISKS, 'overlay'])(
    'on %s has replaced the recorded one in the directory of the owner',
    (seenOn) => {
      expect(fileOf({ seenOn, ...OTHER, directory: WITNESS.directory })).toBe('unclear');
    },
  );

  test('is no copy by a directory whose number is not stable, on either side', () => {
    const unstable = { seenOn: 'overlay', ...OTHER, directory: '9' };
    expect(fileOf({ ...unstable, witness: { ...WITNESS, directory: null } })).toBe('unclear');
    expect(fileOf({ ...unstable, directoryDevice: '8' })).toBe('unclear');
  });

  test('is no copy where it is in no directory', () => {
    const owner = ownerFile(OTHER);
    expect(lockFileOf(record({}, { witness: WITNESS }), owner, NO_SURROUNDINGS)).toBe('unclear');
  });

  test.each([
    ['ext', 'xfs'],
    ['overlay', 'ext'],
    ['nfs', 'ext'],
    ['ext', 'nfs'],
    ['nfs', 'nfs'],
    ['ramfs', 'ramfs'],
    ['fuse.bindfs', 'fuse.bindfs'],
  ])('says nothing when recorded on %s and seen on %s', (recordedOn, seenOn) => {
    expect(fileOf({ recordedOn, seenOn })).toBe('no-test');
    expect(fileOf({ recordedOn, seenOn, ...OTHER })).toBe('no-test');
  });

  test('of macOS and BSD is a copy by both numbers, and unclear under another device', () => {
    for (const seenOn of ['apfs', 'hfs', 'ufs', 'ffs']) {
      expect(fileOf({ seenOn })).toBe('recorded');
      expect(fileOf({ seenOn, ...OTHER, directory: '9' })).toBe('copied');
      expect(fileOf({ seenOn, ...OTHER, directory: WITNESS.directory })).toBe('unclear');
      expect(fileOf({ seenOn, device: '7' })).toBe('unclear');
      expect(fileOf({ seenOn, device: '7', ...OTHER, directory: '9' })).toBe('copied');
    }
  });

  test('of Windows is tested only on the host of its owner, and never a copy', () => {
    const hostname = 'gateway';
    expect(fileOf({ seenOn: 'windows', hostname })).toBe('recorded');
    expect(fileOf({ seenOn: 'windows', hostname: 'elsewhere' })).toBe('no-test');
    expect(fileOf({ seenOn: 'windows' })).toBe('no-test');
    expect(fileOf({ seenOn: 'windows', hostname, ...OTHER })).toBe('unclear');
    expect(fileOf({ seenOn: 'windows', hostname, device: '7' })).toBe('unclear');
  });

  test('says nothing where no witness was recorded', () => {
    expect(fileOf({ witness: null })).toBe('no-test');
  });
});

test('the evidence says why a file is not the recorded one', () => {
  const why = (scene: Scene, filesystem = 'ext') =>
    whyNotRecorded(record({}, { filesystem, witness: WITNESS }), ownerFile(scene), NO_SURROUNDINGS);
  expect(why({ inode: '4712' })).toBe('inode 4712 is another file');
  expect(why({ device: '7' })).toBe('device 7 is another mount');
  expect(why({ seenOn: 'xfs' })).toBe('recorded on ext, seen on xfs');
  expect(why({ seenOn: 'windows' }, 'windows')).toBe('of host gateway, and this is unknown');
  expect(why({ seenOn: 'nfs' }, 'nfs')).toBe('locks on nfs prove nothing');
  expect(whyNotRecorded(record(), ownerFile({}), NO_SURROUNDINGS)).toBe('no witness recorded');
  expect(whyNotRecorded(record(), null, NO_SURROUNDINGS)).toBe('no file to test');
});
