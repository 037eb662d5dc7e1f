import { readFileSync } from 'node:fs';

/** True for a descriptor of a terminal. The module is loaded only here, because `run` hardly ever asks. */
function isatty(descriptor: number): boolean {
  return process.getBuiltinModule('node:tty').isatty(descriptor);
}

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

export interface Size {
  /** Infinity where stdout is no terminal, because a pipe or a file has no width. */
  readonly columns: number;
  readonly rows: number;
}

/**
 * The size of the terminal that stdout is. COLUMNS stands over what the terminal says, as for ls(1). `run` never asks,
 * because this puts the terminal into a mode that its command does not expect.
 */
export function terminalSize(): Size {
  if (!isatty(1)) return { columns: Number.POSITIVE_INFINITY, rows: Number.POSITIVE_INFINITY };
  const { columns, rows } = process.stdout;
  const wanted = Number(process.env.COLUMNS);
  return { columns: Number.isInteger(wanted) && wanted > 0 ? wanted : columns || 80, rows: rows || 24 };
}
