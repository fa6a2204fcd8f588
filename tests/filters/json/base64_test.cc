#include "filters/json/base64.h"

#include <gtest/gtest.h>

namespace sluice::json {
namespace {

std::optional<std::string> Decode(std::string_view text) {
  std::string out(MaxDecodedSize(text.size()), '\0');
  const std::optional<size_t> size = DecodeBase64(text, out.data());
  if (!size) return std::nullopt;
  out.resize(*size);
  return out;
}

TEST(Base64Test, CodesTheVectorsOfRfc4648) {
  struct {
    std::string_view bytes;
    std::string_view text;
  } const kCases[] = {{"", ""},
                      {"f", "Zg=="},
                      {"fo", "Zm8="},
                      {"foo", "Zm9v"},
                      {"foob", "Zm9vYg=="},
                      {"fooba", "Zm9vYmE="},
                      {"foobar", "Zm9vYmFy"}};
  for (const auto& c : kCases) {
    std::string out;
    AppendBase64(c.bytes, &out);
    EXPECT_EQ(out, c.text);
    EXPECT_EQ(Decode(c.text), std::string(c.bytes));
  }
}

TEST(Base64Test, EveryByteComesBack) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  for (size_t size = 250; size <= bytes.size(); ++size) {
    std::string text;
    AppendBase64(std::string_view(bytes).substr(0, size), &text);
    EXPECT_EQ(Decode(text), bytes.substr(0, size));
  }
}

TEST(Base64Test, RefusesWhatIsNotCanonical) {
  for (const std::string_view text : {"Z", "Zg", "Zg=", "Zg==Zg==", "Zh==", "Zm9=", "Zm9v\n",
                                      "Zm9 ", "Zm-_", "====", "Z===", "=Zg=", "Zg==="}) {
    EXPECT_EQ(Decode(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace sluice::json
