// The groups of rows that show cost against number. The charts find their rows by these names.

/** Births and deaths a second of processes with a lifeline, on top of those of the machine. */
export const BIRTHS = 100;

export const SCALING = {
  watches: 'scaling: watches that are open',
  waiters: 'scaling: waiters for one lock',
  locks: 'scaling: locks in the directory',
  processes: 'scaling: processes in /proc',
  lifelines: `processes with a lifeline, and ${BIRTHS} births and deaths a second`,
};
