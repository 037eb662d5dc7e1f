/** The part of JSON Schema (2020-12) that docs/dump.schema.json uses. */
export interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: false | Schema;
}

const KNOWN = new Set([
  ...['$ref', '$defs', 'type', 'enum', 'pattern', 'minimum', 'anyOf', 'items', 'required', 'properties'],
  ...['additionalProperties', '$schema', '$id', 'title', 'description'],
]);

/** Lists the violations in `value`, each with its place. The list is empty when the value is valid. */
export function violations(schema: Schema, value: unknown): string[] {
  return check(schema, schema, value, '');
}

/**
 * Makes a value that the schema allows, with everything in it that it knows: null only where there is no other choice, and
 * one item in each array. `textAt` gives the free texts, by the names of the field and of the object around it.
 */
export function sampleOf(schema: Schema, textAt: (place: string) => string): unknown {
  return sample(schema, schema, textAt, '', '');
}

function sample(
  root: Schema,
  schema: Schema,
  textAt: (place: string) => string,
  outer: string,
  key: string,
): unknown {
  const inner = (part: Schema, name = key, around = outer) => sample(root, part, textAt, around, name);
  if (schema.$ref !== undefined) return inner(resolve(root, schema.$ref));
  if (schema.anyOf !== undefined) {
    return inner(schema.anyOf.find(({ type }) => type !== 'null') ?? {});
  }
  if (schema.enum !== undefined) return schema.enum[0];
  const types = [schema.type ?? 'null'].flat();
  if (schema.items !== undefined) return [inner(schema.items)];
  if (types.includes('object')) {
    const { properties = {}, additionalProperties } = schema;
    const known = Object.entries(properties).map(([name, part]) => [name, inner(part, name, key)]);
    const more = additionalProperties ? [['more', inner(additionalProperties, 'more', key)]] : [];
    return Object.fromEntries([...known, ...more]);
  }
  if (types.includes('string')) return textOf(schema.pattern, outer === '' ? key : `${outer}.${key}`, textAt);
  if (types.includes('boolean')) return true;
  return types.some((type) => type === 'integer' || type === 'number') ? 1 : null;
}

/** A pattern leaves no room for a free text. */
function textOf(pattern: string | undefined, place: string, textAt: (place: string) => string): string {
  if (pattern === undefined) return textAt(place);
  return ['7', 'time:7', 'some-reason'].find((text) => new RegExp(pattern, 'u').test(text)) ?? '';
}

function check(root: Schema, schema: Schema, value: unknown, at: string): string[] {
  const unknownWord = Object.keys(schema).find((word) => !KNOWN.has(word));
  if (unknownWord !== undefined) throw new Error(`${unknownWord} of JSON Schema is not understood here`);
  const wrong: string[] = [];
  if (schema.$ref !== undefined) wrong.push(...check(root, resolve(root, schema.$ref), value, at));
  if (schema.type !== undefined && ![schema.type].flat().some((type) => isOfType(type, value))) {
    wrong.push(`${at || '/'}: ${JSON.stringify(value)} is no ${[schema.type].flat().join(' or ')}`);
  }
  if (schema.enum?.includes(value) === false)
    wrong.push(`${at}: ${JSON.stringify(value)} is none of the enum`);
  if (
    schema.pattern !== undefined &&
    typeof value === 'string' &&
    !new RegExp(schema.pattern, 'u').test(value)
  ) {
    wrong.push(`${at}: ${value} does not match`);
  }
  if (schema.minimum !== undefined && typeof value === 'number' && value < schema.minimum) {
    wrong.push(`${at}: ${value} is too small`);
  }
  if (schema.anyOf !== undefined) {
    const answers = schema.anyOf.map((alternative) => check(root, alternative, value, at));
    if (!answers.some((answer) => answer.length === 0)) wrong.push(...answers.flat());
  }
  if (Array.isArray(value)) {
    const { items } = schema;
    if (items !== undefined) {
      wrong.push(...value.flatMap((item, index) => check(root, items, item, `${at}/${index}`)));
    }
  } else if (typeof value === 'object' && value !== null) {
    wrong.push(...checkObject(root, schema, new Map(Object.entries(value)), at));
  }
  return wrong;
}

function checkObject(root: Schema, schema: Schema, fields: Map<string, unknown>, at: string): string[] {
  const wrong: string[] = [];
  for (const name of schema.required ?? []) {
    if (!fields.has(name)) wrong.push(`${at}/${name} is missing`);
  }
  for (const [name, field] of fields) {
    const place = `${at}/${name}`;
    const property = schema.properties?.[name] ?? schema.additionalProperties;
    if (property === false) wrong.push(`${place} is not in the schema`);
    else if (property !== undefined) wrong.push(...check(root, property, field, place));
  }
  return wrong;
}

function resolve(root: Schema, reference: string): Schema {
  const name = /^#\/\$defs\/(\w+)$/.exec(reference)?.[1] ?? '';
  const found = root.$defs?.[name];
  if (found === undefined) throw new Error(`${reference} leads nowhere`);
  return found;
}

function isOfType(type: string, value: unknown): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === type;
  }
}
