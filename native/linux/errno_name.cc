#include "errno_name.h"

#include <cerrno>

namespace kernel_identity::system {
namespace {

// The errors that calls of this folder can answer, also because of seccomp filters and network filesystems.
constexpr ErrnoText kErrnoTexts[] = {
    {EPERM, "EPERM", "operation not permitted"},
    {ENOENT, "ENOENT", "no such file or directory"},
    {ESRCH, "ESRCH", "no such process"},
    {EINTR, "EINTR", "interrupted system call"},
    {EIO, "EIO", "i/o error"},
    {ENXIO, "ENXIO", "no such device or address"},
    {E2BIG, "E2BIG", "argument list too long"},
    {EBADF, "EBADF", "bad file descriptor"},
    {ECHILD, "ECHILD", "no child processes"},
    {EAGAIN, "EAGAIN", "resource temporarily unavailable"},
    {ENOMEM, "ENOMEM", "not enough memory"},
    {EACCES, "EACCES", "permission denied"},
    {EFAULT, "EFAULT", "bad address"},
    {EBUSY, "EBUSY", "resource busy or locked"},
    {EEXIST, "EEXIST", "file already exists"},
    {EXDEV, "EXDEV", "cross-device link not permitted"},
    {ENODEV, "ENODEV", "no such device"},
    {ENOTDIR, "ENOTDIR", "not a directory"},
    {EISDIR, "EISDIR", "illegal operation on a directory"},
    {EINVAL, "EINVAL", "invalid argument"},
    {ENFILE, "ENFILE", "file table overflow"},
    {EMFILE, "EMFILE", "too many open files"},
    {ENOTTY, "ENOTTY", "inappropriate ioctl for device"},
    {ETXTBSY, "ETXTBSY", "text file is busy"},
    {EFBIG, "EFBIG", "file too large"},
    {ENOSPC, "ENOSPC", "no space left on device"},
    {ESPIPE, "ESPIPE", "invalid seek"},
    {EROFS, "EROFS", "read-only file system"},
    {EMLINK, "EMLINK", "too many links"},
    {EPIPE, "EPIPE", "broken pipe"},
    {ERANGE, "ERANGE", "result too large"},
    {EDEADLK, "EDEADLK", "resource deadlock avoided"},
    {ENAMETOOLONG, "ENAMETOOLONG", "name too long"},
    {ENOLCK, "ENOLCK", "no locks available"},
    {ENOSYS, "ENOSYS", "function not implemented"},
    {ENOTEMPTY, "ENOTEMPTY", "directory not empty"},
    {ELOOP, "ELOOP", "too many symbolic links encountered"},
    {ENODATA, "ENODATA", "no data available"},
    {EREMOTE, "EREMOTE", "object is remote"},
    {ENOLINK, "ENOLINK", "link has been severed"},
    {EPROTO, "EPROTO", "protocol error"},
    {EBADMSG, "EBADMSG", "bad message"},
    {EOVERFLOW, "EOVERFLOW", "value too large for defined data type"},
    {EILSEQ, "EILSEQ", "illegal byte sequence"},
    {EOPNOTSUPP, "ENOTSUP", "operation not supported"},
    {ENETDOWN, "ENETDOWN", "network is down"},
    {ENETUNREACH, "ENETUNREACH", "network is unreachable"},
    {ECONNABORTED, "ECONNABORTED", "software caused connection abort"},
    {ECONNRESET, "ECONNRESET", "connection reset by peer"},
    {ENOBUFS, "ENOBUFS", "no buffer space available"},
    {ENOTCONN, "ENOTCONN", "socket is not connected"},
    {ETIMEDOUT, "ETIMEDOUT", "connection timed out"},
    {ECONNREFUSED, "ECONNREFUSED", "connection refused"},
    {EHOSTDOWN, "EHOSTDOWN", "host is down"},
    {EHOSTUNREACH, "EHOSTUNREACH", "host is unreachable"},
    {EALREADY, "EALREADY", "operation already in progress"},
    {EINPROGRESS, "EINPROGRESS", "operation now in progress"},
    {ESTALE, "ESTALE", "stale file handle"},
    {EUCLEAN, "EUCLEAN", "structure needs cleaning"},
    {EREMOTEIO, "EREMOTEIO", "remote i/o error"},
    {EDQUOT, "EDQUOT", "disk quota exceeded"},
    {ENOMEDIUM, "ENOMEDIUM", "no medium found"},
    {ECANCELED, "ECANCELED", "operation canceled"},
    {ENOKEY, "ENOKEY", "required key not available"},
    {EKEYEXPIRED, "EKEYEXPIRED", "key has expired"},
    {EHWPOISON, "EHWPOISON", "memory page has a hardware error"},
};

}  // namespace

const ErrnoText* FindErrno(int number) {
  for (const ErrnoText& text : kErrnoTexts) {
    if (text.number == number) return &text;
  }
  return nullptr;
}

std::string ErrnoName(int error) {
  const ErrnoText* const text = FindErrno(-error);
  if (text != nullptr) return text->name;
  std::string name(1, 'E');
  name += std::to_string(-error);
  return name;
}

}  // namespace kernel_identity::system
