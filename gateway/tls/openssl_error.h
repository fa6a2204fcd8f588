// What OpenSSL has to say about the call that just failed. Private to this folder.
#pragma once

#include <openssl/err.h>

#include <cstring>
#include <string>

namespace sluice::tls {

// The oldest error of this thread's queue, where the cause is; clears the queue.
inline std::string TakeOpenSslError() {
  const unsigned long code = ERR_peek_error();
  ERR_clear_error();
  if (ERR_SYSTEM_ERROR(code)) return std::strerror(ERR_GET_REASON(code));
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "unknown error" : reason;
}

}  // namespace sluice::tls
