// Finds out why a connection to the hub fails, step by step: name, TCP, certificate, its name.
//
// Paho says "-1" to all of these. Blocks for up to `timeout` (name resolution may take longer):
// only for the output's own thread, after a failure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "gateway/causes/cause.h"

namespace sluice::causes {

// The first step that fails; kNone if a TLS connection with a trusted certificate comes about.
// `ca_file` empty: the system's.
Finding Probe(const std::string& host, uint16_t port, const std::string& ca_file,
              std::chrono::milliseconds timeout);

}  // namespace sluice::causes
