/**
 * How far the wall clock was set forward, by what the kernel has stamped with it. /proc and each directory of a process
 * in it get the time at which the kernel made them, which is never before the birth of the process that they show; for
 * /proc, of process 1. If the birth, by the clock of now, seems to be later than the stamp, the clock was set since.
 */
import { statSync } from 'node:fs';
import { isShortage } from '../../backend/system-error.js';
import { listPids, readProcess } from '../../identity/process-table.js';
import type { Observation } from '../observation.js';
import { birthMs } from './times.js';

type Clocks = Pick<Observation, 'nowMs' | 'bootTimeMs'>;

/**
 * ms between a birth and the stamp of the directory that somebody has looked at soon after it. That the two agree so
 * well by chance, after a step, would need a first look that came later by just as much.
 */
const AGREEMENT_MS = 1_000;

/** @throws EMFILE, ENFILE or ENOMEM where descriptors or memory have run out. */
export function clockStepSince(ticksAsRead: number | null, clocks: Clocks): number {
  const stepMs = -(stampAfterBirth(1, '/proc', clocks) ?? 0);
  if (stepMs <= AGREEMENT_MS || ticksAsRead === null) return Math.max(0, stepMs);
  return isSteadySince(ticksAsRead, clocks) ? 0 : stepMs;
}

/** True when the stamp of a process that is as old as that agrees with its birth by the clock of now. */
function isSteadySince(ticksAsRead: number, clocks: Clocks): boolean {
  return (listPids() ?? []).some((pid) => {
    const afterMs = stampAfterBirth(pid, `/proc/${pid}`, clocks, ticksAsRead);
    return afterMs !== null && Math.abs(afterMs) <= AGREEMENT_MS;
  });
}

/**
 * ms from the birth of the process to the stamp of the directory, by the clock of now. null where it is not known, and for
 * a process that is younger than those ticks.
 */
function stampAfterBirth(
  pid: number,
  directory: string,
  clocks: Clocks,
  youngest = Number.POSITIVE_INFINITY,
): number | null {
  // The stamp comes first, because reading the process would make a directory that is not there yet.
  const stampMs = stampOf(directory);
  const process = stampMs === null ? null : readProcess(pid);
  if (stampMs === null || process === null || (process.startTicks ?? youngest + 1) > youngest) return null;
  const bornMs = birthMs(process.startTicks, clocks);
  return bornMs === null ? null : stampMs - bornMs;
}

function stampOf(directory: string): number | null {
  try {
    const { mtimeMs } = statSync(directory);
    return mtimeMs > 0 ? mtimeMs : null;
  } catch (error) {
    if (isShortage(error)) throw error;
    return null;
  }
}
