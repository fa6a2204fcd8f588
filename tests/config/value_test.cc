// Scalars: what each form means and what is no such thing.
#include "config/value.h"

#include <gtest/gtest.h>

#include <array>

namespace sluice::config {
namespace {

TEST(ParseDurationTest, TakesWholeNumbersWithAUnit) {
  struct {
    std::string_view text;
    std::optional<int64_t> milliseconds;
  } const kCases[] = {
      {"250ms", 250},
      {"10s", 10'000},
      {"5m", 300'000},
      {"1h", 3'600'000},
      {"0s", 0},
      {"10", std::nullopt},
      {"1.5s", std::nullopt},
      {"-1s", std::nullopt},
      {"1 s", std::nullopt},
      {"s", std::nullopt},
      {"", std::nullopt},
      {"1d", std::nullopt},
      {"1S", std::nullopt},
      {"1s ", std::nullopt},
      {"99999999999999999999h", std::nullopt},
      {"9223372036854775807h", std::nullopt},  // more than 64 bits of milliseconds
  };
  for (const auto& c : kCases) EXPECT_EQ(ParseDuration(c.text), c.milliseconds) << c.text;
}

TEST(ParseSizeTest, TakesBytesAndBinaryUnits) {
  struct {
    std::string_view text;
    std::optional<int64_t> bytes;
  } const kCases[] = {
      {"4096", 4096},
      {"1B", 1},
      {"64KiB", 65'536},
      {"8GiB", int64_t{8} << 30},
      {"1TiB", int64_t{1} << 40},
      {"1KB", std::nullopt},
      {"1kib", std::nullopt},
      {"-1", std::nullopt},
      {"", std::nullopt},
      {"0x10", std::nullopt},
      {"9223372036854775807TiB", std::nullopt},
  };
  for (const auto& c : kCases) EXPECT_EQ(ParseSize(c.text), c.bytes) << c.text;
}

TEST(ParseIntegerTest, TakesUnderscoresBetweenDigits) {
  struct {
    std::string_view text;
    std::optional<int64_t> value;
  } const kCases[] = {
      {"0", 0},
      {"10_000", 10'000},
      {"-5", -5},
      {"007", 7},
      {"_1", std::nullopt},
      {"1_", std::nullopt},
      {"1__0", std::nullopt},
      {"1.0", std::nullopt},
      {"1e3", std::nullopt},
      {"", std::nullopt},
      {"9223372036854775808", std::nullopt},
  };
  for (const auto& c : kCases) EXPECT_EQ(ParseInteger(c.text), c.value) << c.text;
}

TEST(FormatTest, ReadsBack) {
  for (const int64_t value : {0, 1, 250, 1000, 1500, 60'000, 3'600'000, 86'400'000}) {
    EXPECT_EQ(ParseDuration(FormatDuration(value)), value);
    EXPECT_EQ(ParseSize(FormatSize(value)), value);
  }
  EXPECT_EQ(FormatDuration(300'000), "5m");
  EXPECT_EQ(FormatSize(256 << 20), "256MiB");
}

TEST(ParseAddressTest, TakesAddressesWithAPort) {
  struct {
    std::string_view text;
    bool ok;
    std::string_view host;
    uint16_t port;
  } const kCases[] = {
      {"127.0.0.1:8883", true, "127.0.0.1", 8883},
      {"[::1]:0", true, "::1", 0},
      {"[::]:65535", true, "::", 65535},
      {":8883", true, "", 8883},
      {"127.0.0.1", false, "", 0},
      {"127.0.0.1:", false, "", 0},
      {"127.0.0.1:65536", false, "", 0},
      {"127.0.0.1:-1", false, "", 0},
      {"127.0.0.1:1_0", false, "", 0},
      {"::1:8883", false, "", 0},  // where does the port begin?
      {"[]:1", false, "", 0},
      {"[127.0.0.1:1", false, "", 0},
      {"localhost:8883", false, "", 0},
      {"300.0.0.1:1", false, "", 0},
      {"", false, "", 0},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.text);
    const std::optional<Address> address = ParseAddress(c.text);
    ASSERT_EQ(address.has_value(), c.ok);
    if (!c.ok) continue;
    EXPECT_EQ(address->host, c.host);
    EXPECT_EQ(address->port, c.port);
  }
}

TEST(DidYouMeanTest, FindsWhatIsNearAndNothingElse) {
  const std::array<std::string_view, 5> known = {"publish", "subscribe", "each", "identity", "ca"};
  EXPECT_EQ(DidYouMean("publsih", known), "publish");     // swapped
  EXPECT_EQ(DidYouMean("publishh", known), "publish");    // one more
  EXPECT_EQ(DidYouMean("subscrbe", known), "subscribe");  // one less
  EXPECT_EQ(DidYouMean("Identity", known), "identity");
  EXPECT_EQ(DidYouMean("cas", known), "ca");
  EXPECT_EQ(DidYouMean("zz", known), "");
  EXPECT_EQ(DidYouMean("retention", known), "");
  EXPECT_EQ(DidYouMean("", known), "");
  EXPECT_EQ(DidYouMean(std::string(10'000, 'p'), known), "");
}

}  // namespace
}  // namespace sluice::config
