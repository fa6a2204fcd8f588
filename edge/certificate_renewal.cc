#include "edge/certificate_renewal.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "filters/utc/rfc3339.h"
#include "gateway/operate/log.h"
#include "gateway/tls/pem.h"

namespace sluice::edge {
namespace {

using operate::Log;
using operate::LogLevel;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Whatever the runtime says, it is not asked more often than that for what it has just given.
constexpr milliseconds kShortestLife{1'000};
// What the API's description wants to be told; the runtime decides by itself.
constexpr int64_t kAskedSeconds = int64_t{90} * 86'400;

int64_t SecondsOf(CertificateRenewal::WallTime time) {
  return std::chrono::duration_cast<seconds>(time.time_since_epoch()).count();
}

std::string TimeText(int64_t seconds_since_1970) {
  std::string text;
  utc::AppendRfc3339(seconds_since_1970 * 1'000'000, &text);
  return text;
}

}  // namespace

CertificateRenewal::CertificateRenewal(Options options, WorkloadClient& client)
    : options_(std::move(options)), client_(client) {}

CertificateRenewal::TimePoint CertificateRenewal::Step(TimePoint now, WallTime wall) {
  if (IsDue(wall)) {
    const absl::Status renewed = Renew(wall);
    Say(renewed, wall);
    if (!renewed.ok()) {
      const milliseconds delay =
          std::min(options_.retry_first * (1 << std::min(failures_, 10)), options_.retry_last);
      ++failures_;
      return now + delay;
    }
    failures_ = 0;
    said_expired_ = false;
  }
  const auto left = std::chrono::ceil<milliseconds>(renew_at_ - wall);
  return now + std::clamp(left, milliseconds(0), options_.check_every);
}

// Who gave it is asked as well: a certificate of a CA that is gone is of no use, whatever its life.
bool CertificateRenewal::IsDue(WallTime wall) {
  if (current_ == nullptr || failures_ > 0 || wall >= renew_at_) return true;
  const absl::StatusOr<std::string> authorities = client_.TrustBundle();
  if (!authorities.ok()) return false;  // the next check will tell
  const std::string before = std::exchange(authorities_, *authorities);
  return !before.empty() && before != authorities_;
}

absl::Status CertificateRenewal::Renew(WallTime wall) {
  absl::StatusOr<ServerCertificate> got =
      client_.IssueServerCertificate(options_.common_name, SecondsOf(wall) + kAskedSeconds);
  if (!got.ok()) return got.status();
  const auto chain = tls::ReadCertificates({"the server certificate", got->chain}, "certificate");
  if (!chain.ok()) return chain.status();
  absl::Status valid =
      tls::CheckValidity(*chain->front(), "the runtime's server certificate", SecondsOf(wall));
  if (!valid.ok()) return valid;
  const auto life = std::chrono::duration_cast<milliseconds>(
      std::chrono::system_clock::from_time_t(got->not_after) - wall);
  const milliseconds wait(
      static_cast<int64_t>(static_cast<double>(life.count()) * options_.share_of_life));
  renew_at_ = wall + std::max(wait, kShortestLife);
  current_ = std::make_shared<const ServerCertificate>(*std::move(got));
  authorities_ = client_.TrustBundle().value_or("");
  return absl::OkStatus();
}

// A trouble is said once, and again when devices begin to feel it.
void CertificateRenewal::Say(const absl::Status& status, WallTime wall) {
  const std::string_view name = options_.common_name;
  if (status.ok()) {
    Log(LogLevel::kInfo, "server_certificate", "The IoT Edge runtime gave a server certificate.",
        {{"name", name}, {"not_after", TimeText(current_->not_after)}});
    return;
  }
  if (absl::IsCancelled(status)) return;  // we are being stopped
  const std::string error(status.message());
  const bool expired = current_ != nullptr && SecondsOf(wall) >= current_->not_after;
  if (expired && !std::exchange(said_expired_, true)) {
    Log(LogLevel::kError, "server_certificate_expired",
        "The server certificate has expired and the IoT Edge runtime gives no other: no device "
        "can connect anew. It is tried again.",
        {{"name", name}, {"error", error}});
  } else if (failures_ == 0) {
    Log(LogLevel::kWarning, "server_certificate_trouble",
        current_ == nullptr
            ? "No server certificate yet: devices cannot connect before the IoT Edge runtime gives "
              "one. It is tried again."
            : "The IoT Edge runtime does not renew the server certificate. It is tried again.",
        {{"name", name}, {"error", error}});
  }
}

}  // namespace sluice::edge
