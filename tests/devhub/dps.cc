#include "tests/devhub/dps.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "tests/devhub/hub.h"
#include "tests/devhub/text.h"

namespace sluice::devhub {
namespace {

using Json = nlohmann::json;

// Section 4: what one instance and one device may ask for.
constexpr double kRegistrationsPerMinute = 1000;
constexpr double kPollsPerTenSeconds = 5;
constexpr uint64_t kThrottledRetryS = 2;
constexpr size_t kMostRegistrations = 1'000'000;

Json X509Result(const DpsAdmission& admission) {
  Json result = {{"certificateInfo",
                  {{"subjectName", admission.subject},
                   {"sha1Thumbprint", admission.sha1},
                   {"sha256Thumbprint", admission.sha256}}}};
  if (admission.enrollment.is_group) result["enrollmentGroupId"] = admission.enrollment.name;
  return result;
}

}  // namespace

Dps::Registration::Registration(std::string created_at)
    : created(std::move(created_at)), polls(kPollsPerTenSeconds / 10, kPollsPerTenSeconds, 0) {}

Dps::Dps(Hub& hub, DpsConfig config)
    : hub_(hub),
      config_(std::move(config)),
      registrations_(kRegistrationsPerMinute / 60, kRegistrationsPerMinute, 0) {}

std::string Dps::NewOperationId() {
  const uint64_t number = next_operation_++;
  return fmt::format("4.{:016x}.{:08x}-0000-4000-8000-{:012x}", hub_.clock().UnixMicros(), number,
                     number);
}

std::string Dps::Now() const { return FormatUtc(hub_.clock().UnixMicros()).text; }

DpsAnswer Dps::Error(int status, int error_code, std::string_view message) const {
  return {status, std::nullopt,
          Json({{"errorCode", error_code},
                {"trackingId", fmt::format("{:016x}", hub_.clock().UnixMicros())},
                {"message", std::string(message)},
                {"timestampUtc", Now()}})
              .dump()};
}

DpsAnswer Dps::Assigning(const Registration& registration) const {
  return {202, config_.retry_after_s,
          Json({{"operationId", registration.operation_id}, {"status", "assigning"}}).dump()};
}

DpsAnswer Dps::Register(const DpsAdmission& admission, std::string_view body) {
  const Json request = Json::parse(body, nullptr, /*allow_exceptions=*/false);
  if (!request.is_object()) return Error(400, 400'004, "The body is no JSON object.");
  const auto id = request.find("registrationId");
  if (id == request.end() || !id->is_string() ||
      LowerCase(id->get<std::string>()) != admission.registration_id) {
    return Error(400, 400'004, "registrationId is not that of the connection.");
  }
  const bool is_known = by_id_.contains(admission.registration_id);
  if (!registrations_.Take(hub_.clock().SteadyMicros()) ||
      (!is_known && by_id_.size() >= kMostRegistrations)) {
    DpsAnswer answer = Error(429, 429'001, "Too many registrations.");
    answer.retry_after_s = kThrottledRetryS;
    return answer;
  }
  Registration& registration = by_id_.try_emplace(admission.registration_id, Now()).first->second;
  registration.operation_id = NewOperationId();
  registration.assigning_left = config_.assigning_answers;
  registration.done = false;
  return Assigning(registration);
}

DpsAnswer Dps::Poll(const DpsAdmission& admission, std::string_view operation_id) {
  const auto found = by_id_.find(admission.registration_id);
  if (found == by_id_.end() || found->second.operation_id != operation_id) {
    return Error(404, 404'204, "No such operation.");
  }
  Registration& registration = found->second;
  if (!registration.polls.Take(hub_.clock().SteadyMicros())) {
    DpsAnswer answer = Error(429, 429'001, "Too many polls.");
    answer.retry_after_s = kThrottledRetryS;
    return answer;
  }
  if (registration.assigning_left > 0) {
    --registration.assigning_left;
    return Assigning(registration);
  }
  return Result(admission, &registration);
}

DpsAnswer Dps::Result(const DpsAdmission& admission, Registration* registration) {
  const Enrollment& enrollment = admission.enrollment;
  const char* status = enrollment.error_code != 0 ? "failed"
                       : enrollment.enabled       ? "assigned"
                                                  : "disabled";
  Json state = {{"registrationId", admission.registration_id},
                {"createdDateTimeUtc", registration->created},
                {"lastUpdatedDateTimeUtc", Now()},
                {"status", status},
                {"etag", fmt::format("\"{:x}\"", registration->assignments)}};
  if (enrollment.error_code != 0) {
    state["errorCode"] = enrollment.error_code;
    state["errorMessage"] = enrollment.error_message;
  } else if (enrollment.enabled) {
    if (!std::exchange(registration->done, true)) {
      ++registration->assignments;
      hub_.Provision(admission.device);
    }
    state["assignedHub"] =
        config_.assigned_hub.empty() ? hub_.registry().host_name() : config_.assigned_hub;
    state["deviceId"] = admission.device.identity.device;
    // Azure's default is to provision again and to migrate the device's data.
    state["substatus"] =
        registration->assignments <= 1 ? "initialAssignment" : "deviceDataMigrated";
    if (!enrollment.payload.empty()) state["payload"] = Json::parse(enrollment.payload);
  }
  if (!admission.sha256.empty()) {
    state["x509"] = X509Result(admission);
  } else if (enrollment.is_group) {
    state["symmetricKey"] = {{"enrollmentGroupId", enrollment.name}};
  }
  return {200, std::nullopt,
          Json({{"operationId", registration->operation_id},
                {"status", status},
                {"registrationState", state}})
              .dump()};
}

}  // namespace sluice::devhub
