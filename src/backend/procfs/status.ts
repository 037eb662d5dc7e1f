import type { ProcessStatus } from '../backend.js';

/**
 * Parses the lines Tgid and NSpid of /proc/<pid>/status (proc_pid_status(5)). The kernel escapes newlines in
 * the Name line, so the beginning of a line can be trusted. Without an NSpid line (before Linux 4.1) nsPids
 * is empty. null: this is not the text of such a file.
 */
export function parseStatus(content: Buffer): ProcessStatus | null {
  const text = content.toString('latin1');
  const tgid = /^Tgid:[ \t]*(\d+)$/m.exec(text)?.[1];
  const nsPids = /^NSpid:(.*)$/m.exec(text)?.[1] ?? '';
  if (tgid === undefined || !/^[ \t\d]*$/.test(nsPids)) return null;
  return { tgid: Number(tgid), nsPids: (nsPids.match(/\d+/g) ?? []).map(Number) };
}
