#pragma once

namespace kernel_identity::system {

// These functions work on a name in an open directory. Each answers 0 or -errno, or a descriptor if it opens
// one. None of them leaves the directory it was given, because none follows the name if it is a symbolic
// link. So no other process can redirect a deletion by putting a link in place of the name.

/** Opens the directory that holds a lock's name. Its path may lead through symbolic links. */
int OpenParent(const char* path);
int OpenDirectoryAt(int directory, const char* name);
int OpenForReadingAt(int directory, const char* name);
/**
 * Creates a file with mode 0600. Until {@link TakeModeOf} nobody else can open it, and so nobody can put a
 * lock on it before the witness is taken. It is open for writing as well, because a write lock needs that
 * (fcntl(2)).
 */
int CreateAt(int directory, const char* name);
int MakeDirectoryAt(int directory, const char* name);
int RenameAt(int from_directory, const char* from, int to_directory, const char* to);
/** renameat2(2) with RENAME_NOREPLACE, kernel 3.15. */
int RenameNoReplaceAt(int from_directory, const char* from, int to_directory, const char* to);
/** linkat(2) within one directory: -EEXIST when there is a file of the new name. */
int LinkAt(int directory, const char* from, const char* to);
/** Gives a file the mode of a directory, without its execute bits and without write for others. */
int TakeModeOf(int file, int directory);
int UnlinkAt(int directory, const char* name);
int RemoveDirectoryAt(int directory, const char* name);

}  // namespace kernel_identity::system
