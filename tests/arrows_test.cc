// Includes follow the arrows of ARCHITECTURE.md: a folder may include itself and what its row
// names, nothing else.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

namespace sluice {
namespace {

namespace fs = std::filesystem;

// Folder -> folders of ours that it may include. A trailing file name narrows a row to that header.
const std::map<std::string, std::set<std::string>> kMayUse = {
    {"filters/json", {}},
    {"filters/utc", {}},
    {"filters/language", {"filters/json", "filters/utc"}},
    {"filters/compile", {"filters/json", "filters/language"}},
    {"filters/analyze", {"filters/language", "filters/compile"}},
    {"filters/match", {"filters/json", "filters/language", "filters/compile"}},
    {"filters/reduce",
     {"filters/json", "filters/utc", "filters/language", "filters/compile", "filters/match"}},
    {"config", {"filters/language", "filters/compile"}},
    {"gateway/mqtt", {}},
    {"gateway/session", {"gateway/mqtt"}},
    {"gateway/tls", {}},
    {"gateway/lines", {"filters/json", "filters/language", "filters/utc"}},
    {"gateway/operate", {"filters/utc"}},
    {"gateway/server",
     {"gateway/mqtt", "gateway/session", "gateway/tls", "gateway/operate/counter.h",
      "gateway/operate/log.h"}},
    {"gateway/spool",
     {"gateway/session/ack_ticket.h", "gateway/operate/counter.h", "gateway/operate/log.h"}},
    {"gateway/pipeline",
     {"filters/json", "filters/language", "filters/compile", "filters/match", "filters/reduce",
      "filters/utc", "config", "gateway/mqtt/topic.h", "gateway/spool",
      "gateway/session/ack_ticket.h", "gateway/lines", "gateway/operate/counter.h",
      "gateway/operate/log.h"}},
    {"gateway/causes", {}},
    {"gateway/credentials", {"gateway/causes", "gateway/tls/pem.h"}},
    {"gateway/link", {"gateway/credentials"}},
    {"gateway/uplink",
     {"filters/json", "filters/utc", "gateway/causes", "gateway/credentials", "gateway/link",
      "gateway/spool", "gateway/session/ack_ticket.h", "gateway/operate/counter.h",
      "gateway/operate/log.h"}},
    {"gateway/cloud",
     {"filters/json", "gateway/uplink", "gateway/spool/doorbell.h", "gateway/operate/log.h"}},
    {"edge",
     {"filters/json", "filters/utc", "gateway/causes", "gateway/credentials", "gateway/tls",
      "gateway/operate/log.h"}},
    {"gateway/simulate",
     {"filters/json", "filters/language", "gateway/lines", "gateway/mqtt", "gateway/tls"}},
};

std::string FolderOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

bool Allowed(const std::string& folder, const std::string& included) {
  if (FolderOf(included) == folder) return true;
  const auto& may = kMayUse.at(folder);
  return may.contains(FolderOf(included)) || may.contains(included);
}

TEST(ArrowsTest, IncludesFollowThem) {
  const fs::path root = SLUICE_SOURCE_DIR;
  const std::regex include(
      R"re(^\s*#include\s+"((?:filters|config|gateway|edge|bench|tests)/[^"]+)")re");
  size_t files = 0;
  for (const auto& [folder, may_use] : kMayUse) {
    if (!fs::is_directory(root / folder)) continue;
    for (const auto& entry : fs::directory_iterator(root / folder)) {
      const std::string extension = entry.path().extension();
      if (extension != ".h" && extension != ".cc") continue;
      ++files;
      std::ifstream file(entry.path());
      std::string line;
      for (int number = 1; std::getline(file, line); ++number) {
        std::smatch match;
        if (!std::regex_search(line, match, include)) continue;
        EXPECT_TRUE(Allowed(folder, match[1]))
            << fs::relative(entry.path(), root).string() << ":" << number << ": " << folder
            << " may not include " << match[1];
      }
    }
  }
  EXPECT_GT(files, 10u) << "the sources were not found under " << root;
}

TEST(ArrowsTest, EveryFolderHasARow) {
  const fs::path root = SLUICE_SOURCE_DIR;
  for (const char* top : {"filters", "gateway"}) {
    for (const auto& entry : fs::directory_iterator(root / top)) {
      if (!entry.is_directory()) continue;
      const std::string folder = std::string(top) + "/" + entry.path().filename().string();
      if (folder == "gateway/commands") continue;  // may use all
      EXPECT_TRUE(kMayUse.contains(folder)) << folder;
    }
  }
}

}  // namespace
}  // namespace sluice
