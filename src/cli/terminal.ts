import { readFileSync } from 'node:fs';
import { isatty } from 'node:tty';

/**
 * True when Ctrl-C at the keyboard reaches this process: it talks to a terminal, and belongs to the process group in
 * its foreground.
 */
export function isAtKeyboard(): boolean {
  if (!isatty(0)) return false;
  try {
    // proc_pid_stat(5): what follows the name in parentheses are state, ppid, pgrp, session, tty_nr, tpgid.
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const [, , group, , , foregroundGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return group === foregroundGroup;
  } catch {
    // No /proc to ask: whoever has a terminal is most likely in front of it.
    return true;
  }
}
