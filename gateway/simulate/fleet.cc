#include "gateway/simulate/fleet.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>

#include "gateway/simulate/fleet_loop.h"

namespace sluice::simulate {
namespace {

constexpr std::chrono::seconds kWatchInterval{1};

std::vector<std::vector<DevicePlan>> Share(std::vector<DevicePlan> plans, unsigned threads) {
  std::vector<std::vector<DevicePlan>> shares(
      std::max<size_t>(1, std::min<size_t>(threads, plans.size())));
  for (size_t i = 0; i < plans.size(); ++i)
    shares[i % shares.size()].push_back(std::move(plans[i]));
  return shares;
}

}  // namespace

absl::StatusOr<Tally> RunFleet(std::vector<DevicePlan> plans, const Endpoint& endpoint,
                               const std::string& ca_file, const FleetOptions& options,
                               const std::atomic<bool>& stop,
                               const std::function<void(const FleetProgress&)>& watch) {
  absl::StatusOr<tls::SslCtxPtr> context = NewClientContext(ca_file);
  if (!context.ok()) return context.status();
  const Device::Surroundings surroundings{context->get(), &endpoint, options.window};
  FleetProgress progress;
  FleetShared shared{stop, progress, plans.size()};
  std::vector<std::unique_ptr<FleetLoop>> loops;
  for (std::vector<DevicePlan>& share : Share(std::move(plans), options.threads)) {
    loops.push_back(std::make_unique<FleetLoop>(std::move(share), surroundings, options, shared));
  }

  std::mutex mutex;
  std::condition_variable ended;
  size_t running = loops.size();
  std::vector<std::thread> threads;
  threads.reserve(loops.size());
  for (const std::unique_ptr<FleetLoop>& loop : loops) {
    threads.emplace_back([&, loop = loop.get()] {
      loop->Run();
      const std::lock_guard lock(mutex);
      --running;
      ended.notify_one();
    });
  }
  {
    std::unique_lock lock(mutex);
    while (!ended.wait_for(lock, kWatchInterval, [&] { return running == 0; })) {
      if (watch != nullptr) watch(progress);
    }
  }
  for (std::thread& thread : threads) thread.join();

  Tally tally;
  for (const std::unique_ptr<FleetLoop>& loop : loops) tally.Merge(loop->tally());
  return tally;
}

}  // namespace sluice::simulate
