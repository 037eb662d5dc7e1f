import { identityUnderAnyKey } from '../record/identity-under.js';
import { readLegacyFields } from '../record/legacy-fields.js';
import { legacyOwnerRecord, recordOfRow } from '../record/parse.js';
import { Fields } from '../text/json-fields.js';
import { repeatedKeyIn } from '../text/repeated-key.js';
import { type ForeignRecord, type Format, foreignRecord, type NotRecognised, type Source } from './format.js';
import { JSON_PROGRAMS, type JsonProgram } from './json-programs.js';

/**
 * Keys of the pid: that of OpenClaw, Matrix, paseo and dev servers, and those of other programs, such as
 * kubo.
 */
const PID_KEYS = ['pid', 'PID', 'OwnerPID', 'ownerPid'];

/** Reads a JSON object with a pid in it: that of OpenClaw, Matrix, kubo, paseo, meridian, Jupyter, and of {@link JSON_PROGRAMS}. */
export const jsonPidFile: Format = {
  name: 'json-pid-file',
  kinds: ['file'],
  names: () => true,
  deletion: 'named like a lock',
  parse: (source) => (/^[\s\0]*\{/.test(source.text) ? parseJson(source) : null),
};

/** Reads a JSON object with a pid in it, whose first character is a brace, and the fields that help to identify its process. Never throws. */
export function parseJson({ name, text, mtimeMs }: Source): ForeignRecord | NotRecognised {
  const json = text.replaceAll('\0', '');
  let value: object;
  try {
    value = JSON.parse(json) as object;
  } catch {
    return 'a file of broken JSON';
  }
  if (repeatedKeyIn(json) !== null) return 'a file of JSON with several values under one name';
  const fields = new Fields(value);
  // Such a record can be judged only in its directory, and be deleted only together with it.
  if (fields.has('identity') && fields.has('nonce')) return 'a file with the record of a lock directory';
  const identity = identityUnderAnyKey(value);
  if (identity !== null) return foreignRecord('json-pid-file', recordOfRow(fields, identity));
  const program = JSON_PROGRAMS.find((candidate) => isOf(candidate, name, fields));
  const pids = (program?.pidKeys ?? PID_KEYS).filter((key) => fields.has(key)).map((key) => fields.get(key));
  const [pid] = pids;
  if (pids.length === 0) return 'a file of JSON without a pid';
  if (pids.some((other) => other !== pid)) return 'a file of JSON with several pids';
  if (fields.has('identity')) return 'a file of JSON with a broken identity';
  const { machine, ...said } = readLegacyFields(fields, mtimeMs);
  const isOfHost = program?.pidIsOfHost === true && machine !== null && machine.hostname !== null;
  const record = legacyOwnerRecord(pid, {
    ...said,
    machine: isOfHost ? { ...machine, pidIsOfHost: true } : machine,
  });
  return foreignRecord(program?.name ?? 'json-pid-file', record);
}

function isOf({ names, keys }: JsonProgram, name: string, fields: Fields): boolean {
  return names(name) && keys.some((list) => list.every((key) => fields.has(key)));
}
