#include "edge/module_environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace sluice::edge {
namespace {

using testing::HasSubstr;

using Variables = std::map<std::string, std::string>;

Variables Sheets() {
  return {{"IOTEDGE_WORKLOADURI", "unix:///var/run/iotedge/workload.sock"},
          {"IOTEDGE_DEVICEID", "edge-01"},
          {"IOTEDGE_MODULEID", "sluice"},
          {"IOTEDGE_MODULEGENERATIONID", "638412345678901234"},
          {"IOTEDGE_IOTHUBHOSTNAME", "sluice-demo.azure-devices.net"},
          {"IOTEDGE_GATEWAYHOSTNAME", "edge-01.lan"},
          {"IOTEDGE_AUTHSCHEME", "sasToken"}};
}

Environment Of(const Variables& variables) {
  return [&variables](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
}

std::string ErrorOf(const Variables& variables) {
  return std::string(ReadModuleEnvironment(Of(variables)).status().message());
}

TEST(ModuleEnvironmentTest, ReadsTheSheets) {
  const Variables variables = Sheets();
  const auto module = ReadModuleEnvironment(Of(variables));
  ASSERT_TRUE(module.ok()) << module.status();
  EXPECT_EQ(module->identity.host_name, "sluice-demo.azure-devices.net");
  EXPECT_EQ(module->identity.device_id, "edge-01");
  EXPECT_EQ(module->identity.module_id, "sluice");
  EXPECT_EQ(module->generation_id, "638412345678901234");
  EXPECT_EQ(module->workload_api.path, "/var/run/iotedge/workload.sock");
  EXPECT_EQ(module->gateway_host, "edge-01.lan");
  EXPECT_EQ(module->gateway_port, 8883);
}

TEST(ModuleEnvironmentTest, TheGatewayMayHaveAPort) {
  Variables variables = Sheets();
  variables["IOTEDGE_GATEWAYHOSTNAME"] = "127.0.0.1:8884";
  const auto module = ReadModuleEnvironment(Of(variables));
  ASSERT_TRUE(module.ok()) << module.status();
  EXPECT_EQ(module->gateway_host, "127.0.0.1");
  EXPECT_EQ(module->gateway_port, 8884);
}

TEST(ModuleEnvironmentTest, OneErrorNamesAllThatIsMissing) {
  Variables variables = Sheets();
  variables.erase("IOTEDGE_DEVICEID");
  variables["IOTEDGE_GATEWAYHOSTNAME"] = "";
  EXPECT_THAT(ErrorOf(variables), HasSubstr(": IOTEDGE_DEVICEID, IOTEDGE_GATEWAYHOSTNAME;"));
  EXPECT_THAT(ErrorOf({}), HasSubstr("IOTEDGE_WORKLOADURI, IOTEDGE_DEVICEID, IOTEDGE_MODULEID, "
                                     "IOTEDGE_MODULEGENERATIONID, IOTEDGE_IOTHUBHOSTNAME, "
                                     "IOTEDGE_GATEWAYHOSTNAME;"));
}

TEST(ModuleEnvironmentTest, RefusesWhatItCannotUse) {
  const struct {
    const char* name;
    const char* value;
  } kCases[] = {
      {"IOTEDGE_WORKLOADURI", "fd://workload"},
      {"IOTEDGE_DEVICEID", "a/b"},
      {"IOTEDGE_MODULEID", "a#"},
      {"IOTEDGE_MODULEID", "a b"},
      {"IOTEDGE_GATEWAYHOSTNAME", "host:"},
      {"IOTEDGE_GATEWAYHOSTNAME", "host:0"},
      {"IOTEDGE_GATEWAYHOSTNAME", "a:b:1"},
      {"IOTEDGE_AUTHSCHEME", "x509"},
      {"IOTEDGE_GATEWAYHOSTNAME", "host:888888"},
  };
  for (const auto& c : kCases) {
    SCOPED_TRACE(std::string(c.name) + "=" + c.value);
    Variables variables = Sheets();
    variables[c.name] = c.value;
    EXPECT_THAT(ErrorOf(variables), HasSubstr(c.name));
  }
  Variables variables = Sheets();
  variables["IOTEDGE_AUTHSCHEME"] = "SASTOKEN";
  EXPECT_EQ(ErrorOf(variables), "");
}

TEST(ModuleEnvironmentTest, AModuleIsWhoHasAWorkloadApi) {
  Variables variables = Sheets();
  EXPECT_TRUE(IsModule(Of(variables)));
  variables.erase("IOTEDGE_WORKLOADURI");
  EXPECT_FALSE(IsModule(Of(variables)));
}

}  // namespace
}  // namespace sluice::edge
