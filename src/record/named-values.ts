import { isDate } from 'node:util/types';

/** A value in a record, with the name under which it stands. */
export interface NamedValue {
  /** The field's name, or `owner.startTime` where it stands in another one, as people are shown it. */
  readonly key: string;
  /** The field's name alone, in lower case without separators: `startTime`, `start_time` and `START-TIME` are one. */
  readonly name: string;
  /** The name, in the same form, of the field in which this one stands. Empty for the outermost. */
  readonly outer: string;
  /** A text, number, boolean or Date. The elements of a list have the name of the list. */
  readonly value: unknown;
}

/** A record of a process has a few fields. What has more than this is data, in which more numbers than names mean anything. */
const MAX_VALUES = 256;
const MAX_DEPTH = 4;
const MAX_KEY = 64;

/**
 * The values in a parsed JSON object, the outermost first, also those in objects and lists within it. null when there are
 * too many, or when they lie too deep, so that some would go unseen.
 */
export function namedValuesIn(record: object): readonly NamedValue[] | null {
  const values: NamedValue[] = [];
  let level: { key: string; name: string; outer: string; inside: object }[] = [
    { key: '', name: '', outer: '', inside: record },
  ];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) return null;
    const deeper: typeof level = [];
    for (const { key, name, outer, inside } of level) {
      const isList = Array.isArray(inside);
      for (const [field, value] of Object.entries(inside)) {
        const found = isList
          ? { key, name, outer }
          : { key: keyOf(key, field), name: nameOf(field), outer: name };
        if (typeof value === 'object' && value !== null && !isDate(value))
          deeper.push({ ...found, inside: value });
        else values.push({ ...found, value });
        if (values.length + deeper.length > MAX_VALUES) return null;
      }
    }
    level = deeper;
  }
  return values;
}

function keyOf(outer: string, field: string): string {
  return (outer === '' ? field : `${outer}.${field}`).slice(0, MAX_KEY);
}

function nameOf(field: string): string {
  return field
    .slice(0, MAX_KEY)
    .replace(/[^\p{L}\p{N}]/gu, '')
    .toLowerCase();
}
