#include "gateway/tls/failed_peer.h"

#include <memory>

#include "gateway/tls/openssl_ptr.h"

namespace sluice::tls {
namespace {

constexpr size_t kMaxNameBytes = 200;  // a stranger wrote it: it goes to the log

void FreeText(void*, void* text, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<std::string*>(text);
}

int TextIndex() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, FreeText);
  return index;
}

// One line, control and non-ASCII characters escaped.
std::string NameText(const X509_NAME* name) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (bio == nullptr) return "";
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_ONELINE);
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &bytes);
  std::string text(bytes, size > 0 ? static_cast<size_t>(size) : 0);
  if (text.size() > kMaxNameBytes) text.replace(kMaxNameBytes, std::string::npos, "...");
  return text;
}

}  // namespace

int RememberFailedPeer(int preverified, X509_STORE_CTX* verification) {
  if (preverified == 1) return 1;
  auto* const ssl = static_cast<SSL*>(
      X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const X509* const leaf = X509_STORE_CTX_get0_cert(verification);
  if (ssl == nullptr || leaf == nullptr || SSL_get_ex_data(ssl, TextIndex()) != nullptr) return 0;
  auto text = std::make_unique<std::string>("subject " + NameText(X509_get_subject_name(leaf)) +
                                            ", issuer " + NameText(X509_get_issuer_name(leaf)));
  if (SSL_set_ex_data(ssl, TextIndex(), text.get()) == 1)
    (void)text.release();  // FreeText owns it now
  return 0;
}

std::string FailedPeer(const SSL* ssl) {
  const auto* const text = static_cast<const std::string*>(SSL_get_ex_data(ssl, TextIndex()));
  return text == nullptr ? "" : *text;
}

}  // namespace sluice::tls
