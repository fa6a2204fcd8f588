// IoT Edge routes (azure/routing-query.md section 11).
#include "filters/language/route.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::language {
namespace {

std::string Shape(std::string_view text) {
  Diagnostics diagnostics;
  const std::optional<Route> route = ParseRoute(text, &diagnostics);
  if (!route) {
    EXPECT_TRUE(HasErrors(diagnostics)) << text;
    for (const Diagnostic& d : diagnostics) EXPECT_LE(d.offset, text.size());
    return "error";
  }
  EXPECT_TRUE(diagnostics.empty());
  EXPECT_EQ(text.substr(route->condition_offset, route->condition.size()), route->condition);
  std::string shape;
  for (const std::string& segment : route->source) shape += "/" + segment;
  const size_t first = route->condition.find_first_not_of(" \t\r\n");
  const size_t last = route->condition.find_last_not_of(" \t\r\n");
  if (first != std::string::npos)
    shape += " where " + route->condition.substr(first, last - first + 1);
  if (route->sink == Route::Sink::kUpstream) return shape + " > upstream";
  return shape + " > " + route->module + ":" + route->input;
}

TEST(RouteTest, Parses) {
  const struct {
    std::string_view text;
    std::string_view shape;
  } kCases[] = {
      {"FROM /* INTO $upstream", "/* > upstream"},
      {"FROM /messages/* INTO $upstream", "/messages/* > upstream"},
      {"SELECT * FROM /messages/* INTO $upstream", "/messages/* > upstream"},
      {"select * from /messages into $UPSTREAM", "/messages > upstream"},
      {"FROM /messages/* WHERE $body.level > 3 INTO $upstream",
       "/messages/* where $body.level > 3 > upstream"},
      {"FROM/messages/modules/m-1/outputs/o INTO $upstream",
       "/messages/modules/m-1/outputs/o > upstream"},
      {"  FROM  / messages / *\n WHERE\n a = 'INTO' \n INTO\n $upstream  ",
       "/messages/* where a = 'INTO' > upstream"},
      {"FROM /* INTO BrokeredEndpoint(\"/modules/m/inputs/i\")", "/* > m:i"},
      {"FROM /* INTO brokeredendpoint ( '/modules/m/inputs/i' )", "/* > m:i"},
      {"FROM /messages/* WHERE NOT IS_DEFINED($connectionModuleId) INTO $upstream",
       "/messages/* where NOT IS_DEFINED($connectionModuleId) > upstream"},
      // The /* of the source opens no comment, even where one follows.
      {"FROM /messages/* WHERE a = 'x' /* why */ INTO $upstream",
       "/messages/* where a = 'x' /* why */ > upstream"},
  };
  for (const auto& c : kCases) EXPECT_EQ(Shape(c.text), c.shape) << c.text;
}

TEST(RouteTest, Refuses) {
  for (std::string_view text : {"",
                                "  ",
                                "INTO $upstream",
                                "FROM INTO $upstream",
                                "FROM messages INTO $upstream",
                                "FROM / INTO $upstream",
                                "FROM /messages/ INTO $upstream",
                                "FROM /messages//x INTO $upstream",
                                "FROM /messages/*",
                                "FROM /* WHERE INTO $upstream",
                                "FROM /* WHERE a = 'x'",
                                "FROM /* INTO",
                                "FROM /* INTO upstream",
                                "FROM /* INTO $elsewhere",
                                "FROM /* INTO $upstream x",
                                "FROM /* a = 'x' INTO $upstream",
                                "SELECT a FROM /* INTO $upstream",
                                "SELECT FROM /* INTO $upstream",
                                "SELECT *",
                                "SELECT",
                                "FROM /* INTO BrokeredEndpoint",
                                "FROM /* INTO BrokeredEndpoint(",
                                "FROM /* INTO BrokeredEndpoint()",
                                "FROM /* INTO BrokeredEndpoint('x')",
                                "FROM /* INTO BrokeredEndpoint('/modules/m/inputs')",
                                "FROM /* INTO BrokeredEndpoint('/modules/m/inputs/i/x')",
                                "FROM /* INTO BrokeredEndpoint('/modules//inputs/i')",
                                "FROM /* INTO BrokeredEndpoint('/module/m/inputs/i')",
                                "FROM /* INTO BrokeredEndpoint('/modules/m/inputs/i'",
                                "FROM /* INTO BrokeredEndpoint(modules)",
                                "FROM /a[0] INTO $upstream",
                                "FROM /\xff INTO $upstream"}) {
    EXPECT_EQ(Shape(text), "error") << text;
  }
}

TEST(RouteTest, SurvivesEveryTruncation) {
  const std::string text =
      "SELECT * FROM /messages/* WHERE a = 'x' INTO BrokeredEndpoint('/modules/m/inputs/i')";
  for (size_t size = 0; size < text.size(); ++size)
    EXPECT_EQ(Shape(text.substr(0, size)), "error") << size;
}

TEST(RouteTest, SourceMatchesBySegmentPrefix) {
  const struct {
    std::string_view source;
    std::string_view message;
    bool matches;
  } kCases[] = {
      {"/*", "/messages/", true},
      {"/*", "/twinChangeNotifications/", true},
      {"/messages/*", "/messages/", true},
      {"/messages", "/messages/", true},
      {"/MESSAGES/*", "/messages/modules/m/", true},
      {"/messages/*", "/messages/modules/m/outputs/o/", true},
      {"/messages/*", "/twinChangeNotifications/", false},
      {"/messages/modules/*", "/messages/", false},
      {"/messages/modules/*", "/messages/modules/m/", true},
      {"/messages/modules/m/*", "/messages/modules/m/", true},
      {"/messages/modules/m/*", "/messages/modules/m/outputs/o/", true},
      {"/messages/modules/m/*", "/messages/modules/mm/", false},  // by segment
      {"/messages/modules/m/outputs/o", "/messages/modules/m/outputs/o/", true},
      {"/messages/modules/m/outputs/o", "/messages/modules/m/outputs/o2/", false},
      {"/messages/*/*", "/messages/", true},
      {"/message/*", "/messages/", false},
      {"/messages/*/x", "/messages/modules/x/",
       false},  // a star in between is a name like any other
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(testing::Message() << c.source << " on " << c.message);
    Diagnostics diagnostics;
    const auto route =
        ParseRoute("FROM " + std::string(c.source) + " INTO $upstream", &diagnostics);
    ASSERT_TRUE(route);
    EXPECT_EQ(SourceMatches(*route, c.message), c.matches);
  }
}

}  // namespace
}  // namespace sluice::language
