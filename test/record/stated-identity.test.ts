import { describe, expect, test } from 'vitest';
import { statedIdentity } from '../../src/record/stated-identity.js';
import { BOOT, identity, OTHER_BOOT } from '../identity/identities.js';
import { ISO_MS, MTIME, parsedRecord } from './records.js';

const SELF = identity({ pid: 900, startTicks: '9000' });

/** The record that OpenClaw's gateway writes. */
const OPENCLAW = {
  pid: 7,
  ownerId: 'a',
  createdAt: new Date(ISO_MS).toISOString(),
  startTime: 5000,
  role: 'gateway',
  processNamespace: { host: 'gateway', platform: 'linux', identity: BOOT, pidNsInode: '4026532001' },
};

describe('a record that names boot and PID namespace', () => {
  test.each<[string, object]>([
    ['as OpenClaw does', OPENCLAW],
    ['in fields of its own', { pid: '7', startTicks: '5000', boot_id: BOOT, pidns: 'pid:[4026532001]' }],
    ['with the namespace as a number', { pid: 7, starttime: 5000, bootId: BOOT, pidNsInode: 4_026_532_001 }],
  ])('states an identity: %s', (_name, fields) => {
    const { hostname, ...stated } = statedIdentity(parsedRecord(JSON.stringify(fields), MTIME), SELF) ?? {};
    const { hostname: _, ...whole } = identity({
      pidNamespace: { inode: '4026532001', id: null },
      pidfdInode: null,
    });
    expect(stated).toEqual(whole);
  });

  test('states one without a start, if it gives none', () => {
    const record = parsedRecord(JSON.stringify({ ...OPENCLAW, startTime: undefined }), MTIME);
    expect(statedIdentity(record, SELF)).toMatchObject({ pid: 7, startTicks: null });
  });

  test.each<[string, object]>([
    ['no boot', { bootId: null }],
    ['another boot', { bootId: OTHER_BOOT }],
    ['no namespace', { pidns: null }],
    ['another platform', { platform: 'win32' }],
    ['a process of Windows', { runningInWindows: true }],
    ['no pid', { pid: 4_194_305 }],
  ])('states none with %s', (_name, wrong) => {
    const fields = { pid: 7, starttime: 5000, bootId: BOOT, pidns: '4026532001', ...wrong };
    expect(statedIdentity(parsedRecord(JSON.stringify(fields), MTIME), SELF)).toBeNull();
  });

  test('states none to an observer that does not know its own boot', () => {
    const record = parsedRecord(JSON.stringify(OPENCLAW), MTIME);
    for (const bootIdNative of [false, null]) {
      expect(statedIdentity(record, { ...SELF, bootIdNative })).toBeNull();
    }
  });
});
