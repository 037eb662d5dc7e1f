/** Objections by file locks. Whoever holds one runs on this kernel, perhaps in another container. */
import { type Answer, note } from '../rows.js';
import type { Judged, Objection } from './judged.js';

export const LOCKS: readonly Objection[] = [fileLocked, siblingLocked];

/**
 * mongod, Chef, Home Assistant and others lock the file itself. The number in it may then be an older run's, which the
 * holder has not yet replaced.
 */
function fileLocked({ seen, evidence }: Judged): Answer | null {
  if (!seen.stranger.isFileLocked) return null;
  note(evidence, 'file-lock', null, 'held by somebody', 'alive');
  return { state: 'alive', reason: 'legacy-file-locked' };
}

/** Firefox and OpenClaw lock a file beside the one that names them. */
function siblingLocked({ seen, evidence }: Judged): Answer | null {
  const name = seen.stranger.lockedSibling;
  if (name === null) return null;
  note(evidence, 'file-lock', null, `held on ${name}`, 'alive');
  return { state: 'alive', reason: 'legacy-sibling-locked' };
}
