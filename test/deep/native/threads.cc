// Stress for the threads of native/linux without Node: threads SECONDS DIRECTORY. It is built with a
// sanitizer, which judges most of it: a listener writes to plain memory that is freed as soon as Cancel or
// Remove has returned. So a call that comes later, or without synchronisation, is a data race (TSan) or a use
// after free (ASan).

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "blocking_wait.h"
#include "change_monitors.h"
#include "files_at.h"
#include "heartbeat.h"
#include "lifeline_space.h"
#include "lifelines.h"
#include "pidfd.h"
#include "shared_service.h"
#include "unique_fd.h"
#include "watcher.h"
#include "witness.h"

namespace {

using kernel_identity::system::BlockOn;
using kernel_identity::system::Cancellation;
using kernel_identity::system::ChangeMonitors;
using kernel_identity::system::Heartbeat;
using kernel_identity::system::Lifeline;
using kernel_identity::system::LifelineSpace;
using kernel_identity::system::Listener;
using kernel_identity::system::NamespaceFile;
using kernel_identity::system::OpenPidfd;
using kernel_identity::system::SharedService;
using kernel_identity::system::TakeByte;
using kernel_identity::system::TakeWitness;
using kernel_identity::system::UniqueFd;
using kernel_identity::system::Watcher;
using Random = std::minstd_rand;

constexpr int kDirectories = 3;
constexpr int64_t kMillisecond = 1'000'000;

std::atomic<bool> stop = false;

struct Count {
  const char* what;
  std::atomic<uint64_t> times = 0;
};
Count exits = {"exits reported"};
Count cancelled = {"exits cancelled"};
Count changes = {"changes reported"};
Count releases = {"releases reported"};
Count ends = {"ends of lifelines reported"};
Count losses = {"losses reported"};
Count beats = {"leases kept"};
Count blocks = {"blocking waits"};
Count events = {"events made"};
Count services = {"services opened and closed"};

[[noreturn]] void Fail(const char* what, int error) {
  std::fprintf(stderr, "%s: %d\n", what, error);
  std::abort();
}

int Check(const char* what, int result) {
  if (result < 0) Fail(what, result);
  return result;
}

void Nap(Random* random, int most_microseconds) {
  const auto length = (*random)() % static_cast<unsigned>(most_microseconds);
  std::this_thread::sleep_for(std::chrono::microseconds(length));
}

/** The count is a plain number on purpose: see above. */
struct Calls {
  int count = 0;
};

void CountCall(void* context, uint64_t) { ++static_cast<Calls*>(context)->count; }

Listener ListenerOf(Calls* calls) { return {CountCall, calls, 0}; }

/** Watches processes that exit before, during and after the watch. */
void WatchExits(Watcher* watcher, Random random) {
  while (!stop) {
    const pid_t child = ::fork();
    if (child < 0) Fail("fork", child);
    if (child == 0) {
      ::pause();
      ::_exit(0);
    }
    const UniqueFd pidfd(Check("pidfd_open", OpenPidfd(child)));
    auto word = std::make_unique<int32_t>(0);
    uint64_t ticket = 0;
    if (random() % 4 == 0) ::kill(child, SIGKILL);
    Check("WatchExit", watcher->WatchExit(pidfd.get(), word.get(), &ticket));
    if (random() % 2 == 0) Nap(&random, 200);
    ::kill(child, SIGKILL);
    if (random() % 2 == 0) {
      while (std::atomic_ref(*word).load(std::memory_order_acquire) == 0) std::this_thread::yield();
      ++exits.times;
    } else {
      ++cancelled.times;
    }
    watcher->Cancel(ticket);
    word.reset();
    ::waitpid(child, nullptr, 0);
  }
}

/** Watches witnesses that become free during the watch, and just before it. */
void WatchReleases(Watcher* watcher, int root, int number, Random random) {
  const std::string name = "witness" + std::to_string(number);
  while (!stop) {
    UniqueFd owner(::openat(root, name.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666));
    Check("TakeWitness", TakeWitness(owner.get()));
    UniqueFd observer(Check("open", ::openat(root, name.c_str(), O_RDONLY | O_CLOEXEC)));
    auto word = std::make_unique<int32_t>(0);
    uint64_t ticket = 0;
    if (random() % 4 == 0) owner = UniqueFd();
    Check("WatchRelease", watcher->WatchRelease(observer.get(), word.get(), &ticket));
    observer = UniqueFd();
    Nap(&random, 300);
    if (owner.valid() && std::atomic_ref(*word).load(std::memory_order_acquire) != 0) {
      Fail("a witness that is held was reported as free", 0);
    }
    owner = UniqueFd();
    if (random() % 2 == 0) {
      while (std::atomic_ref(*word).load(std::memory_order_acquire) == 0) std::this_thread::yield();
      ++releases.times;
    }
    watcher->Cancel(ticket);
    word.reset();
    ::unlinkat(root, name.c_str(), 0);
  }
}

/** Watches lifelines that end during the watch, and just before it, in each of the ways in which it is reported. */
void WatchLifelines(Watcher* watcher, uint64_t number, Random random) {
  const Lifeline lifeline = {.space = LifelineSpace::kTime, .offset = (number << 40) + uint64_t(::getpid())};
  while (!stop) {
    NamespaceFile holder;
    Check("OpenLifelineSpace", OpenLifelineSpace(lifeline.space, &holder));
    Check("TakeByte", TakeByte(holder.fd.get(), lifeline.offset));
    auto word = std::make_unique<int32_t>(0);
    auto calls = std::make_unique<Calls>();
    uint64_t of_word = 0;
    uint64_t of_calls = 0;
    UniqueFd signal;
    if (random() % 4 == 0) holder = {};
    Check("WatchLifeline", watcher->WatchLifeline(lifeline, word.get(), &of_word));
    Check("WatchLifeline", watcher->WatchLifeline(lifeline, ListenerOf(calls.get()), &of_calls));
    if (random() % 2 == 0) Check("OpenLifelineSignal", watcher->OpenLifelineSignal(lifeline, &signal));
    Nap(&random, 2000);
    if (holder.fd.valid() && std::atomic_ref(*word).load(std::memory_order_acquire) != 0) {
      Fail("a lifeline that is held was reported as free", 0);
    }
    holder = {};
    if (random() % 2 == 0) {
      while (std::atomic_ref(*word).load(std::memory_order_acquire) == 0) std::this_thread::yield();
      ++ends.times;
      if (signal.valid()) Check("BlockOn", BlockOn(signal.get(), -1, -1, nullptr));
    }
    signal = UniqueFd();
    watcher->Cancel(of_word);
    watcher->Cancel(of_calls);
    word.reset();
    if (calls->count > 1) Fail("the end of a lifeline was reported more than once", calls->count);
  }
}

std::string DirectoryName(uint64_t number) { return "lock" + std::to_string(number % kDirectories); }

UniqueFd OpenSomeDirectory(int root, Random* random) {
  using kernel_identity::system::OpenDirectoryAt;
  for (;;) {
    UniqueFd directory(OpenDirectoryAt(root, DirectoryName((*random)()).c_str()));
    if (directory.valid() || stop) return directory;
  }
}

/** Keeps several waits at once on a few directories, so that they share their watches. */
void WatchLocks(Watcher* watcher, int root, Random random) {
  struct Wait {
    uint64_t ticket;
    std::unique_ptr<Calls> calls;
  };
  std::vector<Wait> waits;
  const UniqueFd own(Check("pidfd_open", OpenPidfd(::getpid())));
  while (!stop) {
    const UniqueFd directory = OpenSomeDirectory(root, &random);
    if (!directory.valid()) break;
    auto calls = std::make_unique<Calls>();
    uint64_t ticket = 0;
    const int pidfd = random() % 2 == 0 ? own.get() : -1;
    const int error = watcher->WatchLock(directory.get(), pidfd, ListenerOf(calls.get()), &ticket);
    // ENOENT means that the directory was removed, so its link in /proc leads nowhere.
    if (error < 0 && error != -ENOENT) Fail("WatchLock", error);
    if (error == 0) waits.push_back({ticket, std::move(calls)});
    if (waits.size() < 8) continue;
    const size_t index = random() % waits.size();
    watcher->Cancel(waits[index].ticket);
    changes.times += static_cast<uint64_t>(waits[index].calls->count);
    waits.erase(waits.begin() + static_cast<ptrdiff_t>(index));
  }
  for (const Wait& wait : waits) watcher->Cancel(wait.ticket);
}

/** Makes the events that happen to locks; some of the directories come and go. */
void MakeEvents(int root, Random random) {
  while (!stop) {
    const std::string name = DirectoryName(random());
    const std::string file = name + "/owner.json";
    const std::string retired = name + "/retired";
    ::mkdirat(root, name.c_str(), 0777);
    const UniqueFd created(::openat(root, file.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666));
    if (random() % 2 == 0) ::renameat(root, file.c_str(), root, retired.c_str());
    ::unlinkat(root, retired.c_str(), 0);
    if (random() % 3 == 0) {
      ::unlinkat(root, file.c_str(), 0);
      ::unlinkat(root, name.c_str(), AT_REMOVEDIR);
    }
    ++events.times;
    Nap(&random, 100);
  }
}

void KeepLeases(Heartbeat* heartbeat, int root, int number, Random random) {
  const std::string name = "leased" + std::to_string(number);
  while (!stop) {
    const UniqueFd file(::openat(root, name.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666));
    auto calls = std::make_unique<Calls>();
    uint64_t ticket = 0;
    const auto interval = static_cast<int64_t>(1 + random() % 3) * kMillisecond / 4;
    Check("Add", heartbeat->Add(file.get(), interval, -1, ListenerOf(calls.get()), &ticket));
    if (random() % 2 == 0) ::unlinkat(root, name.c_str(), 0);
    Nap(&random, 2000);
    heartbeat->Remove(ticket);
    ++(calls->count > 0 ? losses : beats).times;
    if (calls->count > 1) Fail("a loss reported more than once", calls->count);
  }
}

/** Uses the monitors of one environment in one thread, as Node does. */
void Block(int root, Random random) {
  ChangeMonitors monitors;
  const Cancellation cancellation = {[](void*) { return stop.load(); }, nullptr};
  while (!stop) {
    const UniqueFd directory = OpenSomeDirectory(root, &random);
    if (!directory.valid()) break;
    const int monitor = monitors.Open(directory.get());
    if (monitor == -ENOENT) continue;
    Check("monitors.Open", monitor);
    const int result = BlockOn(monitor, -1, kMillisecond, &cancellation);
    if (result < 0 && result != -ECANCELED) Fail("BlockOn", result);
    if (!monitors.TakeBack(monitor)) ::close(monitor);
    ++blocks.times;
  }
}

/** Opens and closes shares of a service: the last share ends its thread, and the next one starts another. */
template <typename Service>
void OpenAndClose(Random random) {
  while (!stop) {
    SharedService<Service> service;
    Check("Open", service.Open());
    Nap(&random, 500);
    ++services.times;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: threads SECONDS DIRECTORY\n");
    return 2;
  }
  const int seconds = std::atoi(argv[1]);
  const UniqueFd root(Check("open", ::open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
  {
    SharedService<Watcher> watcher;
    SharedService<Heartbeat> heartbeat;
    Check("Watcher", watcher.Open());
    Check("Heartbeat", heartbeat.Open());
    unsigned seed = 1;
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back(WatchExits, watcher.operator->(), Random(seed++));
      threads.emplace_back(WatchLocks, watcher.operator->(), root.get(), Random(seed++));
      threads.emplace_back(WatchReleases, watcher.operator->(), root.get(), i, Random(seed++));
      threads.emplace_back(WatchLifelines, watcher.operator->(), uint64_t(i + 1), Random(seed++));
      threads.emplace_back(MakeEvents, root.get(), Random(seed++));
      threads.emplace_back(KeepLeases, heartbeat.operator->(), root.get(), i, Random(seed++));
      threads.emplace_back(Block, root.get(), Random(seed++));
    }
    std::this_thread::sleep_for(std::chrono::seconds(seconds));
    stop = true;
    for (std::thread& thread : threads) thread.join();
  }
  {
    stop = false;
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 4; ++i) {
      threads.emplace_back(i % 2 == 0 ? OpenAndClose<Watcher> : OpenAndClose<Heartbeat>, Random(100 + i));
    }
    std::this_thread::sleep_for(std::chrono::seconds(1 + seconds / 5));
    stop = true;
    for (std::thread& thread : threads) thread.join();
  }
  for (const Count* count :
       {&exits, &cancelled, &releases, &changes, &ends, &losses, &beats, &blocks, &events, &services}) {
    std::printf("%s %lu\n", count->what, static_cast<unsigned long>(count->times.load()));
    if (count->times == 0) Fail("this never happened", 0);
  }
  return 0;
}
