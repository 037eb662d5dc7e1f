import { describe, expect, test } from 'vitest';
import { isOneKernelFilesystem, traitsOf } from '../../src/backend/filesystem-traits.js';
import { filesystemName } from '../../src/backend/procfs/filesystem.js';

describe('traitsOf', () => {
  test.each([
    ['proc', 0x9fa0n],
    ['sysfs', 0x62656572n],
    ['cgroup', 0x27e0ebn],
    ['cgroup2', 0x63677270n],
    ['debugfs', 0x64626720n],
    ['tracefs', 0x74726163n],
    ['securityfs', 0x73636673n],
    ['bpf', 0xcafe4a11n],
    ['devpts', 0x1cd1n],
    ['configfs', 0x62656570n],
  ])('knows %s by its magic, and that no user keeps files there', (name, magic) => {
    expect(filesystemName(magic)).toBe(name);
    expect(traitsOf(name).kernelObjectsOnly).toBe(true);
    expect(isOneKernelFilesystem(name)).toBe(false);
  });

  test.each([null, 'unknown', 'nfs', 'fuse', '0x12345678', 'constructor'])(
    'trusts %s with nothing',
    (type) => {
      expect(traitsOf(type)).toEqual({
        oneKernel: false,
        locksByStDev: false,
        ownFsid: false,
        kernelObjectsOnly: false,
        survivesReboot: true,
        showsChanges: true,
      });
    },
  );

  test('tests locks and compares filesystem ids only where one kernel has them', () => {
    for (const type of ['ext', 'xfs', 'btrfs', 'overlay', 'tmpfs', 'ramfs', 'hostfs', 'proc', 'nfs']) {
      const { oneKernel, locksByStDev, ownFsid } = traitsOf(type);
      expect(oneKernel || !(locksByStDev || ownFsid)).toBe(true);
    }
  });
});
