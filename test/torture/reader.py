# Locks the owner.json of a lock for reading, again and again, as any program may that can read it: by a classic lock or
# one of an open file description, on the whole file or on one byte. While the owner holds its own lock, this one waits,
# and comes about in the moment in which the owner dies. It stays until the file is deleted, so whoever takes it for the
# owner's waits for ever. Arguments: the path of owner.json, and a seed.
import fcntl
import os
import random
import signal
import struct
import sys
import time

F_OFD_SETLKW = 38
path, seed = sys.argv[1:]
random.seed(int(seed))


class Late(Exception):
    pass


def late(*_):
    raise Late


signal.signal(signal.SIGALRM, late)
print('{}', flush=True)
while True:
    time.sleep(random.random() * 0.02)
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        continue
    first, length = random.choice([(0, 0), (1_000_000, 1)])
    command = random.choice([fcntl.F_SETLKW, F_OFD_SETLKW])
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        lock = struct.pack('hhqqi4x', fcntl.F_RDLCK, os.SEEK_SET, first, length, 0)
        fcntl.fcntl(file, command, lock)
        signal.setitimer(signal.ITIMER_REAL, 0)
        while os.fstat(file).st_nlink > 0:
            time.sleep(0.01)
    except Late:
        pass
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        os.close(file)
