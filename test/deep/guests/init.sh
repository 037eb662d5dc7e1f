#!/bin/sh
# PID 1 of a guest whose root is the host's own, read-only, seen through a shared filesystem. The program
# KI_INSIDE takes over the console, and /run is writable.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin NO_COLOR=1 TMPDIR=/run/tmp
export PATH NO_COLOR TMPDIR
# The host's own mounts at these places are visible as well, and mean nothing here, so they are covered.
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs none /run
mkdir /run/tmp /run/volume
stty raw -echo </dev/console
# The shell as PID 1 reaps processes that have lost their parent; node would reap only its own children.
exec 4<&0
"$KI_NODE" "$KI_INSIDE" <&4 4<&- &
exec 4<&- </dev/null
wait $!
