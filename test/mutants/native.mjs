// Mistakes in the addon.

const PROCESSES = ['test/native/processes.test.ts', 'test/backend'];
const FILES = ['test/native/files.test.ts', 'test/native/descriptors.test.ts'];
const WATCH = ['test/native/watch.test.ts'];
const INHERITABLE = ['test/native/inheritable-lifeline.test.ts'];
const LIFELINE_WATCH = ['test/native/lifeline-watch.test.ts'];
const PARSERS = ['test/native/parsers.test.ts'];

/** @type {import('./list.mjs').MutatedFile[]} */
export const files = [
  {
    file: 'native/linux/proc_stat.cc',
    tests: PROCESSES,
    mutants: [
      { what: 'a name with a parenthesis ends there', from: "text.rfind(')')", to: "text.find(')')" },
      {
        what: 'a start before the clock of the namespace is believed',
        from: 'if (ticks <= kLargestTicks) stat',
        to: 'stat',
      },
      {
        what: 'a text that was cut within the start time is accepted',
        from: "if (!fields.rest().starts_with(' ')) return false;",
        to: '',
        tests: PARSERS,
      },
    ],
  },
  {
    file: 'native/linux/proc_status.cc',
    tests: PROCESSES,
    mutants: [
      { what: 'a long list of groups is an error', from: 'if (length == -EFBIG) {', to: 'if (false) {' },
      {
        what: 'only the outermost number is read',
        from: '    ++status->levels;\n',
        to: '    ++status->levels;\n    break;\n',
      },
    ],
  },
  {
    file: 'native/linux/time_offset.cc',
    tests: PARSERS,
    mutants: [
      { what: 'the clock number of Linux 5.6 is unknown', from: ' && clock != "7"', to: '' },
      {
        what: 'a nanosecond too many',
        from: 'offset->nanoseconds < kSecond',
        to: 'offset->nanoseconds <= kSecond',
      },
    ],
  },
  {
    file: 'native/linux/filesystem.cc',
    tests: PARSERS,
    mutants: [{ what: 'a filesystem has another name', from: '{0x6969, "nfs"}', to: '{0x6969, "nfs4"}' }],
  },
  {
    file: 'native/linux/boot_id.cc',
    tests: ['test/backend', 'test/traps/proc.test.ts'],
    mutants: [
      {
        what: 'a boot id that another file was mounted over is native',
        from: 'self.st_dev == id_file.st_dev',
        to: 'self.st_dev != 0',
      },
    ],
  },
  {
    file: 'native/linux/pidfd.cc',
    tests: PROCESSES,
    mutants: [
      { what: 'an exited process runs', from: '(entry.revents & POLLIN) != 0 ? 1 : 0', to: '0' },
      {
        what: 'a pidfd of any kind has a lasting inode',
        from: 'if (static_cast<uint64_t>(filesystem.f_type) != kPidfsMagic) return -ENOTTY;',
        to: '',
      },
    ],
  },
  {
    file: 'native/linux/files_at.cc',
    tests: FILES,
    mutants: [
      {
        what: 'a new file can be opened by others before its witness is taken',
        from: 'O_CLOEXEC, 0600));',
        to: 'O_CLOEXEC, 0666));',
      },
      {
        what: 'others may write the record',
        from: 'kNoneForOthersToWrite = 0664;',
        to: 'kNoneForOthersToWrite = 0666;',
        tests: ['test/backend/files.test.ts'],
      },
      {
        what: 'a symbolic link to a directory is followed',
        from: 'O_RDONLY | O_DIRECTORY | O_NOFOLLOW',
        to: 'O_RDONLY | O_DIRECTORY',
      },
      {
        what: 'a symbolic link to a file is followed',
        from: 'O_RDONLY | O_NOFOLLOW | O_NONBLOCK',
        to: 'O_RDONLY | O_NONBLOCK',
      },
      {
        what: 'opening a FIFO blocks',
        from: 'O_NOFOLLOW | O_NONBLOCK | O_NOCTTY',
        to: 'O_NOFOLLOW | O_NOCTTY',
      },
      { what: 'an existing file is taken for a new one', from: 'O_CREAT | O_EXCL |', to: 'O_CREAT |' },
      {
        what: 'child processes inherit a descriptor',
        from: 'O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK',
        to: 'O_NOFOLLOW | O_NONBLOCK',
      },
      {
        what: 'a rename replaces an existing name',
        from: 'from_directory, from, to_directory, to, kRenameNoReplace',
        to: 'from_directory, from, to_directory, to, 0',
      },
    ],
  },
  {
    file: 'native/linux/file_status.cc',
    tests: ['test/backend/files.test.ts', 'test/lock/loss.test.ts'],
    mutants: [
      {
        what: 'the inode alone identifies a file, whatever its device',
        from: 'found.st_dev == device && found.st_ino == inode',
        to: 'found.st_ino == inode',
      },
      {
        what: 'the device alone identifies a file',
        from: 'found.st_dev == device && found.st_ino == inode',
        to: 'found.st_dev == device',
      },
      {
        what: 'a descriptor that belongs to another file by now is accepted',
        from: 'return same == 0 ? -EBADF : IsFileAt',
        to: 'return IsFileAt',
      },
      {
        what: 'the inode alone identifies an open file, whatever its device',
        from: 'open.st_dev == device && open.st_ino == inode',
        to: 'open.st_ino == inode',
      },
      {
        what: 'the device alone identifies an open file',
        from: 'open.st_dev == device && open.st_ino == inode',
        to: 'open.st_dev == device',
      },
    ],
  },
  {
    file: 'native/linux/pid_namespace.cc',
    tests: ['test/backend/contract.test.ts'],
    mutants: [
      {
        what: 'every process is in every namespace',
        from: '&status) == 0 && status.st_ino == inode;',
        to: '&status) == 0;',
      },
    ],
  },
  {
    file: 'native/binding/lifeline.cc',
    tests: ['test/native/inheritable-lifeline.test.ts'],
    mutants: [
      {
        what: 'a lock that may be handed over is recorded without a lifeline for want of a descriptor',
        from: 'if (result < 0) return LifelineOrNull(info.Env(), result, lifeline);',
        to: 'if (result < 0) return info.Env().Null();',
      },
    ],
  },
  {
    file: 'native/binding/files.cc',
    tests: ['test/backend/files.test.ts', 'test/lock/loss.test.ts'],
    mutants: [
      {
        what: 'a descriptor is closed that belongs to another file by now',
        from: 'if (same != 0 && same != -EBADF) CloseNow',
        to: 'CloseNow',
      },
      {
        what: 'any file can be adopted',
        from: 'const int error = same == 0 ? -EBADF : same < 0',
        to: 'const int error = same < 0',
      },
      {
        what: 'the programs that an heir starts inherit as well',
        from: 'system::CloseAtExec(file.fd)',
        to: '0',
        tests: ['test/native/descriptors.test.ts'],
      },
    ],
  },
  {
    file: 'native/binding/last_object.h',
    tests: ['test/backend', 'test/native/files.test.ts'],
    mutants: [
      {
        what: 'the first object is answered for every later value',
        from: 'object_.IsEmpty() || value_ != value',
        to: 'object_.IsEmpty()',
      },
    ],
  },
  {
    file: 'native/binding/directory_entries.cc',
    tests: ['test/backend/files.test.ts', 'test/lock/bad-input.test.ts'],
    mutants: [
      {
        what: 'programs that delete what is old delete a held lock',
        from: 'if (error == 0) (void)::flock(directory.get(), LOCK_SH | LOCK_NB);',
        to: '',
        tests: ['test/lock/aging.test.ts'],
      },
      {
        what: 'a directory is removed that is not the one given',
        from: 'if (same <= 0) return;\n  const int error = system::RemoveDirectoryAt',
        to: 'if (same < 0) return;\n  const int error = system::RemoveDirectoryAt',
      },
      {
        what: 'owner.json need not be a file',
        from: 'opened.status.kind == system::FileKind::kFile && opened.status.size <= limit',
        to: 'opened.status.size <= limit',
      },
      {
        what: 'owner.json may be of any size',
        from: 'opened.status.kind == system::FileKind::kFile && opened.status.size <= limit',
        to: 'opened.status.kind == system::FileKind::kFile',
      },
    ],
  },
  {
    file: 'native/linux/result.h',
    tests: ['test/host/shortage.test.ts'],
    mutants: [
      {
        what: 'want of descriptors or memory is an answer to remember',
        from: 'return error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -ENOLCK;',
        to: 'return error == -ENOLCK;',
      },
    ],
  },
  {
    file: 'native/linux/capabilities.cc',
    tests: ['test/host/shortage.test.ts'],
    mutants: [
      {
        what: 'no pidfds for life because a descriptor was missing',
        from: '  if (IsShortage(opened)) return opened;\n  if (opened < 0) {',
        to: '  if (opened < 0) {',
      },
    ],
  },
  {
    file: 'native/linux/witness.cc',
    tests: ['test/backend/contract.test.ts', 'test/native/capabilities.test.ts'],
    mutants: [
      {
        what: 'held and free are exchanged',
        from: 'if (lock.l_type == F_UNLCK) return LockState::kFree;',
        to: 'if (lock.l_type != F_UNLCK) return LockState::kFree;',
      },
      { what: 'the test takes the lock', from: '::fcntl(fd, F_OFD_GETLK', to: '::fcntl(fd, F_OFD_SETLK' },
      {
        what: 'the witness is a lock that others can share',
        from: 'struct flock lock = WholeFile(F_WRLCK);\n  const int result',
        to: 'struct flock lock = WholeFile(F_RDLCK);\n  const int result',
        tests: ['test/backend/files.test.ts', 'test/backend/contract.test.ts'],
      },
      {
        what: "a reader's lock counts as the witness",
        from: 'struct flock lock = WholeFile(F_RDLCK);',
        to: 'struct flock lock = WholeFile(F_WRLCK);',
        tests: ['test/backend/strangers-locks.test.ts'],
      },
      {
        what: 'a classic lock counts as the witness',
        from: 'if (lock.l_pid != -1) return LockState::kFree;',
        to: '',
        tests: ['test/backend/strangers-locks.test.ts'],
      },
      {
        what: 'a part of the witness counts as all of it',
        from: 'lock.l_start == 0 && lock.l_len == 0 ? LockState::kHeld',
        to: 'true ? LockState::kHeld',
        tests: ['test/backend/strangers-locks.test.ts'],
      },
      {
        what: 'a witness that begins at 0 counts whatever its end',
        from: 'lock.l_start == 0 && lock.l_len == 0',
        to: 'lock.l_start == 0',
        tests: ['test/backend/strangers-locks.test.ts'],
      },
    ],
  },
  {
    file: 'native/linux/heartbeat.cc',
    tests: ['test/native/lease.test.ts'],
    mutants: [
      {
        what: 'a beat leaves lost lifelines as they are',
        from: 'Lifelines::OfProcess().KeepOwn();',
        to: '',
        tests: ['test/judge/lifeline-live.test.ts'],
      },
      {
        what: 'a deleted file is touched',
        from: ' || status.st_nlink == 0) {',
        to: ') {',
      },
      {
        what: 'the file of another program is touched',
        from: 'status.st_dev != file.device || status.st_ino != file.inode ||',
        to: '',
      },
      {
        what: 'one touch that fails ends the lease',
        from: 'if (rest <= 0) return false;',
        to: 'return false;',
        tests: ['test/backend/lease.test.ts'],
      },
      {
        what: 'a lease without an end of its patience is lost by a touch',
        from: 'if (beat->patience >= 0) {',
        to: '{',
        tests: ['test/backend/lease.test.ts'],
      },
      {
        what: 'a touch that failed counts as one that succeeded',
        from: 'if (outcome == Outcome::kTouched) {',
        to: 'if (outcome != Outcome::kGone) {',
        tests: ['test/backend/lease.test.ts'],
      },
      {
        what: 'a process that gave up its privileges touches nothing any more',
        from: 'if (result == -EPERM || result == -EACCES) return WriteFirstByteAgain(file.fd);',
        to: '',
        tests: ['test/backend/lease.test.ts'],
      },
    ],
  },
  {
    file: 'native/linux/timer_queue.cc',
    tests: ['test/native/lease.test.ts'],
    mutants: [
      {
        what: 'an earlier beat waits for a later one',
        from: 'if (due < armed_) Arm(due);',
        to: 'if (armed_ == kNever) Arm(due);',
      },
      {
        what: 'the timer is not set again',
        from: 'if (!schedule_.empty()) Arm(schedule_.begin()->first);',
        to: '',
      },
    ],
  },
  {
    file: 'native/linux/rechecks.cc',
    tests: ['test/native/release.test.ts'],
    mutants: [
      { what: 'there is only one re-check', from: 'if (pause <= kLongestPause) {', to: 'if (pause < 0) {' },
      {
        what: 'an event does not start again with short pauses',
        from: '  pauses_[ticket] = kFirstPause;\n  queue_.Schedule(ticket, kFirstPause);',
        to: '  if (pauses_.emplace(ticket, kFirstPause).second) queue_.Schedule(ticket, kFirstPause);',
      },
    ],
  },
  {
    file: 'native/binding/watch.cc',
    tests: WATCH,
    mutants: [
      {
        what: 'the thread writes to memory that can be detached',
        from: 'napi_is_arraybuffer(env, buffer, &is_array_buffer) == napi_ok && !is_array_buffer',
        to: 'napi_is_arraybuffer(env, buffer, &is_array_buffer) == napi_ok',
      },
      {
        what: 'the thread writes to words of another size',
        from: ' &&\n      type == napi_int32_array) {',
        to: ') {',
      },
    ],
  },
  {
    file: 'native/linux/watcher.cc',
    tests: WATCH,
    mutants: [
      {
        what: 'an exited process wakes the thread without end',
        from: '  StopWaitingFor(&subscription.pidfd);\n  subscription.listener.Notify();',
        to: '  subscription.listener.Notify();',
      },
      {
        what: 'a watch is not removed',
        from: 'if (subscription->second.watch >= 0) changes_.Remove(subscription->second.watch, ticket);',
        to: '(void)ticket;',
      },
      {
        what: 'a witness that is held counts as free',
        from: 'if (TestWitness(subscription->second.file.get()) != LockState::kFree) return false;',
        to: '',
        tests: ['test/native/watch.test.ts', 'test/watch'],
      },
    ],
  },
  {
    file: 'native/linux/change_watch.cc',
    tests: WATCH,
    mutants: [
      {
        what: 'the watch ends with the first of two waiters',
        from: 'std::erase(tickets, ticket) == 0 || !tickets.empty()',
        to: 'std::erase(tickets, ticket) == 0',
      },
      {
        what: 'one of two waiters is notified',
        from: 'tickets->insert(tickets->end(), found->second.begin(), found->second.end());',
        to: 'tickets->push_back(found->second.front());',
      },
    ],
  },
  {
    file: 'native/linux/blocking_wait.cc',
    tests: WATCH,
    mutants: [
      {
        what: 'events are left for the next wait',
        from: 'if (entries[0].revents != 0) DiscardEvents(monitor);',
        to: '',
      },
      {
        what: 'a worker thread cannot be terminated',
        from: 'if (cancellation != nullptr && cancellation->requested(cancellation->context)) return -ECANCELED;',
        to: '',
      },
    ],
  },
  {
    file: 'native/linux/inotify.cc',
    tests: WATCH,
    mutants: [
      {
        what: 'the death of an owner makes no event',
        from: 'IN_DELETE | IN_CLOSE_WRITE |',
        to: 'IN_DELETE |',
      },
      { what: 'a renamed owner.json makes no event', from: 'IN_MOVED_FROM | IN_MOVED_TO', to: 'IN_MOVED_TO' },
      {
        what: 'an owner.json that is replaced makes no event',
        from: 'IN_MOVED_TO | IN_DELETE',
        to: 'IN_DELETE',
        tests: ['test/lock/loss-events.test.ts'],
      },
    ],
  },
  {
    file: 'native/linux/change_monitors.cc',
    tests: WATCH,
    mutants: [
      {
        what: 'a monitor that was kept still watches its directory',
        from: 'if (::inotify_rm_watch(fd, watch) < 0 && errno != EINVAL) return false;',
        to: '(void)watch;',
      },
    ],
  },
  {
    file: 'native/linux/byte_lock.cc',
    tests: ['test/native/lifeline.test.ts', 'test/native/directory-witness.test.ts'],
    mutants: [
      {
        what: 'any lock on the byte is a lifeline',
        from: 'conflict.is_byte_lock && conflict.start == offset && conflict.length == 1',
        to: 'true',
      },
      {
        what: 'a request that nobody answered is a lock that others see',
        from: 'if (lock.l_type == F_WRLCK) return -ENOTSUP;',
        to: '',
        tests: ['test/host/seccomp.test.ts'],
      },
    ],
  },
  {
    file: 'native/linux/lifelines.cc',
    tests: ['test/native/lifeline.test.ts'],
    mutants: [
      {
        what: 'a search goes on past its limit while it finds locks that are no lifelines',
        from: '    ++answers;\n',
        to: '    if (conflict.is_byte_lock && conflict.length == 1) ++answers;\n',
      },
      {
        what: 'the own lifeline reads as free',
        from: 'if (space.own.contains(lifeline.offset)) {',
        to: 'if (false) {',
      },
      {
        what: 'a forked child keeps the lifeline',
        from: 'if (!RegisterForFork()) return -ENOTSUP;',
        to: '',
      },
      {
        what: 'any thread drops the lifeline of the process',
        from: 'if (lifeline.offset == of_process_ || space.own.erase(lifeline.offset) == 0) return;',
        to: 'if (space.own.erase(lifeline.offset) == 0) return;',
      },
      {
        what: 'an heir gets all lifelines of the process',
        from: 'const int opened = OpenLifelineSpace(kind, &file);\n  if (opened < 0) return opened;\n  const int taken',
        to: 'const int opened = Open(&Of(kind), kind);\n  file.fd = UniqueFd(::dup(Of(kind).file.fd.get()));\n  if (opened < 0) return opened;\n  const int taken',
        tests: INHERITABLE,
      },
      {
        what: 'the lifeline of an heir is taken again when it is dropped on purpose',
        from: '*descriptor = std::move(file.fd);',
        to: '*descriptor = std::move(file.fd);\n  Of(kind).own.insert(offset);',
        tests: INHERITABLE,
      },
      {
        what: 'a lifeline is taken on any file, where nobody tests it',
        from: '  if (status.st_dev != file.device || status.st_ino != file.inode) return -EXDEV;\n',
        to: '',
        tests: INHERITABLE,
      },
      {
        what: 'nobody hears of a lifeline that is dropped',
        from: '  (void)OpenLifelineSpace(lifeline.space, &bell);\n',
        to: '',
        tests: LIFELINE_WATCH,
      },
      {
        what: 'a descriptor that was closed is not opened anew for a test',
        from: 'if (state != LockState::kUntestable || IsStillOpen(space.file)) return state;',
        to: 'return state;',
      },
    ],
  },
  {
    file: 'native/linux/orphans.cc',
    tests: ['test/native/processes.test.ts'],
    mutants: [
      {
        what: 'the command is reaped, so that Node does not hear how it ended',
        from: ' || ended.si_pid == spared',
        to: '',
      },
      {
        what: 'one orphan is reaped and the others are not',
        from: 'if (reaping < 0) return reaping;',
        to: 'return reaping;',
      },
    ],
  },
  {
    file: 'native/linux/lifeline_watch.cc',
    tests: LIFELINE_WATCH,
    mutants: [
      {
        what: 'an event is an end',
        from: 'if (lifelines.Test(current->second.lifeline) != LockState::kFree) continue;',
        to: '',
      },
      {
        what: 'the kernel is asked for no events',
        from: '  if (!pace_.listens()) return;\n',
        to: '  return;\n',
      },
      {
        what: 'the kernel goes on reporting when it polls',
        from: '  if (!pace_.listens()) StopListening();\n',
        to: '',
      },
      {
        what: 'the kernel goes on reporting when nothing is watched',
        from: '    timer_.Remove(kTest);\n    StopListening();',
        to: '    timer_.Remove(kTest);',
      },
      {
        what: 'a process without inotify is deaf',
        from: '      pace_.OnDeaf(Now(CLOCK_MONOTONIC));\n',
        to: '',
      },
      {
        what: 'a descriptor of which a forked child has a copy reports nothing',
        from: 'std::get_if<UniqueFd>(report)',
        to: 'std::get_if<UniqueFd>(report); signal != nullptr && false',
      },
    ],
  },
  {
    file: 'native/linux/lifeline_pace.cc',
    tests: ['test/native/lifeline-pace.test.ts'],
    mutants: [
      { what: 'no number of events is too many', from: '++events_ > kMostEvents', to: 'false' },
      { what: 'one test follows an event', from: 'pause_ <= kLastPause', to: 'pause_ <= kFirstPause' },
      {
        what: 'it never listens again',
        from: 'if (listens_ || now < listen_again_)',
        to: 'if (listens_ || listen_again_ > 0)',
      },
      { what: 'it listens again at once', from: 'if (listens_ || now < listen_again_)', to: 'if (listens_)' },
      { what: 'it tries to listen every second', from: 'std::min(2 * quiet_, kLongestQuiet)', to: 'quiet_' },
      {
        what: 'a quiet hour does not count',
        from: 'quiet_ == 0 || now - listening_since_ > kSettled',
        to: 'quiet_ == 0',
      },
      { what: 'all poll in step', from: 'pause = Vary(kPollPause);', to: 'pause = kPollPause;' },
      {
        what: 'the more it watches, the more it works',
        from: 'std::min(cost * kRestPerCost, kLongestRest)',
        to: '0',
      },
      {
        what: 'a clock that jumps puts it to sleep',
        from: 'std::min(cost * kRestPerCost, kLongestRest)',
        to: 'cost * kRestPerCost',
      },
    ],
  },
];
