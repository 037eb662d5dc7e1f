// Commands for a shell, which messages name.
import { ownCommand } from '../../backend/own-command.js';
import { shellQuoted } from '../../text/shell-quote.js';
import { flagOf, type LockLift } from './lift.js';

/** Shows the lock with all evidence. */
export function showingCommand(path: string): string {
  return `${ownCommand()} inspect ${shellQuoted(path)}`;
}

/** Clears the lock if its owner is dead, or, with what lifts the objection, if nothing else speaks against it. */
export function clearingCommand(path: string, liftedBy: LockLift | null): string {
  const words = liftedBy === null ? ['reclaim'] : ['reclaim', flagOf(liftedBy)];
  return [ownCommand(), ...words, shellQuoted(path)].join(' ');
}
