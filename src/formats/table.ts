import { barePid } from './bare-pid.js';
import { bazel } from './bazel.js';
import { borgLock, borgRoster } from './borg.js';
import { ccache } from './ccache.js';
import { chromiumSingleton } from './chromium-singleton.js';
import { deluge } from './deluge.js';
import { emacs } from './emacs.js';
import { filelock, filelock2 } from './filelock.js';
import { firefox } from './firefox.js';
import type { Format, KnownFormat } from './format.js';
import { gitGc, gitPidFile } from './git.js';
import { gitAnnex } from './git-annex.js';
import { gnupg } from './gnupg.js';
import { dovecot, rtorrent } from './host-and-pid.js';
import { jsonPidFile } from './json-pid-file.js';
import { JSON_PROGRAMS } from './json-programs.js';
import { mercurial } from './mercurial.js';
import { mysqlx } from './mysqlx.js';
import { ownerDirectory } from './owner-directory.js';
import { pidAndTime } from './pid-and-time.js';
import { pidInName } from './pid-in-name.js';
import { pidList } from './pid-list.js';
import { postmaster } from './postmaster.js';
import { qlockfile } from './qlockfile.js';
import { tahoe } from './tahoe.js';
import { ticksLine } from './ticks-line.js';
import { vimSwap } from './vim-swap.js';

/**
 * The formats of other programs' locks. The first that reads a lock is the one that it has: those with a name of their own
 * come first, and those that could be anybody's data last.
 */
export const FORMATS: readonly Format[] = [
  postmaster,
  chromiumSingleton,
  firefox,
  emacs,
  vimSwap,
  mercurial,
  ccache,
  gitGc,
  gitPidFile,
  gitAnnex,
  bazel,
  tahoe,
  pidInName,
  borgLock,
  borgRoster,
  ownerDirectory,
  jsonPidFile,
  filelock2,
  ticksLine,
  mysqlx,
  deluge,
  rtorrent,
  dovecot,
  gnupg,
  pidAndTime,
  pidList,
  filelock,
  qlockfile,
  barePid,
];

/** All names that a format can have, also those of the JSON objects that one parser reads. */
export const KNOWN_FORMATS: readonly KnownFormat[] = [...FORMATS, ...JSON_PROGRAMS];
