#include "filesystem.h"

#include <sys/vfs.h>

#include <cerrno>
#include <cstring>

namespace kernel_identity::system {
namespace {

struct NamedMagic {
  uint32_t magic;
  const char* name;
};

// The numbers are from statfs(2) and include/uapi/linux/magic.h, those of zfs and lustre from their own
// sources. virtiofs has the number of fuse. src/backend/procfs/filesystem.ts has the same table, and a test
// compares both.
constexpr NamedMagic kNames[] = {
    {0xEF53, "ext"},          {0x58465342, "xfs"},       {0x9123683E, "btrfs"},
    {0x794C7630, "overlay"},  {0x01021994, "tmpfs"},     {0x858458F6, "ramfs"},
    {0x6969, "nfs"},          {0xFF534D42, "cifs"},      {0xFE534D42, "smb2"},
    {0x517B, "smb"},          {0x65735546, "fuse"},      {0x01021997, "9p"},
    {0x00C36400, "ceph"},     {0x01161970, "gfs2"},      {0x7461636F, "ocfs2"},
    {0x0BD00BD0, "lustre"},   {0x5346414F, "afs"},       {0x6B414653, "afs"},
    {0x73757245, "coda"},     {0x47504653, "gpfs"},      {0x013661DD, "orangefs"},
    {0x786F4256, "vboxsf"},   {0xBACBACBC, "vmhgfs"},    {0x2FC12FC1, "zfs"},
    {0xCA451A4E, "bcachefs"}, {0xF2F52010, "f2fs"},      {0x3434, "nilfs"},
    {0x52654973, "reiserfs"}, {0x3153464A, "jfs"},       {0x00C0FFEE, "hostfs"},
    {0xF15F, "ecryptfs"},     {0x4D44, "vfat"},          {0x5346544E, "ntfs"},
    {0x7366746E, "ntfs3"},    {0x2011BAB0, "exfat"},     {0x482B, "hfsplus"},
    {0x9660, "iso9660"},      {0x15013346, "udf"},       {0x73717368, "squashfs"},
    {0xE0F5E1E2, "erofs"},    {0x28CD3D45, "cramfs"},    {0x24051905, "ubifs"},
    {0x72B6, "jffs2"},        {0x958458F6, "hugetlbfs"}, {0x9FA0, "proc"},
    {0x62656572, "sysfs"},    {0x1CD1, "devpts"},        {0x27E0EB, "cgroup"},
    {0x63677270, "cgroup2"},  {0x6E736673, "nsfs"},      {0x50494446, "pidfs"},
    {0x50495045, "pipefs"},   {0x534F434B, "sockfs"},    {0x09041934, "anon_inode"},
    {0x0187, "autofs"},       {0x64626720, "debugfs"},   {0x73636673, "securityfs"},
    {0x74726163, "tracefs"},  {0xCAFE4A11, "bpf"},       {0x62656570, "configfs"},
};

}  // namespace

int ReadFilesystem(int fd, Filesystem* filesystem) {
  struct statfs status;
  if (::fstatfs(fd, &status) < 0) {
    const bool is_refused = errno == EPERM || errno == EACCES || errno == ENOSYS;
    if (!is_refused) return -errno;
    *filesystem = {};
    return 0;
  }
  // f_type is a signed word of 32 or 64 bits, depending on the architecture; the magic number has 32 bits.
  filesystem->magic = static_cast<uint32_t>(status.f_type);
  // The words of fsid_t have no portable name: glibc and musl name them differently.
  uint32_t words[2];
  static_assert(sizeof words == sizeof status.f_fsid);
  std::memcpy(words, &status.f_fsid, sizeof words);
  filesystem->fsid = uint64_t{words[0]} << 32 | words[1];
  return 0;
}

const char* FilesystemName(uint32_t magic) {
  for (const NamedMagic& entry : kNames) {
    if (entry.magic == magic) return entry.name;
  }
  return nullptr;
}

}  // namespace kernel_identity::system
