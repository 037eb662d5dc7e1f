import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';

/**
 * True when Ctrl-C at the keyboard reaches this process: its stdin is a terminal, and it belongs to the
 * process group in the foreground of that terminal.
 */
export function isAtKeyboard(): boolean {
  if (!isatty(0)) return false;
  try {
    // proc_pid_stat(5): after the name in parentheses come state, ppid, pgrp, session, tty_nr, tpgid.
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const [, , group, , , foregroundGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return group === foregroundGroup;
  } catch {
    // There is no /proc. A process with a terminal is most likely in its foreground.
    return true;
  }
}
