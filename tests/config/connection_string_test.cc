// Connection strings: what is taken, and that no refusal quotes a value.
#include "config/connection_string.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::config {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(CheckConnectionStringTest, TakesDevicesAndModules) {
  for (const char* text : {
           "HostName=h.azure-devices.net;DeviceId=d;SharedAccessKey=c2VjcmV0",
           "HostName=127.0.0.1:8884;DeviceId=d;SharedAccessKey=c2VjcmU=",
           "HostName=[::1]:8884;DeviceId=d;SharedAccessKey=c2VjcmU=;",
           "DeviceId=d;hostname=h;sharedaccesskey=c2VjcmV0",
           " HostName=h; DeviceId=d; SharedAccessKey=c2VjcmV0\n",  // folded, or from a file
           "HostName=h;DeviceId=d;ModuleId=m;SharedAccessKey=c2VjcmV0",
           "HostName=h;DeviceId=d;SharedAccessKey=c2VjcmV0;GatewayHostName=gw:8883",
       }) {
    EXPECT_EQ(CheckConnectionString(text), "") << text;
  }
}

TEST(CheckConnectionStringTest, RefusesTheRestWithoutQuotingIt) {
  struct {
    const char* text;
    const char* wants;
  } const kCases[] = {
      {"", "HostName is missing"},
      {"c2VjcmV0", "part 1 is no NAME=VALUE"},
      {"HostName=h;DeviceId=d", "SharedAccessKey is missing"},
      {"HostName=h;SharedAccessKey=c2VjcmV0", "DeviceId is missing"},
      {"DeviceId=d;SharedAccessKey=c2VjcmV0", "HostName is missing"},
      {"HostName=h;DeviceId=d;SharedAcessKey=c2VjcmV0", "part 3 has an unknown name"},
      {"HostName=h;DeviceId=d;c2VjcmV0=x", "part 3 has an unknown name"},
      {"HostName=h;HostName=h;DeviceId=d;SharedAccessKey=c2VjcmV0", "HostName stands twice"},
      {"HostName=https://h;DeviceId=d;SharedAccessKey=c2VjcmV0", "HostName is no host name"},
      {"HostName=h:p;DeviceId=d;SharedAccessKey=c2VjcmV0", "HostName is no host name"},
      {"HostName=;DeviceId=d;SharedAccessKey=c2VjcmV0", "HostName is no host name"},
      {"HostName=h;DeviceId=a/b;SharedAccessKey=c2VjcmV0", "DeviceId is no device id"},
      {"HostName=h;DeviceId=d;ModuleId=a b;SharedAccessKey=c2VjcmV0", "ModuleId is no module id"},
      {"HostName=h;DeviceId=d;SharedAccessKey=c2VjcmV0x", "is not base64"},
      {"HostName=h;DeviceId=d;SharedAccessKey=", "is not base64"},
      {"HostName=h;DeviceId=d;SharedAccessKey=c2Vj*mV0", "is not base64"},
      {"HostName=h;DeviceId=d;SharedAccessKey=c2VjcmV0;x509=true", "more than one credential"},
      {"HostName=h;DeviceId=d;x509=true", "not yet"},
      {"HostName=h;DeviceId=d;SharedAccessSignature=SharedAccessSignature sr=h&sig=c2VjcmV0&se=1",
       "cannot be renewed"},
      {"HostName=h;SharedAccessKeyName=iothubowner;SharedAccessKey=c2VjcmV0",
       "a service's connection string"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(c.text);
    const std::string fault = CheckConnectionString(c.text);
    EXPECT_THAT(fault, HasSubstr(c.wants));
    EXPECT_THAT(fault, Not(HasSubstr("c2Vj")));
  }
}

}  // namespace
}  // namespace sluice::config
