#pragma once

namespace kernel_identity::system {

/** Makes a non-blocking inotify(7) instance. A descriptor or -errno. */
int OpenInotify();

/**
 * Watches an open directory for the events that matter to a waiter for its lock, and to its owner: an entry
 * was renamed away, renamed to or deleted, a file that was open for writing was closed, the directory itself
 * was deleted or renamed. Answers a watch descriptor or -errno; the same directory always gets the same watch
 * descriptor. The kernel reports the deletion of the directory when no process has it open any more.
 */
int WatchDirectory(int inotify, int directory);

/** Watches an open file for a close by a process that could write to it. A watch descriptor or -errno. */
int WatchWriters(int inotify, int file);

/** Watches an open file for a close by a process that could not write to it. A watch descriptor or -errno. */
int WatchReaders(int inotify, int file);

/** Reads all events that are waiting. */
void DiscardEvents(int inotify);

}  // namespace kernel_identity::system
