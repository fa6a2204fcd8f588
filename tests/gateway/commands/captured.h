// A command, run as from the command line, with what it printed.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gateway/commands/commands.h"

namespace sluice::commands {

struct Captured {
  int code = -1;
  std::string out;
  std::string errors;
};

// `arguments` without the program's name.
inline Captured Command(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "sluice");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Captured captured;
  captured.code = Main(static_cast<int>(argv.size()), argv.data());
  captured.errors = testing::internal::GetCapturedStderr();
  captured.out = testing::internal::GetCapturedStdout();
  return captured;
}

}  // namespace sluice::commands
