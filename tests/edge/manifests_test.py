"""What is deployed says one thing: manifest, module.json, Dockerfile and the module's own defaults."""

import json
import os
import re
import subprocess
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EDGE = ROOT / "edge"


class ManifestsTest(unittest.TestCase):
    def setUp(self):
        content = json.loads((EDGE / "deployment.template.json").read_text())["modulesContent"]
        self.agent = content["$edgeAgent"]["properties.desired"]
        self.hub = content["$edgeHub"]["properties.desired"]
        self.modules = self.agent["modules"] | self.agent["systemModules"]
        self.dockerfile = (EDGE / "Dockerfile").read_text()

    def create_options(self, name):
        text = self.modules[name]["settings"]["createOptions"]
        self.assertIsInstance(text, str)
        self.assertLessEqual(len(text), 512, "longer ones are to be split into createOptions01, …")
        return json.loads(text)

    def test_every_create_options_is_a_document_in_a_string(self):
        for name in self.modules:
            self.create_options(name)

    def test_sluice_has_the_device_port_and_nobody_else(self):
        bound = {name: list(self.create_options(name).get("HostConfig", {}).get("PortBindings", {})) for name in self.modules}
        self.assertEqual(["8883/tcp"], bound["sluice"])
        self.assertNotIn("8883/tcp", bound["edgeHub"])

    def test_sluice_has_no_more_rights_than_it_needs(self):
        host = self.create_options("sluice")["HostConfig"]
        self.assertEqual(["ALL"], host["CapDrop"])
        self.assertEqual(["no-new-privileges"], host["SecurityOpt"])
        self.assertTrue(host["ReadonlyRootfs"])
        for right in ("Privileged", "CapAdd", "NetworkMode", "PidMode"):
            self.assertNotIn(right, host)
        self.assertEqual(["/srv/sluice:/data"], host["Binds"])

    def test_the_route_takes_the_modules_output(self):
        self.assertEqual("1.1", self.hub["schemaVersion"])
        routes = [route["route"] for route in self.hub["routes"].values()]
        self.assertEqual(["FROM /messages/modules/sluice/outputs/hub INTO $upstream"], routes)

    def test_what_edge_hub_has_acknowledged_outlives_it(self):
        edge_hub = self.modules["edgeHub"]
        storage = edge_hub["env"]["StorageFolder"]["value"]
        self.assertTrue(any(bind.endswith(":" + storage) for bind in self.create_options("edgeHub")["HostConfig"]["Binds"]))
        self.assertGreater(self.hub["storeAndForwardConfiguration"]["timeToLiveSecs"], 7 * 86400)

    def test_the_module_starts_by_the_environment_of_the_manifest(self):
        variables = {name: entry["value"] for name, entry in self.modules["sluice"]["env"].items()}
        given = {"IOTEDGE_WORKLOADURI": "unix:///var/run/iotedge/workload.sock", "IOTEDGE_DEVICEID": "edge-01",
                 "IOTEDGE_MODULEID": "sluice", "IOTEDGE_MODULEGENERATIONID": "1", "IOTEDGE_GATEWAYHOSTNAME": "edge-01.lan",
                 "IOTEDGE_IOTHUBHOSTNAME": "myhub.azure-devices.net"}
        done = subprocess.run([os.environ["SLUICE"], "check", "--dump"], env=given | variables, capture_output=True,
                              text=True, timeout=60, check=False)
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn('client_ca: "/data/devices-ca.pem"', done.stdout)
        self.assertIn('publish: ["{device}/#", "plant/+/{device}/#"]', done.stdout)
        self.assertIn('address: ":8883"', done.stdout)
        # Every variable is one that the module reads.
        readme = (EDGE / "README.md").read_text()
        for name in variables:
            self.assertIn(f"`{name}`", readme)

    def test_the_module_json_builds_the_dockerfile(self):
        module = json.loads((EDGE / "module.json").read_text())
        for dockerfile in module["image"]["tag"]["platforms"].values():
            self.assertTrue((EDGE / dockerfile).is_file())
        self.assertTrue((EDGE / module["image"]["contextPath"] / "CMakeLists.txt").is_file())
        version = re.search(r"project\(sluice VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text()).group(1)
        self.assertEqual(version, module["image"]["tag"]["version"])
        self.assertEqual("${MODULES.sluice}", self.modules["sluice"]["settings"]["image"])

    def test_the_image_is_built_on_one_base_and_runs_as_nobody_in_particular(self):
        self.assertEqual(["${BASE}", "${BASE}"], re.findall(r"^FROM (\S+)", self.dockerfile, re.M))
        user, group = re.search(r"^USER (\d+):(\d+)$", self.dockerfile, re.M).groups()
        self.assertNotIn("0", (user, group))
        self.assertIn(f"-o {user} -g {group}", (EDGE / "README.md").read_text())
        self.assertRegex(self.dockerfile, r"(?m)^EXPOSE 8883 9600$")

    def test_the_image_is_built_with_what_dev_installs(self):
        dev = re.search(r"build_packages=\((.*?)\)", (ROOT / "dev").read_text(), re.S).group(1).split()
        install = re.search(r"no-install-recommends \\\n(.*?)&& rm", self.dockerfile, re.S).group(1)
        not_needed = {"ccache", "libgtest-dev", "libgmock-dev", "libbenchmark-dev"}
        self.assertEqual(set(dev) - not_needed, set(install.replace("\\", " ").split()))


if __name__ == "__main__":
    unittest.main()
