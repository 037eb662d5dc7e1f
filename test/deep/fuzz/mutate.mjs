/** @typedef {(below: number) => number} Random */

/** Words that occur in records, and words that should not. */
const WORDS = [
  ...[
    '"pid"',
    '"starttime"',
    '"createdAtMs"',
    '"version"',
    '"nonce"',
    '"identity"',
    '"witness"',
    '"lease"',
    '"label"',
  ],
  ...[
    '"durationMs"',
    '"device"',
    '"inode"',
    '"fsid"',
    '"pidNamespace"',
    '"bootId"',
    '"startTicks"',
    '"platform"',
  ],
  ...[
    '"hostname"',
    '"startedAt"',
    '"acquiredAt"',
    '"pidStartTime"',
    '"__proto__"',
    '"linux"',
    'null',
    'true',
    '{}',
    '[]',
  ],
  ...[
    '0',
    '-1',
    '1',
    '2147483647',
    '2147483648',
    '9007199254740993',
    '1e400',
    '0.5',
    '18446744073709551616',
    '"1"',
  ],
  ...[
    '\0',
    '\n',
    ' ',
    ',',
    ':',
    '"',
    '{',
    '}',
    '[',
    ']',
    '\\u0000',
    '\ufeff',
    '\ud800',
    ')',
    '(',
    '-',
    '.',
    '@',
  ],
];
const VALUES = WORDS.flatMap((word) => {
  try {
    return [JSON.parse(word)];
  } catch {
    return [];
  }
});

/**
 * Returns a text like this one, changed in one to four places.
 * @param {string} text
 * @param {string} other to take pieces from
 * @param {Random} random
 */
export function mutate(text, other, random) {
  let changed = text;
  for (let left = 1 + random(4); left > 0; left--) {
    changed = random(3) === 0 ? mutateValue(changed, other, random) : mutateText(changed, other, random);
  }
  return changed.slice(0, 70_000);
}

/**
 * @param {string} text
 * @param {string} other
 * @param {Random} random
 */
function mutateText(text, other, random) {
  const at = random(text.length + 1);
  const length = random(Math.min(text.length - at, 16) + 1);
  const from = random(other.length + 1);
  const pieces = [
    () => text.slice(0, at) + text.slice(at + length),
    () => text.slice(0, at) + WORDS[random(WORDS.length)] + text.slice(at),
    () => text.slice(0, at) + WORDS[random(WORDS.length)] + text.slice(at + length),
    () => text.slice(0, at) + String.fromCharCode(random(256)) + text.slice(at + 1),
    () => text.slice(0, at) + other.slice(from, from + random(64)) + text.slice(at),
    () => text.slice(0, at) + text.slice(at, at + length).repeat(1 + random(8)) + text.slice(at + length),
    () => text.slice(0, at),
    () => text.slice(0, at) + random(1e9) + text.slice(at),
  ];
  return /** @type {() => string} */ (pieces[random(pieces.length)])();
}

/**
 * Changes a value somewhere in the text, if it is JSON.
 * @param {string} text
 * @param {string} other
 * @param {Random} random
 */
function mutateValue(text, other, random) {
  try {
    const value = JSON.parse(text);
    const donor =
      random(2) === 0 ? VALUES[random(VALUES.length)] : somewhereIn(JSON.parse(other), random).value;
    const { holder, key } = somewhereIn(value, random);
    if (holder === null) return JSON.stringify(donor);
    if (random(4) === 0) delete holder[key];
    else holder[random(8) === 0 ? String(VALUES[random(VALUES.length)]) : key] = donor;
    return JSON.stringify(value, null, random(3));
  } catch {
    return mutateText(text, other, random);
  }
}

/**
 * @param {any} value
 * @param {Random} random
 * @returns {{ value: any, holder: any, key: string }}
 */
function somewhereIn(value, random) {
  let found = { value, holder: /** @type {any} */ (null), key: '' };
  while (
    typeof found.value === 'object' &&
    found.value !== null &&
    (found.holder === null || random(3) > 0)
  ) {
    const keys = Object.keys(found.value);
    if (keys.length === 0) break;
    const key = /** @type {string} */ (keys[random(keys.length)]);
    found = { value: found.value[key], holder: found.value, key };
  }
  return found;
}
