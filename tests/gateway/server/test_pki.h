// Certificates for the tests of this folder, in a folder of their own that goes with the process.
#pragma once

#include <string>
#include <vector>

#include "gateway/tls/issue.h"

namespace sluice::server {

class TestPki {
 public:
  static const TestPki& Get();

  std::string path(const std::string& file) const { return dir_ + "/" + file; }
  // A device's certificate, valid or as odd as the specification.
  tls::Credential Device(const std::string& common_name) const;
  tls::Credential Expired(const std::string& common_name) const;
  tls::Credential OfAnotherCa(const std::string& common_name) const;
  // Writes NAME.crt and NAME.key, for programs that want files.
  void WriteDevice(const std::string& common_name) const;

 private:
  TestPki();
  ~TestPki();

  tls::Credential Make(const std::string& common_name, int64_t not_after,
                       const tls::Credential& issuer) const;

  std::string dir_;
  tls::Credential ca_;
  tls::Credential other_ca_;
};

}  // namespace sluice::server
