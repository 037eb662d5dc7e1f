#pragma once

namespace kernel_identity::system {

// Operations on a name in an open directory. Each answers 0, or a descriptor where it opens one, or -errno.
// None of them looks beyond the directory it was given: the last part of a path is never followed if it is a
// symbolic link, so nobody can lead a deletion elsewhere by swapping a link in.

/** The directory in which a lock's name stands. Its own path may lead through symbolic links. */
int OpenParent(const char* path);
int OpenDirectoryAt(int directory, const char* name);
int OpenForReadingAt(int directory, const char* name);
/** Read-write, since a write lock needs a writable descriptor (fcntl(2)). */
int CreateAt(int directory, const char* name);
int MakeDirectoryAt(int directory, const char* name);
int RenameAt(int from_directory, const char* from, int to_directory, const char* to);
/** renameat2(2) with RENAME_NOREPLACE, kernel 3.15. */
int RenameNoReplaceAt(int from_directory, const char* from, int to_directory, const char* to);
int UnlinkAt(int directory, const char* name);
int RemoveDirectoryAt(int directory, const char* name);

}  // namespace kernel_identity::system
