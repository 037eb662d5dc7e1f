import { toBootId } from '../record/legacy-fields.js';
import { toTicks } from '../record/ticks.js';
import type { Format } from './format.js';
import { isNamedLikeLock } from './lock-word.js';
import { pidRecord } from './pid-record.js';

const WITH_BOOT = /^(\d{1,10}) (\d{1,15}) ([0-9A-Fa-f-]{36})(?:\r?\n)?$/;
const WITHOUT_BOOT = /^(\d{1,10})\t(\d{1,15})\n?$/;

/**
 * Reads the line of Droidspaces, `<pid> <start ticks> <boot id>`, and that of claude-auto-retry, `<pid> TAB <start ticks>`
 * (cheapestinference/claude-auto-retry#32).
 */
export const ticksLine: Format = {
  name: 'ticks-line',
  kinds: ['file'],
  names: isNamedLikeLock,
  deletion: 'named like a lock',
  parse(source) {
    const [, pid, ticks, id] = WITH_BOOT.exec(source.text) ?? WITHOUT_BOOT.exec(source.text) ?? [];
    const bootId = toBootId(id);
    if (pid === undefined || (id !== undefined && bootId === null)) return null;
    const machine = bootId === null ? {} : { machine: { bootId } };
    return pidRecord('ticks-line', source, pid, { starttime: toTicks(Number(ticks)), ...machine });
  },
};
