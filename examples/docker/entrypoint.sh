#!/bin/sh
# The entrypoint of a container on whose volume killed containers may have left their locks. It removes the locks of dead
# owners, refuses to start while another one is held or cannot be judged, and then becomes the command.
#
#   LOCKS   paths of locks, one a line; * and ? are expanded; default /data/*.lock
#
# Exit codes: 75, the owner of a lock lives: try again later. 69, a lock cannot be judged, or the file is no lock: a person
# must look at it. Otherwise the exit code of the command.
set -eu

IFS='
'
for lock in ${LOCKS:-/data/*.lock}; do
  # A pattern that matches nothing is left as it is.
  if [ ! -e "$lock" ] && [ ! -L "$lock" ]; then continue; fi

  # One step judges and removes: between an `inspect` and an `rm` another process could take the lock.
  if kernel-identity reclaim "$lock" >&2; then continue; fi

  state=0
  kernel-identity inspect --exit-code "$lock" >/dev/null 2>&1 || state=$?
  case $state in
    # It was released a moment ago; or it cannot be removed, and this prints why.
    0) kernel-identity reclaim "$lock" >&2 || exit 69 ;;
    1)
      echo "not starting: the owner of $lock lives" >&2
      exit 75
      ;;
    # It cannot be read, and reclaim printed why.
    4) exit 69 ;;
    *)
      echo "not starting: nobody can tell from here whether the owner of $lock lives" >&2
      exit 69
      ;;
  esac
done
unset IFS

exec "$@"
