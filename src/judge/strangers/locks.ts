/** Objections by file locks. Whoever holds one runs on this kernel, perhaps in another container. */
import { type Answer, note } from '../rows.js';
import type { Judged, Objection } from './judged.js';

/** Those that are seen. */
export const LOCKS: readonly Objection[] = [fileLocked, siblingLocked];

/** Those that may be there. They do not count where the record proves that its owner is gone. */
export const HIDDEN_LOCKS: readonly Objection[] = [siblingHidden];

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

/**
 * A live program of this kind has that lock for certain, so that its absence would have to be seen. No flag lifts this,
 * because a person who knows on which host the owner ran need not know which container has it now.
 */
function siblingHidden({ seen, evidence }: Judged, ground: Answer): Answer | null {
  if (ground.reason === 'legacy-rebooted') return null;
  const name = seen.stranger.hiddenSibling;
  if (name === null) return null;
  note(evidence, 'file-lock', null, `a lock on ${name} may be hidden from here`, 'none');
  return { state: 'unknown', reason: 'legacy-sibling-hidden' };
}
