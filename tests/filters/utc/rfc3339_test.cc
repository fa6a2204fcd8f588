#include "filters/utc/rfc3339.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace sluice::utc {
namespace {

TEST(ParseRfc3339Test, ReadsTimes) {
  struct {
    std::string_view text;
    int64_t micros;
  } const kCases[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"1970-01-01t00:00:00z", 0},
      {"1970-01-01 00:00:01Z", 1'000'000},
      {"2026-03-10T09:45:00.5Z", 1'773'135'900'500'000},
      {"2026-03-10T09:45:00.000001Z", 1'773'135'900'000'001},
      {"2026-03-10T14:45:00.123456789+05:45", 1'773'133'200'123'456},
      {"2026-03-10T04:45:00-05:00", 1'773'135'900'000'000},
      {"1970-01-01T00:00:00-00:00", 0},
      {"1969-12-31T23:59:59.999Z", -1'000},
      {"1969-12-31T23:59:59.999999999Z", -1},
      {"9999-12-31T23:59:59.999Z", 253'402'300'799'999'000},
      {"0000-01-01T00:00:00Z", -62'167'219'200'000'000},
      {"2016-12-31T23:59:60Z", 1'483'228'800'000'000},
      {"2016-12-31T23:59:60.25Z", 1'483'228'800'250'000},
      {"2017-01-01T05:44:60+05:45", 1'483'228'800'000'000},
      {"2024-02-29T00:00:00Z", 1'709'164'800'000'000},
  };
  for (const auto& c : kCases) EXPECT_EQ(ParseRfc3339(c.text), c.micros) << c.text;
}

TEST(ParseRfc3339Test, RefusesWhatIsNone) {
  for (const std::string_view text : {"",
                                      "2026",
                                      "2026-03-10",
                                      "2026-03-10T09:45Z",
                                      "2026-03-10T09:45:00",
                                      "2026-03-10T09:45:00.Z",
                                      "2026-03-10T09:45:00.1234567890Z",
                                      "2026-13-10T09:45:00Z",
                                      "2026-00-10T09:45:00Z",
                                      "2026-02-30T09:45:00Z",
                                      "2023-02-29T09:45:00Z",
                                      "2026-03-10T24:00:00Z",
                                      "2026-03-10T09:60:00Z",
                                      "2026-03-10T09:45:61Z",
                                      "2026-03-10T09:45:60Z",
                                      "2016-12-31T23:59:60+01:00",
                                      "2026-03-10T09:45:00+5:45",
                                      "2026-03-10T09:45:00+0545",
                                      "2026-03-10T09:45:00+24:00",
                                      "2026-03-10T09:45:00Zx",
                                      " 2026-03-10T09:45:00Z",
                                      "+026-03-10T09:45:00Z"}) {
    EXPECT_EQ(ParseRfc3339(text), std::nullopt) << text;
  }
}

TEST(AppendRfc3339Test, WritesTimesThatReadBack) {
  struct {
    int64_t micros;
    std::string_view text;
  } const kCases[] = {
      {0, "1970-01-01T00:00:00Z"},
      {1'773'135'900'250'000, "2026-03-10T09:45:00.250Z"},
      {1'773'135'900'000'001, "2026-03-10T09:45:00.000001Z"},
      {-1, "1969-12-31T23:59:59.999999Z"},
      {253'402'300'799'999'000, "9999-12-31T23:59:59.999Z"},
      {-62'167'219'200'000'000, "0000-01-01T00:00:00Z"},
  };
  for (const auto& c : kCases) {
    std::string out;
    AppendRfc3339(c.micros, &out);
    EXPECT_EQ(out, c.text);
    EXPECT_EQ(ParseRfc3339(out), c.micros);
  }
}

TEST(AppendRfc3339Test, StaysWithinTheYearsOfTheFormat) {
  for (const auto& [micros, text] : {std::pair(INT64_MAX, "9999-12-31T23:59:59.775807Z"),
                                     std::pair(INT64_MIN, "0000-01-01T00:00:00.224192Z")}) {
    std::string out;
    AppendRfc3339(micros, &out);
    EXPECT_EQ(out, text);
  }
}

TEST(WriteRfc3339Test, WritesMilliseconds) {
  struct {
    int64_t micros;
    std::string_view text;
  } const kCases[] = {
      {0, "1970-01-01T00:00:00.000Z"},
      {-1, "1969-12-31T23:59:59.999Z"},
      {951'782'400'000'000, "2000-02-29T00:00:00.000Z"},
      {1'773'135'900'123'999, "2026-03-10T09:45:00.123Z"},
      {253'402'300'799'999'000, "9999-12-31T23:59:59.999Z"},
      {-62'167'219'200'000'000, "0000-01-01T00:00:00.000Z"},
      {INT64_MAX, "9999-12-31T23:59:59.775Z"},
      {INT64_MIN, "0000-01-01T00:00:00.224Z"},
  };
  for (const auto& c : kCases) {
    char out[kRfc3339Bytes];
    WriteRfc3339(c.micros, out);
    EXPECT_EQ(std::string_view(out, kRfc3339Bytes), c.text);
  }
}

}  // namespace
}  // namespace sluice::utc
