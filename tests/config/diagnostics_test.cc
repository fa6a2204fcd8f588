// How diagnostics look: the caret stands under the fault whatever the line holds, and terminals
// obey no file.
#include "config/diagnostics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::config {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string RenderAt(const std::string& text, Place place) {
  Diagnostics diagnostics;
  diagnostics.SetSource("f", text);
  diagnostics.Error(place, "k", "m");
  return diagnostics.Render();
}

TEST(DiagnosticsTest, PutsTheCaretUnderTheFault) {
  EXPECT_EQ(RenderAt("ab: cd\n", {1, 5, 2}), "f:1:5: error: k: m\n  ab: cd\n      ^~\n");
  EXPECT_EQ(RenderAt("\tb: cd", {1, 5, 2}), "f:1:5: error: k: m\n  \tb: cd\n  \t   ^~\n");
  EXPECT_EQ(RenderAt("ä: öö", {1, 5, 4}),
            "f:1:5: error: k: m\n  ä: öö\n     ^~\n");  // columns are bytes
  EXPECT_EQ(RenderAt("a\r\nb", {1, 1, 1}), "f:1:1: error: k: m\n  a\n  ^\n");
}

TEST(DiagnosticsTest, PlacesBeyondTheTextShowNoLine) {
  EXPECT_EQ(RenderAt("a", {7, 1, 1}), "f:7:1: error: k: m\n");
  EXPECT_EQ(RenderAt("a", {}), "f: error: k: m\n");
}

TEST(DiagnosticsTest, CutsLongLinesAroundTheFault) {
  const std::string rendered =
      RenderAt(std::string(5000, 'x') + "HERE" + std::string(5000, 'x'), {1, 5001, 4});
  EXPECT_THAT(rendered, HasSubstr("HERE"));
  EXPECT_LT(rendered.size(), 600u);
}

TEST(DiagnosticsTest, ControlCharactersOfTheFileDoNotReachTheTerminal) {
  EXPECT_THAT(RenderAt("a\x1b[31mred", {1, 1, 1}), Not(HasSubstr("\x1b")));
}

TEST(DiagnosticsTest, MasksSecretsOnEveryLine) {
  Diagnostics diagnostics;
  diagnostics.SetSource("f", "a: topsecret\nSharedAccessKey=other;x\n");
  diagnostics.AddSecret("HostName;topsecret");
  diagnostics.Error({1, 1, 1}, "k", "m");
  diagnostics.Error({2, 1, 1}, "k", "m");
  EXPECT_THAT(diagnostics.Render(), HasSubstr("a: *********\n"));
  EXPECT_THAT(diagnostics.Render(), Not(HasSubstr("other")));
}

TEST(DiagnosticsTest, ManyAreCountedAndNotAllShown) {
  Diagnostics diagnostics;
  diagnostics.SetSource("f", "");
  for (uint32_t i = 1; i <= 250; ++i) diagnostics.Warning({i, 1, 1}, "k", "m");
  EXPECT_EQ(diagnostics.warnings(), 250u);
  EXPECT_THAT(diagnostics.Render(), HasSubstr("f: and 150 more\n"));
}

}  // namespace
}  // namespace sluice::config
