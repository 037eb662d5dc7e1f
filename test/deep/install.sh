#!/usr/bin/env bash
# Installs what the parts of `npm run test:deep` need, on Debian 12, as root: install.sh [part...]. Without
# arguments it installs for all parts, with --slice for those of the slice.
set -euo pipefail
cd "$(dirname "$0")/../.."

# Debian packages by part. A part that is not named here needs none.
declare -A packages=(
  [docker]="docker.io busybox-static"
  [docker-layers]="docker.io busybox-static"
  [runc]="runc golang-github-containers-common busybox-static"
  [bubblewrap]="bubblewrap busybox-static"
  [podman]="podman runc busybox-static"
  [rows]="docker.io podman runc busybox-static"
  [rootless]="podman runc uidmap busybox-static"
  [nspawn]="systemd-container busybox-static"
  [lxc]="lxc busybox-static"
  [gvisor]="runsc runc golang-github-containers-common busybox-static"
  [etcd]="etcd-server etcd-client iproute2"
  [etcd-torture]="etcd-server etcd-client iproute2"
  [etcd-clocks]="etcd-server iproute2 libfaketime"
  [lifelines]="gcc libc6-dev"
  [threads]="g++"
  [leaks]="g++ make"
  [sanitized-suite]="g++ make python3"
  [fuzz]="clang"
  [addon-fuzz]="g++ make"
  [exhaustion]="strace"
  [filesystems]="e2fsprogs xfsprogs btrfs-progs squashfs-tools erofs-utils bindfs sshfs openssh-sftp-server mergerfs fuse-overlayfs gocryptfs ntfs-3g"
  [places]="e2fsprogs xfsprogs btrfs-progs bindfs sshfs openssh-sftp-server mergerfs fuse-overlayfs gocryptfs"
  [failing-calls]="strace"
  [late-answers]="strace bindfs"
  [proper-lockfile]="strace"
  [failing-disks]="perl e2fsprogs xfsprogs btrfs-progs bindfs libfaketime"
  [quota]="user-mode-linux kmod quota e2fsprogs xfsprogs"
  [uml]="user-mode-linux e2fsprogs xfsprogs btrfs-progs"
  [uml-filesystems]="user-mode-linux kmod f2fs-tools dosfstools nfs-kernel-server diod"
  [qemu]="qemu-system-x86 busybox-static cpio xz-utils"
  [qemu-suite]="qemu-system-x86 busybox-static cpio xz-utils"
  [clones]="qemu-system-x86 busybox-static cpio xz-utils e2fsprogs nfs-ganesha nfs-ganesha-vfs rpcbind"
  [etcd-clones]="etcd-server qemu-system-x86 busybox-static cpio xz-utils e2fsprogs nfs-ganesha nfs-ganesha-vfs rpcbind"
  [warm-clones]="qemu-system-x86 busybox-static cpio xz-utils e2fsprogs nfs-ganesha nfs-ganesha-vfs rpcbind"
)

# Some parts need more than packages: each has a function named install_<part>.

# The newest kernel of each line is installed; the packages carry the version in their name.
install_qemu() {
  local line
  for line in 6.1 6.12; do
    compgen -G "/boot/vmlinuz-$line.*" >/dev/null && continue
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends >/dev/null \
      "$(apt-cache search --names-only "^linux-image-${line/./\\.}\.[-0-9.]+([+]deb12)?-cloud-amd64$" | cut -d' ' -f1 | sort -V | tail -1)"
  done
}

install_qemu-suite() { install_qemu; }
install_clones() { install_qemu; }
install_warm-clones() { install_qemu; }
install_etcd-clones() { install_qemu; }

parts=("$@")
if [[ ${1-} == --slice ]]; then
  parts=()
  for file in $(grep -l '^export const slice = true' test/deep/parts/*.mjs); do parts+=("$(basename "$file" .mjs)"); done
fi
((${#parts[@]})) || parts=("${!packages[@]}")

wanted=()
for part in "${parts[@]}"; do
  [[ -e test/deep/parts/$part.mjs ]] || { echo "no such part: $part; npm run test:deep -- --list shows all" >&2; exit 2; }
  read -ra names <<<"${packages[$part]-}"
  for name in "${names[@]}"; do
    # Only missing packages are installed, because one that is there must not be upgraded.
    dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q ' installed$' || wanted+=("$name")
  done
done
if ((${#wanted[@]})); then
  apt-get update -qq
  # The tests start the daemons themselves, so the packages must not start services. policy-rc.d would decide
  # that, except on a machine without an init, where invoke-rc.d reads RUNLEVEL.
  RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}" >/dev/null
fi
for part in "${parts[@]}"; do
  if declare -F "install_$part" >/dev/null; then "install_$part"; fi
done
