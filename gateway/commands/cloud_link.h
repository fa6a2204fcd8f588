// The gateway's side of its twin and methods: what each method does, what is reported, and how
// what is desired becomes the configuration in force.
//
// The agent calls in on its own thread; what changes the gateway is done on the main thread. A
// gateway has one of these if its configuration has a section `cloud`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "config/config.h"
#include "filters/compile/program.h"
#include "gateway/cloud/agent.h"
#include "gateway/commands/config_source.h"
#include "gateway/commands/main_loop.h"
#include "gateway/commands/overlaid_config.h"
#include "gateway/operate/counter.h"
#include "gateway/operate/metrics_page.h"
#include "gateway/server/mutex.h"
#include "gateway/spool/doorbell.h"

namespace sluice::commands {

class Gateway;

struct CloudSetup {
  ConfigSource source;     // what a reload reads
  config::Config file;     // what it said, without what is desired,
  cloud::Desired desired;  // which laid over it has made the configuration in force
  MainLoop& main_loop;
};

class CloudLink {
 public:
  // `gateway` and the main loop outlive this.
  CloudLink(CloudSetup setup, Gateway& gateway);

  // The name of the output whose hub it is.
  const std::string& output() const { return options_.output; }
  // Once: what that output listens to, which rings `bell`.
  uplink::Downlink* Listen(spool::Doorbell& bell);

  // Devices are about to be let in; what runs is known (OnRules).
  void Start();
  // Nothing is asked of the gateway any more.
  void Stop();

  // These are judged by from now on. On the main thread, as all below.
  void OnRules(const compile::RuleSetSpec& rules, std::shared_ptr<const compile::Program> program)
      ABSL_LOCKS_EXCLUDED(mutex_);
  const cloud::Desired& desired() const { return desired_; }
  // A file that was read again, with what is desired laid over it.
  OverlaidConfig Overlay(config::Config file) const;
  // It was taken over.
  void OnReloaded(config::Config file);

  // Any thread.
  void AddMetrics(operate::MetricsPage* page) const;

 private:
  struct Rules {
    std::shared_ptr<const compile::RuleSetSpec> spec;
    std::shared_ptr<const compile::Program> program;
    std::string hash;
  };

  cloud::MethodTable Methods();
  cloud::Facts Now() const;
  Rules rules() const ABSL_LOCKS_EXCLUDED(mutex_);

  // On the agent's thread.
  cloud::Answer Ping() const;
  cloud::Answer Stats(std::string_view payload) const;
  cloud::Answer Explain(std::string_view payload) const;
  void Kick(std::string_view payload, const cloud::Reply& reply);

  // On the main thread.
  cloud::Answer ReloadFile();
  cloud::ApplyResult Apply(const cloud::Desired& desired);

  const config::CloudOptions options_;
  const ConfigSource source_;
  const int64_t started_us_;
  Gateway& gateway_;
  MainLoop& main_loop_;

  // Of the main thread.
  config::Config file_;
  cloud::Desired desired_;  // in force; an empty section: nothing

  operate::Counter applied_;  // written by the main thread
  operate::Counter refused_;
  operate::Counter version_;

  mutable server::Mutex mutex_;
  Rules rules_ ABSL_GUARDED_BY(mutex_);
  std::unique_ptr<cloud::Agent> agent_;
};

}  // namespace sluice::commands
