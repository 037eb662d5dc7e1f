import { expect } from 'vitest';
import type { NewOwnerRecord } from '../../src/record/format.js';
import type { OwnerRecord } from '../../src/record/owner-record.js';
import { parseOwnerFile } from '../../src/record/parse.js';
import { identity } from '../identity/identities.js';

/** 2026-05-26T07:22:46.211Z */
export const ISO_MS = Date.UTC(2026, 4, 26, 7, 22, 46, 211);

export const MTIME = 1_700_000_000_000.5;

/** An OwnerRecord with no field known. */
export const nothing: OwnerRecord = {
  version: null,
  pid: null,
  starttime: null,
  recordedAt: null,
  nonce: null,
  identity: null,
  filesystem: null,
  witness: null,
  lifeline: null,
  lease: null,
  handedOver: false,
  label: null,
  machine: null,
  claims: null,
  problem: null,
};

/** What an owner writes about itself. */
export function newRecord(overrides: Partial<NewOwnerRecord> = {}): NewOwnerRecord {
  return {
    starttime: 5000,
    createdAtMs: 1_777_458_804_809,
    nonce: '0123456789abcdef0123456789abcdef',
    identity: identity(),
    filesystem: 'ext',
    witness: { device: '64512', fsid: 'abcdef0123456789', inode: '4711', directory: '4710' },
    lifeline: null,
    lease: null,
    handedOver: false,
    label: undefined,
    ...overrides,
  };
}

/** The parsed content of an owner.json of this package. */
export function ownContent() {
  return { pid: 7, version: 1, ...newRecord() };
}

export function textOf(content: unknown): string {
  return `${JSON.stringify(content, null, 2)}\n`;
}

export function parsedRecord(text: string, mtimeMs: number | null): OwnerRecord {
  const parsed = parseOwnerFile(text, mtimeMs);
  if (parsed.kind !== 'record') expect.fail(`${parsed.kind}: ${text.slice(0, 100)}`);
  return parsed.record;
}
