#include "filters/analyze/rule_facts.h"

#include <map>
#include <string>
#include <utility>

#include "filters/analyze/reasoner.h"

namespace sluice::analyze {

using compile::Rule;

namespace {

constexpr size_t kMaxCompared = 64;  // ending rules that every later rule is compared with

Messages MessagesOf(const Rule& rule, language::Profile profile, bool body_is_bad) {
  return {rule.from.get(), profile, body_is_bad};
}

std::string TopicsOf(const Rule& rule) {
  std::string text;
  if (!rule.from) return text;
  for (const compile::TopicPattern::Level& level : rule.from->levels())
    text += (level.any ? "+" : level.text) + '/';
  return text + (rule.from->and_below() ? "#" : ".");
}

bool Covers(const Rule& rule, const Rule& other) {
  if (!rule.from) return true;
  return other.from && rule.from->Covers(*other.from);
}

class FactFinder {
 public:
  explicit FactFinder(const compile::Program& program)
      : rules_(program.rules()), profile_(program.body_options().profile) {}

  std::vector<RuleFacts> Run() {
    std::vector<RuleFacts> facts(rules_.size());
    conditions_.resize(rules_.size());
    for (size_t i = 0; i < rules_.size(); ++i) {
      const Rule& rule = rules_[i];
      if (rule.where) conditions_[i] = terms_.Number(rule.where->tree());
      facts[i].never_matches = !rule.takes_devices || !Matches(i);
      if (facts[i].never_matches) continue;
      facts[i].always_matches = !rule.where || IsAlwaysTrue(i);
      facts[i].hidden_by = FindHider(i);
      if (rule.drop || rule.final_rule) Enter(i);
    }
    return facts;
  }

 private:
  // Leaves in known_ what is known of a message that it matches.
  bool Matches(size_t i) {
    known_.clear();
    if (!rules_[i].where) return true;
    Reasoner reasoner(MessagesOf(rules_[i], profile_, false));
    return reasoner.Assume(conditions_[i], conditions_[i].root(), kTrue, &known_);
  }

  bool IsAlwaysTrue(size_t i) const {
    const Condition& condition = conditions_[i];
    Reasoner reasoner(MessagesOf(rules_[i], profile_, rules_[i].where->reads_body()));
    const Kinds truths = reasoner.TruthOf(condition, condition.root(), {});
    if (truths == kTrue) return true;
    Knowledge known;
    return (truths & kUndefined) == 0 &&
           !reasoner.Assume(condition, condition.root(), kFalse, &known);
  }

  // Whether every match of `later`, of whose matches known_ tells, is one of `earlier`, too.
  bool Hides(size_t earlier, size_t later) const {
    if (!Covers(rules_[earlier], rules_[later])) return false;
    if (!rules_[earlier].where) return true;
    // One matches although the body is bad, the other may need it.
    if (rules_[earlier].where->reads_body() &&
        !(rules_[later].where &&
          LeavesOpen(conditions_[later], conditions_[later].root(), kTrue))) {
      return false;
    }
    Reasoner reasoner(MessagesOf(rules_[later], profile_, false));
    return reasoner.TruthOf(conditions_[earlier], conditions_[earlier].root(), known_) == kTrue;
  }

  std::optional<uint16_t> FindHider(size_t i) const {
    for (const size_t earlier : compared_) {
      if (Hides(earlier, i)) return static_cast<uint16_t>(earlier);
    }
    const auto same = endings_.find(KeyOf(i));
    if (same != endings_.end() && Hides(same->second, i))
      return static_cast<uint16_t>(same->second);
    return std::nullopt;
  }

  // A rule that ends judging.
  void Enter(size_t i) {
    if (compared_.size() < kMaxCompared) {
      compared_.push_back(i);
    } else {
      endings_.emplace(KeyOf(i), i);
    }
  }

  std::pair<std::string, Term> KeyOf(size_t i) const {
    const Condition& condition = conditions_[i];
    return {TopicsOf(rules_[i]), rules_[i].where ? condition.terms[condition.root()] : UINT32_MAX};
  }

  const std::vector<Rule>& rules_;
  const language::Profile profile_;
  Terms terms_;
  std::vector<Condition> conditions_;  // by rule
  std::vector<size_t> compared_;
  std::map<std::pair<std::string, Term>, size_t> endings_;  // those that are not, first of its kind
  Knowledge known_;
};

}  // namespace

std::vector<RuleFacts> FactsOf(const compile::Program& program) {
  return FactFinder(program).Run();
}

}  // namespace sluice::analyze
