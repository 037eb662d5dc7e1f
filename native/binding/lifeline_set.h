#pragma once

#include <algorithm>
#include <vector>

#include "../linux/lifelines.h"

namespace kernel_identity::binding {

/** The lifelines that one JavaScript environment took for its locks. A worker thread that ends drops them. */
class LifelineSet {
 public:
  LifelineSet() = default;
  LifelineSet(const LifelineSet&) = delete;
  LifelineSet& operator=(const LifelineSet&) = delete;
  ~LifelineSet() {
    for (const system::Lifeline& lifeline : taken_) system::Lifelines::OfProcess().Drop(lifeline);
  }

  void Add(const system::Lifeline& lifeline) { taken_.push_back(lifeline); }

  /** Another environment's lifeline is left alone. */
  void Drop(const system::Lifeline& lifeline) {
    const auto found = std::find(taken_.begin(), taken_.end(), lifeline);
    if (found == taken_.end()) return;
    taken_.erase(found);
    system::Lifelines::OfProcess().Drop(lifeline);
  }

 private:
  std::vector<system::Lifeline> taken_;
};

}  // namespace kernel_identity::binding
