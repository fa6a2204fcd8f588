#include "gateway/cloud/twin_sync.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "filters/json/reader.h"
#include "fmt/format.h"
#include "gateway/cloud/topic.h"
#include "gateway/operate/log.h"

namespace sluice::cloud {
namespace {

constexpr TwinSync::TimePoint kNever = TwinSync::TimePoint::max();
constexpr int kRead = 200;
constexpr int kReported = 204;
constexpr int kBadRequest = 400;

void Warn(std::string_view what, std::string_view detail) {
  operate::Log(operate::LogLevel::kWarning, "twin_trouble", what, {{"detail", detail}});
}

// {"desired":{…,"$version":12,"sluice":…},"reported":…}
std::optional<Desired> ReadDesired(std::string_view payload) {
  json::Reader reader(payload);
  if (!reader.BeginObject()) return std::nullopt;
  Desired desired;
  bool has_version = false;
  std::string_view key;
  std::string_view value;
  while (reader.Next(&key)) {
    if (key != "desired") {
      reader.ReadValue(&value);
      continue;
    }
    if (!reader.BeginObject()) return std::nullopt;
    while (reader.Next(&key)) {
      reader.ReadValue(&value);
      if (key == kSection && value != "null") desired.section = value;
      if (key != "$version") continue;
      const auto [end, error] =
          std::from_chars(value.data(), value.data() + value.size(), desired.version);
      has_version = error == std::errc() && end == value.data() + value.size();
    }
  }
  if (!reader.AtEnd() || !has_version) return std::nullopt;
  return desired;
}

}  // namespace

TwinSync::TwinSync(const Options& options, const uplink::Random& random,
                   std::function<std::string()> report)
    : options_(options), backoff_(options.retry, random), report_(std::move(report)) {}

void TwinSync::OnUp(TimePoint now) {
  is_up_ = true;
  must_read_ = true;
  newest_ = 0;
  read_at_.reset();
  under_way_ = Request::kNone;
  backoff_.Reset();
  not_before_ = now;
}

// Whether a report arrived is not known then: it is made again.
void TwinSync::OnDown() {
  is_up_ = false;
  if (std::exchange(under_way_, Request::kNone) == Request::kReport) has_news_ = true;
}

void TwinSync::OnMissed() { must_read_ = true; }

void TwinSync::OnDesiredChange(uint64_t version) {
  if (version <= newest_) return;
  newest_ = version;
  must_read_ = true;
}

void TwinSync::OnAnswer(int status, std::string_view request_id, std::string_view payload,
                        TimePoint now) {
  if (under_way_ == Request::kNone || request_id != std::to_string(request_id_)) return;
  const Request answered = std::exchange(under_way_, Request::kNone);
  if (answered == Request::kRead && status == kRead) return OnRead(payload, now);
  if (answered == Request::kReport && status == kReported) return backoff_.Reset();
  const bool is_read = answered == Request::kRead;
  Warn(is_read ? "the hub does not let the twin be read" : "the hub does not take the report",
       fmt::format("status {}", status));
  if (is_read || status != kBadRequest) {
    (is_read ? must_read_ : has_news_) = true;
    Retry(now);
  }
  // What is wrong with a report is not mended by sending it again: the next news will tell.
}

void TwinSync::OnRead(std::string_view payload, TimePoint now) {
  std::optional<Desired> desired = ReadDesired(payload);
  if (!desired) {
    Warn("what the hub calls our twin cannot be read", fmt::format("{} bytes", payload.size()));
    must_read_ = true;
    return Retry(now);
  }
  if (desired->version < newest_) {  // an answer that is older than what was told before
    must_read_ = true;
    return Retry(now);
  }
  newest_ = desired->version;
  backoff_.Reset();
  desired_ = std::move(desired);
}

void TwinSync::Retry(TimePoint now) { not_before_ = now + backoff_.Next(); }

void TwinSync::Begin(Request request, TimePoint now) {
  under_way_ = request;
  ++request_id_;
  answer_until_ = now + options_.patience;
}

TwinSync::TimePoint TwinSync::ReadDue() const {
  if (!must_read_) return kNever;
  return read_at_ ? *read_at_ + options_.read_spacing : TimePoint::min();
}

TwinSync::TimePoint TwinSync::ReportDue() const {
  if (!reported_at_) return has_news_ ? TimePoint::min() : kNever;
  if (has_news_) return *reported_at_ + options_.report_spacing;
  return options_.report_interval.count() == 0 ? kNever : *reported_at_ + options_.report_interval;
}

bool TwinSync::Next(TimePoint now, uplink::DownlinkMessage* message) {
  if (!is_up_) return false;
  if (under_way_ != Request::kNone && now >= answer_until_) {
    Warn("the hub does not answer", under_way_ == Request::kRead ? "reading" : "reporting");
    (std::exchange(under_way_, Request::kNone) == Request::kRead ? must_read_ : has_news_) = true;
    Retry(now);
  }
  if (under_way_ != Request::kNone || now < not_before_) return false;
  if (now >= ReadDue()) {
    must_read_ = false;
    read_at_ = now;
    Begin(Request::kRead, now);
    *message = {TwinReadTopic(request_id_), ""};
    return true;
  }
  if (now < ReportDue()) return false;
  has_news_ = false;
  reported_at_ = now;
  Begin(Request::kReport, now);
  *message = {TwinReportTopic(request_id_), report_()};
  return true;
}

TwinSync::TimePoint TwinSync::NextWake() const {
  if (!is_up_) return kNever;
  if (under_way_ != Request::kNone) return answer_until_;
  return std::max(not_before_, std::min(ReadDue(), ReportDue()));
}

}  // namespace sluice::cloud
