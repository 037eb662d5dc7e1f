import type { Command } from './command.js';

/** A command that is not loaded yet. */
export interface CommandEntry {
  readonly name: string;
  /** The line that the help of the program shows for it. */
  readonly summary: string;
  load(): Promise<Command>;
}

/**
 * All commands. Each is built as a file of its own, because a program that is started for one command would load the
 * others for nothing: scripts/build-dist.mjs finds them by their import().
 */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'run',
    summary: 'run a command while holding a lock',
    load: async () => (await import('./run.js')).runCommand,
  },
  {
    name: 'hold',
    summary: 'hold a lock for the rest of a shell script',
    load: async () => (await import('./hold.js')).holdCommand,
  },
  {
    name: 'wait',
    summary: 'wait until a lock is free or a process has ended',
    load: async () => (await import('./wait.js')).waitCommand,
  },
  {
    name: 'inspect',
    summary: 'judge a lock or PID file, with all the evidence; changes nothing',
    load: async () => (await import('./inspect.js')).inspectCommand,
  },
  {
    name: 'reclaim',
    summary: 'remove a lock or PID file if its owner is dead, and only then',
    load: async () => (await import('./reclaim.js')).reclaimCommand,
  },
  {
    name: 'agent',
    summary: 'remove the locks of owners that die on this machine, on an engine',
    load: async () => (await import('./agent.js')).agentCommand,
  },
  {
    name: 'self',
    summary: 'print the identity of this very process',
    load: async () => (await import('./self.js')).selfCommand,
  },
  {
    name: 'probe',
    summary: 'print the identity of a running process',
    load: async () => (await import('./probe.js')).probeCommand,
  },
  {
    name: 'list',
    summary: 'list the lifelines of this kernel, and who holds them',
    load: async () => (await import('./list.js')).listCommand,
  },
  {
    name: 'dump',
    summary: 'print diagnostics: versions, kernel, namespaces, locks',
    load: async () => (await import('./dump.js')).dumpCommand,
  },
];
