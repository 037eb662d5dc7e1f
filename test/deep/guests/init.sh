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
# As PID 1 the shell reaps what has lost its parent; node would reap its own children alone.
exec 4<&0
"$KI_NODE" "$KI_INSIDE" <&4 4<&- &
exec 4<&- </dev/null
wait $!
