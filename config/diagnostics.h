// What is wrong in a configuration file, and where: collected while it is read, printed for a
// person.
//
// Secrets never appear: the quoted source lines are masked. Lines and columns count from 1, columns
// in bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::config {

// A stretch of the file, on one line. Line 0: the file as a whole.
struct Place {
  uint32_t line = 0;
  uint32_t column = 0;
  uint32_t length = 1;  // bytes to underline, at least 1
};

struct Diagnostic {
  enum class Severity : uint8_t { kWarning, kError };

  Severity severity = Severity::kError;
  Place place;
  std::string key;      // "listeners[0].address"; empty where no key is concerned
  std::string message;  // what is wrong
  std::string hint;     // what to do; may be empty
};

class Diagnostics {
 public:
  // Names the file that the places below mean, and its text, which is quoted.
  void SetSource(std::string file, std::string text);

  void Error(Place place, std::string key, std::string message, std::string hint = "");
  void Warning(Place place, std::string key, std::string message, std::string hint = "");
  // A value that must not be shown, wherever it stands in the file.
  void AddSecret(std::string_view value);

  // Where the value of `key` ("listeners[0].tls.key") stands, for whoever finds it wrong later:
  // files, addresses.
  void Remember(const std::string& key, Place place) { places_[key] = place; }
  Place PlaceOf(const std::string& key) const;

  const std::vector<Diagnostic>& all() const { return diagnostics_; }
  size_t errors() const { return errors_; }
  size_t warnings() const { return diagnostics_.size() - errors_; }
  const std::string& file() const { return file_; }

  // The first hundred of them, in the order of the file:
  //   FILE:LINE:COL: error: KEY: MESSAGE (HINT)
  //     source line
  //        ^~~~
  std::string Render() const;
  std::string Render(const Diagnostic& diagnostic) const;
  // Its first line alone, without a line feed: for logs.
  std::string RenderLine(const Diagnostic& diagnostic) const;

 private:
  std::string SourceLine(uint32_t line) const;

  std::string file_;
  std::string text_;
  std::vector<std::string> secrets_;
  std::map<std::string, Place> places_;
  std::vector<Diagnostic> diagnostics_;
  size_t errors_ = 0;
};

}  // namespace sluice::config
