import childProcess from 'node:child_process';
import { statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { localTypeByMount, parseMounts } from '../../src/backend/portable/mounts.js';
import { tempDir } from '../helpers/temp-dir.js';

const MACOS = `/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
devfs on /dev (devfs, local, nobrowse)
/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled, nobrowse, protect)
map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)
//guest@server/share on /Volumes/share (smbfs, nodev, nosuid, mounted by me)
`;

describe('what mount(8) prints', () => {
  test('names type and place, as macOS, FreeBSD, OpenBSD and NetBSD write them', () => {
    expect(parseMounts(MACOS)).toContainEqual({ mountPoint: '/', type: 'apfs', isLocal: true });
    expect(parseMounts(MACOS)).toContainEqual({
      mountPoint: '/Volumes/share',
      type: 'smbfs',
      isLocal: false,
    });
    const freebsd = '/dev/ada0p2 on / (ufs, local, soft-updates, journaled soft-updates)\n';
    expect(parseMounts(freebsd)).toEqual([{ mountPoint: '/', type: 'ufs', isLocal: true }]);
    const openbsd = '/dev/sd0a on / type ffs (local)\nserver:/home on /home type nfs (nodev, v3, udp)\n';
    expect(parseMounts(openbsd)).toEqual([
      { mountPoint: '/', type: 'ffs', isLocal: true },
      { mountPoint: '/home', type: 'nfs', isLocal: false },
    ]);
  });

  test.each([
    ['a name with " on " in it', '/dev/disk4s1 on /Volumes/a on /Volumes/share (apfs, local)\n'],
    ['a name with a line feed in it', '/dev/disk4s1 on /tmp/a\n/b (apfs, local)\n'],
    ['something else', 'mount: command not found\n'],
  ])('is not believed with %s', (_name, line) => {
    expect(parseMounts(MACOS + line)).toEqual([]);
  });
});

describe('the filesystem of a device', () => {
  const { dev } = statSync('/', { bigint: true });
  const root = String(dev);
  const { dev: proc } = statSync('/proc', { bigint: true });

  afterEach(() => vi.restoreAllMocks());

  async function typeOf(output: string | Error, device = root): Promise<string> {
    vi.resetModules();
    vi.restoreAllMocks();
    const started = vi.spyOn(childProcess, 'execFileSync').mockImplementation(() => {
      if (output instanceof Error) throw output;
      return output;
    });
    const mounts = await import('../../src/backend/portable/mounts.js');
    const type = mounts.localTypeByMount(device);
    expect(mounts.localTypeByMount(device)).toBe(type);
    expect(started, 'once for each device').toHaveBeenCalledTimes(1);
    return type;
  }

  test('is known if it is a local disk', async () => {
    expect(await typeOf(MACOS)).toBe('apfs');
    expect(await typeOf('/dev/ada0p2 on / (ufs, local)\n')).toBe('ufs');
  });

  test.each([
    ['it is of a network', 'server:/ on / (apfs, nodev)\n'],
    ['it is no disk', 'nullfs on / (nullfs, local)\n'],
    ['two are mounted at one place', '/dev/disk1 on / (apfs, local)\nserver:/ on / (nfs)\n'],
    ['the program does not answer in time', new Error('spawnSync /sbin/mount ETIMEDOUT')],
  ])('is unknown if %s', async (_name, output) => {
    expect(await typeOf(output)).toBe('unknown');
  });

  test('is not taken from a line whose place is no mount point, or another name of one', async () => {
    const device = String(statSync(tmpdir(), { bigint: true }).dev);
    expect(await typeOf('/dev/disk4s1 on /usr/lib (apfs, local)\n', device)).toBe('unknown');
    expect(await typeOf('/dev/disk4s1 on /proc/. (apfs, local)\n', String(proc))).toBe('unknown');
    const link = join(tempDir(), 'link');
    symlinkSync('/proc', link);
    expect(await typeOf(`/dev/disk4s1 on ${link} (apfs, local)\n`, String(proc))).toBe('unknown');
    expect(await typeOf('/dev/disk4s1 on /proc (apfs, local)\n', String(proc))).toBe('apfs');
  });

  test('is asked for anew after descriptors have run out', () => {
    const refusal = Object.assign(new Error('EMFILE'), {
      code: 'EMFILE',
      errno: -24,
      syscall: 'spawnSync /sbin/mount',
    });
    const started = vi.spyOn(childProcess, 'execFileSync').mockImplementation(() => {
      throw refusal;
    });
    expect(() => localTypeByMount('77')).toThrow('EMFILE');
    expect(() => localTypeByMount('77')).toThrow('EMFILE');
    expect(started).toHaveBeenCalledTimes(2);
  });
});
