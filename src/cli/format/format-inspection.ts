import { basename, dirname } from 'node:path';
import { ownCommand } from '../../backend/own-command.js';
import { quoteNames } from '../../errors.js';
import type { LockFormat } from '../../formats/format.js';
import { isDeletableAs, isLockName, isNamedLikeLock } from '../../formats/names.js';
import { processText } from '../../lock/holder-text.js';
import { findUsers, type LockHolder, type LockUsers } from '../../lock/holders.js';
import type { InspectedLock } from '../../lock/inspect.js';
import { clearingCommand, showingCommand } from '../../lock/protocol/commands.js';
import { knowledgeFor } from '../../lock/protocol/lift.js';
import { describeOwner, hostOf } from '../../record/describe-owner.js';
import { OWNER_FILE } from '../../record/owner-file.js';
import type { OwnerRecord } from '../../record/owner-record.js';
import { formatElapsed } from '../../text/elapsed.js';
import { printable } from '../../text/printable.js';
import { shellQuoted } from '../../text/shell-quote.js';
import { isAddress } from '../addresses.js';
import { usersFields } from './format-users.js';
import { formatEvidence, formatVerdict } from './format-verdict.js';
import { alignFields } from './layout.js';
import { type Paint, plain, STATE_TONES } from './paint.js';

/** The state of a lock, its owner, the evidence and the next step, as text for people. */
export function formatInspection(
  inspection: InspectedLock,
  paint: Paint = plain,
  users: LockUsers | undefined = findUsers([inspection])[0],
): string {
  const [advice, command] = nextStep(inspection, users?.holders ?? []);
  const parts = [formatFindings(inspection, paint, users), '', alignFields([['next', advice]], 2)];
  // The command gets a line of its own and is never wrapped, so that it can be copied.
  if (command !== null) parts.push(`        ${printable(command)}`);
  return parts.join('\n');
}

/** The same without the next step. */
export function formatFindings(
  inspection: InspectedLock,
  paint: Paint,
  users: LockUsers | undefined,
): string {
  const { path, state, verdict } = inspection;
  const parts = [
    `${paint('heading', printable(path))}: ${paint(STATE_TONES[state], state)}`,
    alignFields(factsOf(inspection, paint, users), 2),
  ];
  if (verdict !== null) parts.push('', formatEvidence(verdict.evidence, 2, paint));
  return parts.join('\n');
}

function factsOf(inspection: InspectedLock, paint: Paint, users: LockUsers | undefined): [string, string][] {
  const { path, format, verdict, owner, ageMs, description, foreignFiles } = inspection;
  const used = users === undefined ? [] : usersFields(users);
  if (owner === null) return [['found', printable(description)], ...used];
  const facts: [string, string][] = [['owner', describeOwner(owner, ageMs)], ...used];
  if (owner.recordedAt !== null) facts.push(['written', writtenAt(owner.recordedAt)]);
  facts.push(['format', format]);
  if (verdict !== null) facts.push(['verdict', formatVerdict(verdict, paint)]);
  // What removes a lock on an engine by itself, or how a person does it, stands there alone.
  if (isAddress(path) && verdict?.state === 'unknown') facts.push(['found', printable(description)]);
  if (foreignFiles.length > 0) facts.push(['also there', printable(quoteNames(foreignFiles))]);
  if (owner.problem !== null) facts.push(['problem', printable(owner.problem)]);
  return facts;
}

function writtenAt({ ms, source }: NonNullable<OwnerRecord['recordedAt']>): string {
  const time = new Date(ms);
  return Number.isNaN(time.getTime())
    ? `${ms} ms since 1970 (${source})`
    : `${time.toISOString()} (${source})`;
}

type NextStep = readonly [advice: string, command: string | null];

const NO_LOCKS_NAME: NextStep = ['its name does not show that it is a lock, so nothing deletes it.', null];

/** Formats that `acquire` understands. `none` is among them, because a lock can be made where nothing is. */
const OWN_FORMATS: ReadonlySet<LockFormat> = new Set(['kernel-identity', 'openclaw-directory', 'none']);

/** Advice for the person who reads the inspection, and the command that does it. */
function nextStep(
  { state, path, format, verdict, owner, foreignFiles, liftedBy }: InspectedLock,
  holders: readonly LockHolder[],
): NextStep {
  const quoted = shellQuoted(path);
  if (foreignFiles.length > 0) {
    if (owner === null) {
      return [
        'this may not be a lock at all, so nothing clears it; to search it for locks:',
        `${ownCommand()} inspect --recursive ${quoted}`,
      ];
    }
    return [
      "files that are not the lock's own are never deleted; move them away, then:",
      clearingCommand(path, null),
    ];
  }
  if (state === 'unknown' && isAddress(path)) {
    return ['whoever knows that nobody holds it deletes its entry, by the command that was found.', null];
  }
  if (state === 'unknown') {
    if (liftedBy !== null) {
      return [
        `nothing decides whether it is in use; if ${knowledgeFor(liftedBy)}, this clears it:`,
        clearingCommand(path, liftedBy),
      ];
    }
    if (basename(path) === OWNER_FILE && owner === null) {
      return ['the directory of this file is the lock:', showingCommand(dirname(path))];
    }
    if (owner === null && !isLockName(basename(path)) && !isNamedLikeLock(basename(path)))
      return NO_LOCKS_NAME;
    if (owner === null) {
      return [
        'it names no owner, so nothing clears it now; a program may still be writing it: inspect it again later.',
        null,
      ];
    }
    if (verdict?.lookAgainIn !== undefined) {
      return [
        `it may be known in ${formatElapsed(verdict.lookAgainIn)}, so nothing clears it yet; then inspect it again:`,
        `${ownCommand()} inspect ${quoted}`,
      ];
    }
    const host = hostOf(owner);
    const where = host === null ? 'where its owner ran' : `where its owner ran (${printable(host)})`;
    return [
      `its owner cannot be judged from here, so nothing clears it; inspect it ${where}:`,
      showingCommand(path),
    ];
  }
  if (owner !== null && !OWN_FORMATS.has(format)) return nextStepWithForeign(state, path, format, holders);
  switch (state) {
    case 'free':
      return ['take it:', `${ownCommand()} run ${quoted} -- COMMAND`];
    case 'held':
      return [
        `leave it alone and wait for ${whomToWaitFor(holders)}:`,
        `${ownCommand()} run --timeout 5m ${quoted} -- COMMAND`,
      ];
    case 'stale':
      if (owner === null) {
        return [
          'acquiring it clears it. Some programs lock by a directory alone: if one of them may be at work, check it first. To clear it now:',
          clearingCommand(path, null),
        ];
      }
      return ['acquiring it clears it; to clear it now:', clearingCommand(path, null)];
  }
}

/** The owner, unless it is gone and its children hold the lock. */
function whomToWaitFor(holders: readonly LockHolder[]): string {
  // This command has the descriptor of a shell that holds the lock, and ends at once.
  const others = holders.filter(({ self }) => !self);
  const heirs = others.filter(({ inheritedFrom }) => inheritedFrom !== null);
  if (heirs.length === 0 || heirs.length < others.length) return 'its owner';
  return `${heirs.map((heir) => processText(heir)).join(' and ')}, which its owner left behind`;
}

/** The file of another program cannot be acquired, so no acquirer clears it either. */
function nextStepWithForeign(
  state: 'free' | 'held' | 'stale',
  path: string,
  format: LockFormat,
  [holder]: readonly LockHolder[],
): NextStep {
  if (state === 'held') {
    // The recorded number may be that of nobody, because another process has the file locked.
    if (holder === undefined) {
      return [
        'leave it alone: a process holds it that cannot be named from here. To see which one, as root on the host:',
        showingCommand(path),
      ];
    }
    return [
      'leave it alone while its holder lives; to see that process:',
      `${ownCommand()} probe ${holder.pid}`,
    ];
  }
  return isDeletableAs(basename(path), { format })
    ? ['its owner is gone; to remove it:', clearingCommand(path, null)]
    : NO_LOCKS_NAME;
}
