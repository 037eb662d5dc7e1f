import { expect, test } from 'vitest';
import { describeForEachBackend } from '../helpers/package.js';

function isDeeplyFrozen(value: object): boolean {
  return (
    Object.isFrozen(value) &&
    Object.values(value).every((part) => typeof part !== 'object' || part === null || isDeeplyFrozen(part))
  );
}

describeForEachBackend('parseOwner', (api) => {
  /** Each with the options that it needs. */
  function records(): [what: string, recorded: object, options?: { keys: Record<string, string> }][] {
    const me = api.selfIdentity();
    const created = Date.now() + 60_000;
    return [
      ['an identity', me],
      ['a copy of an identity', { ...me }],
      ['a row', { id: 1, identity: api.formatIdentity(me) }],
      [
        'a row with columns of its own',
        { owner: api.formatIdentity(me), n: process.pid },
        { keys: { identity: 'owner', pid: 'n' } },
      ],
      [
        'a row of an older program',
        { owner: null, n: String(process.pid), at: new Date(created), on: me.hostname },
        { keys: { identity: 'owner', pid: 'n', createdAt: 'at', hostname: 'on' } },
      ],
      ['an older record', { pid: process.pid, createdAtMs: created, hostname: me.hostname }],
      ['nobody', { pid: 4_194_305, createdAtMs: 1 }],
      ['a damaged record', { pid: 'x' }],
      ['a damaged identity', { ...me, startTicks: -1 }],
      ['an undefined identity', { identity: undefined, pid: 1 }],
      ['a list', []],
    ];
  }

  test('gives what is judged like the record itself, and is not read again', () => {
    for (const [what, recorded, options] of records()) {
      const parsed = api.parseOwner(recorded, options);
      const { evidence: _, ...verdict } = api.judgeOwner(recorded as never, options as never);
      const { evidence: __, ...again } = api.judgeOwner(parsed);
      expect(again, what).toEqual(verdict);
      expect(isDeeplyFrozen(parsed), what).toBe(true);
      expect(api.parseOwner(parsed), what).toBe(parsed);
      expect(parsed.problem === null, what).toBe(verdict.reason !== 'malformed-record');
    }
  });

  test('is not changed with the record that it was made from', () => {
    const row = { pid: process.pid, createdAtMs: Date.now() + 60_000, hostname: 'elsewhere.example' };
    const parsed = api.parseOwner(row);
    const before = api.judgeOwner(parsed).reason;
    Object.assign(row, { pid: 4_194_305, hostname: api.selfIdentity().hostname });
    expect(api.judgeOwner(parsed).reason).toBe(before);
    const { identity } = api.parseOwner({ identity: { ...api.selfIdentity() } });
    expect(api.compareIdentities(identity as never, api.selfIdentity())).toBe('same');
  });

  test('throws typed errors for what is no record, and for keys that do not fit', () => {
    const type = expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' });
    for (const wrong of [undefined, null, 1, 'text', Symbol('x'), () => {}]) {
      expect(() => api.parseOwner(wrong as never)).toThrow(type);
    }
    expect(() => api.parseOwner({ pid: 1 }, null as never)).toThrow(type);
    expect(() => api.parseOwner({ pid: 1 }, { keys: { identity: 'owner' } })).toThrow(type);
    expect(() => api.parseOwner({ pid: 1 }, { keys: { idntity: 'pid' } as never })).toThrow(type);
  });
});
