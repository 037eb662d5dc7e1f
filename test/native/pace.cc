// Drives LifelinePace for lifeline-pace.test.ts. Each line on stdin is a call with its times in microseconds; each
// answer is a line of JSON with what the pace then says.
//
//   wake NOW | event NOW | deaf NOW | tested NOW COST

#include "lifeline_pace.h"

#include <cinttypes>
#include <cstdio>
#include <string_view>

int main() {
  constexpr int64_t kMicrosecond = 1000;
  kernel_identity::system::LifelinePace pace(1);
  char name[16];
  int64_t now = 0;
  while (std::scanf("%15s %" SCNd64, name, &now) == 2) {
    const std::string_view call(name);
    now *= kMicrosecond;
    if (call == "wake") pace.Wake(now);
    if (call == "event") pace.OnEvent(now);
    if (call == "deaf") pace.OnDeaf(now);
    if (call == "tested") {
      int64_t cost = 0;
      if (std::scanf("%" SCNd64, &cost) != 1) return 1;
      pace.OnTested(now, cost * kMicrosecond);
    }
    std::printf("{\"listens\":%s,\"next\":%" PRId64 "}\n", pace.listens() ? "true" : "false",
                pace.next() / kMicrosecond);
    std::fflush(stdout);
  }
  return 0;
}
