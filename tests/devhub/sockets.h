// Listening sockets, non-blocking and closed on exec.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "tests/devhub/file_descriptor.h"

namespace sluice::devhub {

// `address` is numeric, IPv4 or IPv6; port 0 picks one.
absl::StatusOr<FileDescriptor> ListenTcp(const std::string& address, uint16_t port);
// What it is bound to, as "127.0.0.1:8883" or "[::1]:8883".
std::string BoundAddress(int fd);

// The next connection, invalid if there is none now; `*peer` gets its address. TCP_NODELAY is set.
FileDescriptor AcceptTcp(int listener, std::string* peer);

// A Unix socket at `path`, of mode 0600, in place of whatever stood there.
absl::StatusOr<FileDescriptor> ListenUnix(const std::string& path);

}  // namespace sluice::devhub
