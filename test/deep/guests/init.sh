#!/bin/sh
# PID 1 of a guest whose root is the host's own, read-only, seen through a shared filesystem. The program KI_INSIDE takes
# over the console; /run is for it to write in.
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin NO_COLOR=1 TMPDIR=/run/tmp
export PATH NO_COLOR TMPDIR
# What the host has mounted there is seen as well, and means nothing here.
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs none /run
mkdir /run/tmp /run/volume
stty raw -echo </dev/console
exec "$KI_NODE" "$KI_INSIDE"
