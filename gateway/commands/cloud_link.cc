#include "gateway/commands/cloud_link.h"

#include <fmt/format.h>
#include <openssl/sha.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <random>
#include <utility>
#include <vector>

#include "filters/compile/canonical.h"
#include "filters/utc/rfc3339.h"
#include "gateway/commands/gateway.h"
#include "gateway/commands/message_explainer.h"
#include "gateway/commands/reload.h"
#include "gateway/operate/log.h"

namespace sluice::commands {
namespace {

using Json = nlohmann::ordered_json;
using operate::Log;
using operate::LogLevel;

constexpr size_t kHashBytes = 8;  // of SHA-256: to tell apart, not to prove
constexpr size_t kMostProblems = 20;

const uplink::Clock& CloudClock() {
  static const uplink::RealClock clock;
  return clock;
}

int64_t NowUs() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             CloudClock().WallNow().time_since_epoch())
      .count();
}

std::string TimeText(int64_t time_us) {
  std::string text;
  utc::AppendRfc3339(time_us / 1'000'000 * 1'000'000, &text);
  return text;
}

std::string HashOf(const compile::RuleSetSpec& rules) {
  const std::string text = compile::CanonicalText(rules);
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  std::string hash;
  for (size_t i = 0; i < kHashBytes; ++i) hash += fmt::format("{:02x}", digest[i]);
  return hash;
}

std::string Text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool HasRule(const compile::Program& program, const std::string& name) {
  return std::any_of(program.rules().begin(), program.rules().end(),
                     [&](const compile::Rule& rule) { return rule.name == name; });
}

// The member of a payload that is valid JSON; null if it is no object or has none such.
Json MemberOf(std::string_view payload, const char* name) {
  const Json json = Json::parse(payload, nullptr, false);
  if (!json.is_object()) return nullptr;
  const auto found = json.find(name);
  return found == json.end() ? Json(nullptr) : *found;
}

}  // namespace

CloudLink::CloudLink(CloudSetup setup, Gateway& gateway)
    : options_(*setup.file.cloud),
      source_(std::move(setup.source)),
      started_us_(NowUs()),
      gateway_(gateway),
      main_loop_(setup.main_loop),
      file_(std::move(setup.file)),
      desired_(std::move(setup.desired)) {
  version_.Set(desired_.section.empty() ? 0 : desired_.version);
}

uplink::Downlink* CloudLink::Listen(spool::Doorbell& bell) {
  cloud::Agent::Options options;
  options.twin.report_interval = options_.report_interval;
  if (!desired_.section.empty()) {
    options.version_in_force = desired_.version;
    options.section_in_force = desired_.section;
    options.sections_in_force = LayOverDesired(file_, desired_).sections;
  }
  cloud::TwinHost host;
  host.facts = [this] { return Now(); };
  host.apply = [this](const cloud::Desired& desired, std::function<void(cloud::ApplyResult)> done) {
    main_loop_.Post([this, desired, done = std::move(done)] { done(Apply(desired)); });
  };
  agent_ = std::make_unique<cloud::Agent>(
      options, Methods(), std::move(host), CloudClock(),
      [engine = std::mt19937_64(std::random_device()())]() mutable {
        return std::uniform_real_distribution<double>(0, 1)(engine);
      },
      bell);
  return agent_.get();
}

void CloudLink::Start() { agent_->Start(); }

void CloudLink::Stop() { agent_->Stop(); }

// --- methods

cloud::MethodTable CloudLink::Methods() {
  const std::vector<std::pair<std::string, cloud::Method>> all = {
      {"ping", [this](std::string_view, const cloud::Reply& reply) { reply(Ping()); }},
      {"stats",
       [this](std::string_view payload, const cloud::Reply& reply) { reply(Stats(payload)); }},
      {"explain",
       [this](std::string_view payload, const cloud::Reply& reply) { reply(Explain(payload)); }},
      {"reload",
       [this](std::string_view, const cloud::Reply& reply) {
         main_loop_.Post([this, reply] { reply(ReloadFile()); });
       }},
      {"kick",
       [this](std::string_view payload, const cloud::Reply& reply) { Kick(payload, reply); }},
      {"drain",
       [this](std::string_view, const cloud::Reply& reply) {
         reply({202, R"({"draining":true})"});
         main_loop_.End("the method drain");
       }},
  };
  cloud::MethodTable table;
  for (const auto& [name, method] : all) {
    if (std::find(options_.methods.begin(), options_.methods.end(), name) !=
        options_.methods.end()) {
      table.allowed[name] = method;
    } else {
      table.forbidden.push_back(name);
    }
  }
  return table;
}

cloud::Answer CloudLink::Ping() const {
  const int64_t now_us = NowUs();
  return {200, Text({{"version", SLUICE_VERSION},
                     {"time", TimeText(now_us)},
                     {"uptimeSeconds", (now_us - started_us_) / 1'000'000}})};
}

// {"rules": true}: with a number for each rule.
cloud::Answer CloudLink::Stats(std::string_view payload) const {
  return {200, gateway_.MetricsPage().Json(MemberOf(payload, "rules") == true ? "" : "rule")};
}

// The payload is a message line; its member `rule` names the only one to explain.
cloud::Answer CloudLink::Explain(std::string_view payload) const {
  const Rules now = rules();
  MessageExplainer explainer(now.program, *now.spec);
  const Json rule = MemberOf(payload, "rule");
  const std::string only_rule = rule.is_string() ? rule.get<std::string>() : "";
  if (!only_rule.empty() && !HasRule(*now.program, only_rule))
    return cloud::ErrorAnswer(404, fmt::format("there is no rule '{}'", only_rule));
  ExplainedMessage explained;
  explained.line = 1;
  explained.only_rule = only_rule;
  if (const absl::Status status = explainer.Explain(payload, &explained); !status.ok()) {
    return cloud::ErrorAnswer(400,
                              "the payload is no message line: " + std::string(status.message()));
  }
  return {200, ExplanationAsJson(*now.program, explained)};
}

void CloudLink::Kick(std::string_view payload, const cloud::Reply& reply) {
  const Json device = MemberOf(payload, "device");
  if (!device.is_string() || device.get_ref<const std::string&>().empty())
    return reply(cloud::ErrorAnswer(400, R"(want {"device":IDENTITY})"));
  const auto& identity = device.get_ref<const std::string&>();
  Log(LogLevel::kInfo, "kick", "a device is disconnected, as the hub asked",
      {{"identity", identity}});
  gateway_.server().Kick(identity, [reply](size_t count) {
    reply({count == 0 ? 404 : 200, Text({{"closed", count}})});
  });
}

cloud::Answer CloudLink::ReloadFile() {
  const ReloadResult result = Reload(source_, gateway_);
  Json json = {{"applied", result.applied}};
  if (!result.applied) json["error"] = result.error;
  for (size_t i = 0; i < std::min(result.problems.size(), kMostProblems); ++i)
    json["problems"].push_back(result.problems[i]);
  return {result.applied ? 200 : 409, Text(json)};
}

// --- twin

CloudLink::Rules CloudLink::rules() const {
  const server::MutexLock lock(&mutex_);
  return rules_;
}

void CloudLink::OnRules(const compile::RuleSetSpec& rules,
                        std::shared_ptr<const compile::Program> program) {
  Rules next{std::make_shared<const compile::RuleSetSpec>(rules), std::move(program),
             HashOf(rules)};
  const server::MutexLock lock(&mutex_);
  std::swap(rules_, next);
}

cloud::Facts CloudLink::Now() const {
  const Rules now = rules();
  cloud::Facts facts;
  facts.program_version = SLUICE_VERSION;
  facts.started_at = TimeText(started_us_);
  facts.rules = now.spec->rules.size();
  facts.rules_hash = now.hash;
  facts.counters = gateway_.Totals();
  return facts;
}

OverlaidConfig CloudLink::Overlay(config::Config file) const {
  return LayOverDesired(std::move(file), desired_);
}

void CloudLink::OnReloaded(config::Config file) {
  file_ = std::move(file);
  agent_->OnReloaded();
}

cloud::ApplyResult CloudLink::Apply(const cloud::Desired& desired) {
  OverlaidConfig overlaid = LayOverDesired(file_, desired);
  std::vector<cloud::Fault>& faults = overlaid.faults;
  if (faults.empty()) {
    const absl::Status status = gateway_.Apply(overlaid.config, std::move(overlaid.program));
    if (!status.ok()) faults.push_back({.message = std::string(status.message())});
  }
  const std::string version = std::to_string(desired.version);
  if (!faults.empty()) {
    refused_.Add();
    const cloud::Fault& first = faults.front();
    Log(LogLevel::kError, "desired_refused",
        "what the twin desires cannot be taken over: nothing was changed",
        {{"version", version},
         {"errors", std::to_string(faults.size())},
         {"first", fmt::format("{}:{}:{}: {}: {}", first.section, first.line, first.column,
                               first.key, first.message)}});
    return {std::move(faults), {}};
  }
  SetUpLog(gateway_.config().operate);
  desired_ = desired;
  applied_.Add();
  version_.Set(desired.section.empty() ? 0 : desired.version);
  Log(LogLevel::kInfo, "desired_applied",
      desired.section.empty() ? "the twin desires nothing any more: the file alone is in force"
                              : "what the twin desires is in force",
      {{"version", version}, {"sections", fmt::format("{}", fmt::join(overlaid.sections, " "))}});
  if (const absl::Status kept = KeepDesired(file_.gateway, desired); !kept.ok()) {
    Log(LogLevel::kWarning, "desired_not_kept",
        "what the twin desires cannot be saved: a restart without the hub will not know it",
        {{"error", std::string(kept.message())}});
  }
  return {{}, std::move(overlaid.sections)};
}

void CloudLink::AddMetrics(operate::MetricsPage* page) const {
  constexpr char kTotal[] = "desired_total";
  constexpr char kHelp[] = "Changes of what the twin desires, by result";
  page->AddCounter(kTotal, kHelp, applied_.Get(), {{"result", "applied"}});
  page->AddCounter(kTotal, kHelp, refused_.Get(), {{"result", "refused"}});
  page->AddGauge("desired_version",
                 "Version of the desired properties that are in force; 0: the file alone",
                 static_cast<double>(version_.Get()));
}

}  // namespace sluice::commands
