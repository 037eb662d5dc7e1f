#pragma once

namespace kernel_identity::system {

/** A new inotify(7) instance, non-blocking: a descriptor or -errno. */
int OpenInotify();

/**
 * Reports what matters to those who wait for the lock in an open directory: an entry renamed away or deleted,
 * a file closed that was open for writing, the directory itself deleted or renamed. A watch descriptor or
 * -errno; the same directory always gets the same one. The deletion of the directory is reported when nobody
 * has it open any more.
 */
int WatchDirectory(int inotify, int directory);

/** Reports when a file is closed by somebody who had it open for writing. As above. */
int WatchWriters(int inotify, int file);

/** Reads whatever is to be read. */
void DiscardEvents(int inotify);

}  // namespace kernel_identity::system
