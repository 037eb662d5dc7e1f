import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvalidIdentityError } from '../../src/errors.js';
import { formatIdentity, parseIdentity, toIdentity } from '../../src/identity/format.js';
import { identities, identity } from './identities.js';

/** The text of an identity with one field replaced, or left out. */
function textWith(field: string, value: unknown): string {
  return JSON.stringify({ ...identity(), [field]: value });
}

function textWithNamespace(field: string, value: unknown): string {
  return textWith('pidNamespace', { ...identity().pidNamespace, [field]: value });
}

describe('a formatted identity', () => {
  test('is read back as it was', () => {
    fc.assert(
      fc.property(identities, (original) => {
        expect(parseIdentity(formatIdentity(original))).toEqual(original);
      }),
      { numRuns: 2000 },
    );
  });

  test('is one line with its keys in one order, whatever order they came in', () => {
    const reversed = Object.fromEntries(Object.entries(identity()).reverse());
    expect(formatIdentity(reversed as never)).toBe(formatIdentity(identity()));
    expect(formatIdentity(identity())).not.toContain('\n');
    expect(Object.keys(JSON.parse(formatIdentity(identity())))).toEqual([
      'version',
      'platform',
      'pid',
      'startTicks',
      'startTolerance',
      'bootId',
      'bootIdNative',
      'pidNamespace',
      'pidfdInode',
      'lifeline',
      'hostname',
      'containerId',
    ]);
  });

  test('holds 64-bit numbers in full', () => {
    const large = identity({ pidfdInode: '18446744073709551615' });
    expect(parseIdentity(formatIdentity(large)).pidfdInode).toBe('18446744073709551615');
  });

  test('leaves out what is no field of an identity', () => {
    expect(formatIdentity({ ...identity(), secret: 1 } as never)).toBe(formatIdentity(identity()));
  });
});

test('a parsed identity is frozen, its namespace too', () => {
  const parsed = parseIdentity(formatIdentity(identity()));
  expect(Object.isFrozen(parsed)).toBe(true);
  expect(Object.isFrozen(parsed.pidNamespace)).toBe(true);
});

test('a field that is absent is not known', () => {
  const bare = parseIdentity('{"version":1,"platform":"linux","pid":7}');
  expect(bare).toEqual({
    ...identity({ pid: 7 }),
    startTicks: null,
    bootId: null,
    bootIdNative: null,
    pidNamespace: { inode: null, id: null },
    pidfdInode: null,
    hostname: null,
  });
});

describe('a field of the wrong type or out of range makes the identity unusable:', () => {
  const notNumbers = ['7', true, [], {}, 1.5, -1];
  const notUint64 = [7, true, [], {}, '', '-1', '1.5', '07', '0x7', ' 7', '7 ', '1e3', '٧', '1'.repeat(21)];
  const wrong: Record<string, readonly unknown[]> = {
    pid: [...notNumbers, 0, 2 ** 31, 1e300],
    platform: [7, true, [], {}, 'x'.repeat(257)],
    startTicks: [...notUint64, '9007199254740992'],
    startTolerance: [...notNumbers, 2],
    bootId: [7, true, [], {}, '', 'x', `${identity().bootId} `, identity().bootId?.replaceAll('-', '')],
    bootIdNative: [0, 1, 'true', [], {}],
    pidNamespace: [7, 'x', true, []],
    pidfdInode: notUint64,
    hostname: [7, true, [], {}, 'x'.repeat(257)],
    containerId: [7, true, [], {}, 'x'.repeat(257)],
  };

  for (const [field, values] of Object.entries(wrong)) {
    test.each(values.map((value) => [JSON.stringify(value).slice(0, 40), value]))(
      `${field} %s`,
      (_text, value) => {
        expect(() => parseIdentity(textWith(field, value))).toThrow(
          new InvalidIdentityError(`${field} of the wrong type or out of range`),
        );
      },
    );
  }

  for (const field of ['inode', 'id']) {
    test.each(notUint64.map((value) => [JSON.stringify(value), value]))(
      `pidNamespace.${field} %s`,
      (_text, value) => {
        expect(() => parseIdentity(textWithNamespace(field, value))).toThrow(InvalidIdentityError);
      },
    );
  }

  test.each([undefined, null, 0, -1, 1.5, '1', true, {}])('version %j', (version) => {
    expect(() => parseIdentity(textWith('version', version))).toThrow('version is not a positive integer');
  });

  test.each(['pid', 'platform'])('%s missing', (field) => {
    expect(() => parseIdentity(textWith(field, undefined))).toThrow('platform or pid is missing');
    expect(() => parseIdentity(textWith(field, null))).toThrow('platform or pid is missing');
  });

  test('the message names each of several fields', () => {
    expect(toIdentity({ ...identity(), pid: '7', bootId: 7 })).toBe(
      'pid, bootId of the wrong type or out of range',
    );
  });
});

test('in a newer version, what is not understood is not known', () => {
  const newer = { ...identity(), version: 2, platform: { os: 'linux' }, pid: '7', pidfdInode: 7, extra: [] };
  expect(toIdentity(newer)).toEqual({
    ...identity({ version: 2 }),
    platform: '',
    pid: 0,
    pidfdInode: null,
  });
});

describe('text that is no identity', () => {
  test.each(['', ' ', '{', 'null', '[]', '7', '"x"', 'hello', '{}', '{"pid":7}', '\0', '\ud800'])(
    '%j is an ERR_INVALID_IDENTITY',
    (text) => {
      expect(() => parseIdentity(text)).toThrow(InvalidIdentityError);
      expect(() => parseIdentity(text)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_IDENTITY' }));
    },
  );

  test.each([
    ['ten megabytes', 'x'.repeat(10_000_000)],
    ['ten megabytes of opening brackets', '['.repeat(10_000_000)],
    ['deep nesting', `{"version":1,"pidNamespace":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['ten megabytes of a hostname', textWith('hostname', 'x'.repeat(10_000_000))],
  ])('%s is nothing else', (_name, text) => {
    expect(() => parseIdentity(text)).toThrow(InvalidIdentityError);
  });

  test('any text or JSON is parsed, or is an InvalidIdentityError and no other', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.json(),
      fc
        .tuple(identities, fc.constantFrom(...Object.keys(identity()), '__proto__'), fc.jsonValue())
        .map(([original, field, value]) => JSON.stringify({ ...original, [field]: value })),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          expect(Object.isFrozen(parseIdentity(text))).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidIdentityError);
        }
      }),
      { numRuns: 5000 },
    );
  });

  test('a __proto__ key gives nothing to the identity', () => {
    const text = `{"__proto__":${formatIdentity(identity())},"version":1}`;
    expect(() => parseIdentity(text)).toThrow('platform or pid is missing');
    expect(({} as Record<string, unknown>).platform).toBeUndefined();
  });

  test('an inherited field is none of the identity', () => {
    expect(toIdentity(Object.create(identity()))).toBe('version is not a positive integer');
  });
});
