import type { Format } from './format.js';
import { pidRecord } from './pid-record.js';

const NAMES = [/^inuse\.(\d{1,10})\.lock$/, /\.pid(\d{1,10})\.conda_lock$/];

/**
 * Reads the pid in the name of a file: `inuse.PID.lock` of the Copilot CLI (github/copilot-cli#3255) and
 * `.pidPID.conda_lock` (conda/conda#4862). The file is empty, or holds the number once more.
 */
export const pidInName: Format = {
  name: 'pid-in-name',
  kinds: ['file'],
  names: (name) => pidIn(name) !== undefined,
  deletion: 'by its name',
  parse(source) {
    const pid = pidIn(source.name);
    const content = /^(\d{0,10})\n?$/.exec(source.text)?.[1];
    if (pid === undefined || content === undefined) return null;
    const isOther = content !== '' && content !== pid;
    const otherPids = isOther ? [{ key: 'content', pid: Number(content) }] : [];
    return pidRecord('pid-in-name', source, pid, { otherPids });
  },
};

function pidIn(name: string): string | undefined {
  for (const pattern of NAMES) {
    const pid = pattern.exec(name)?.[1];
    if (pid !== undefined) return pid;
  }
  return undefined;
}
