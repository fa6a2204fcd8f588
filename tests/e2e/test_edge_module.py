"""`sluice run` as an IoT Edge module, by what its environment says alone: sluice-devhub plays edgeHub and the workload API."""

import json
import shutil
import socket
import ssl
import unittest

import harness
import mqtt_client
from harness import BIN, HUB_KEY, Gateway, Hub, Program, port_of, run, sluice, wait_until

DEVICE, MODULE = "edge-01", "sluice"


class EdgeDevice(Hub):
    """edgeHub and the workload API of edge-01, whose CA is the folder's ca.crt."""

    def __init__(self, folder, certificate_seconds=90 * 86400):
        super().__init__(folder)
        (self.folder / "devices.json").write_text(json.dumps({
            "hostName": "sluice-demo.azure-devices.net",
            "edgeHub": {"deviceId": DEVICE, "gatewayHostName": "127.0.0.1", "certificateSeconds": certificate_seconds},
            "devices": [{"deviceId": DEVICE, "moduleId": MODULE, "primaryKey": HUB_KEY}]}))

    def module_environment(self):
        lines = (self.folder / f"{MODULE}.env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def control(self, **command):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(harness.DEADLINE)
            client.connect(str(self.folder / "control.sock"))
            client.sendall(json.dumps(command).encode() + b"\n")
            answer = json.loads(client.makefile().readline())
        assert answer["ok"], answer
        return answer


class Module(Gateway):
    """A gateway without a configuration file."""

    def __init__(self, folder, environment):
        super().__init__(folder, "")
        self.config.unlink()
        self.env = environment | {"SLUICE_STATE": str(self.folder / "data"), "SLUICE_LISTEN": "127.0.0.1:0",
                                  "SLUICE_HTTP": "127.0.0.1:0"}

    def launch(self):
        self.program = Program(BIN / "sluice", "run", log=self.folder / "gateway.log", env=self.env)
        return self

    def await_ready(self):
        self.port = port_of(self.program.expect("sluice: ready, listening on "))
        self.http = port_of(self.program.expect("sluice: http on "))
        return self

    def start(self):
        return self.launch().await_ready()

    def context(self, edge, **files):
        return mqtt_client.tls_context(cafile=edge.folder / "ca.crt", cert=files["cert"], key=files["key"])


class EdgeModuleTest(harness.EndToEndTest):
    def edge(self, **options):
        edge = EdgeDevice(self.folder / "edge", **options)
        self.addCleanup(edge.close)
        return edge.start()

    def module(self, edge, **environment):
        module = Module(self.folder / "module",
                        edge.module_environment() | {"SLUICE_CLIENT_CA": str(self.pki / "ca.crt")} | environment)
        self.addCleanup(module.close)
        return module

    def publish(self, module, edge, device="press-01", text='{"temperature":81}'):
        return self.mosquitto_pub(module, device, f"{device}/telemetry", text, cafile=edge.folder / "ca.crt")

    def readings(self, edge, count):
        return wait_until(lambda: len(edge.readings()) >= count and edge.readings(), f"{count} readings at edgeHub")

    def connect(self, module, edge, name="press-01"):
        """A device's connection; it verifies the gateway's certificate, its address included."""
        context = module.context(edge, **self.tls_files(name))
        context.check_hostname = True
        client = mqtt_client.Client(module.port, name, context)
        self.assertEqual(0, client.connack)
        self.addCleanup(client.socket.close)
        return client

    def test_telemetry_arrives_as_the_module(self):
        edge = self.edge()
        self.device("press-01")
        module = self.module(edge).start()
        self.publish(module, edge)
        reading = self.readings(edge, 1)[0]
        self.assertEqual(("press-01", "press-01/telemetry", {"temperature": 81}),
                         (reading["device"], reading["topic"], reading["body"]))
        message = edge.messages()[0]
        self.assertEqual((DEVICE, MODULE), (message["device"], message["module"]))
        self.assertEqual("hub", message["systemProperties"]["outputName"])
        self.assertEqual("application/json", message["systemProperties"]["contentType"])
        # Least privilege: under its own name only.
        self.mosquitto_pub(module, "press-01", "press-02/telemetry", "{}", cafile=edge.folder / "ca.crt")
        wait_until(lambda: module.metric("sluice_messages_dropped_total", reason="forbidden") == 1, "a forbidden publish")
        self.assertEqual(0, module.stop())
        # The key of the server certificate was never in a file; whom to trust is nobody else's to write.
        files = [path for path in (module.folder / "data").rglob("*") if path.is_file()]
        self.assertIn("edge-trust-bundle.pem", [path.name for path in files])
        for path in files:
            self.assertNotIn(b"PRIVATE KEY", path.read_bytes(), path)
            self.assertEqual(0, path.stat().st_mode & 0o077, path)
        self.assertFalse(module.program.logged("SharedAccessSignature"))

    def test_devices_are_those_of_the_client_ca_and_not_of_the_trust_bundle(self):
        edge = self.edge()
        self.device("press-01")
        # The text itself in the environment, as a deployment manifest would say it.
        module = self.module(edge, SLUICE_CLIENT_CA=(self.pki / "ca.crt").read_text()).start()
        self.publish(module, edge)
        self.readings(edge, 1)
        sluice("pki", "device", edge.folder, "intruder")
        files = {"cert": edge.folder / "intruder.crt", "key": edge.folder / "intruder.key"}
        done = self.mosquitto_pub(module, "intruder", "intruder/x", "{}", check=False, cafile=edge.folder / "ca.crt", **files)
        self.assertNotEqual(0, done.returncode)
        self.assertEqual(1, module.metric("sluice_connections_refused_total", reason="unknown_ca"))

    def test_an_edge_hub_of_another_ca_gets_nothing(self):
        edge = self.edge()
        edge.kill()
        foreign = self.folder / "foreign"
        sluice("pki", "init", foreign, "--name", "somebody else's CA")
        sluice("pki", "server", foreign, "127.0.0.1")
        for name in ("server.crt", "server.key"):
            shutil.copy(foreign / name, edge.folder / name)
        edge.start()
        self.device("press-01")
        module = self.module(edge).start()
        self.publish(module, edge)
        module.program.wait_logged("cause=trust")
        self.assertEqual(0, module.metric("sluice_uplink_connected", output="hub"))
        self.assertEqual([], edge.messages())

    def test_the_server_certificate_is_renewed_while_devices_go_on(self):
        edge = self.edge(certificate_seconds=5)
        self.device("press-01", "press-02")
        module = self.module(edge).start()
        client = self.connect(module, edge)
        expiry = module.metric("sluice_listener_certificate_expiry_timestamp_seconds")
        seen = []

        def three_seen():
            with socket.create_connection(("127.0.0.1", module.port)) as raw:
                with module.context(edge, **self.tls_files("press-02")).wrap_socket(raw) as tls:
                    seen.append(tls.getpeercert(binary_form=True))
            return len(set(seen)) >= 3

        wait_until(three_seen, "three certificates one after the other")
        client.publish("press-01/telemetry", b'{"n":1}', 7)  # under the first one, which is over by now
        self.assertEqual((0x40, b"\x00\x07"), client.receive())
        self.assertEqual({"n": 1}, self.readings(edge, 1)[0]["body"])
        self.assertEqual(1, module.metric("sluice_connections"))
        self.assertGreater(module.metric("sluice_listener_certificate_expiry_timestamp_seconds"), expiry)

    def test_waits_for_a_runtime_that_is_away(self):
        edge = self.edge()
        module = self.module(edge)
        edge.kill()
        (edge.folder / "workload.sock").unlink()
        module.launch()
        module.program.wait_logged("server_certificate_trouble")
        edge.start()
        module.await_ready()
        self.device("press-01")
        self.publish(module, edge)
        self.readings(edge, 1)
        self.assertEqual(1, len(module.program.logged("server_certificate_trouble")))

    def test_can_be_stopped_while_it_waits(self):
        edge = self.edge()
        module = self.module(edge)
        edge.kill()
        module.launch()
        module.program.wait_logged("server_certificate_trouble")
        self.assertEqual(0, module.stop())

    def test_a_restarted_edge_hub_gets_what_it_missed(self):
        edge = self.edge()
        self.device("press-01")
        module = self.module(edge).start()
        self.publish(module, edge, text='{"n":0}')
        self.readings(edge, 1)
        for n in range(1, 4):
            edge.kill()
            self.publish(module, edge, text=json.dumps({"n": n}))  # acknowledged: it is on the disk
            edge.start()
            self.readings(edge, n + 1)
        self.assertEqual([0, 1, 2, 3], sorted(r["body"]["n"] for r in edge.readings()))

    def test_says_that_the_runtime_refuses_to_sign(self):
        edge = self.edge()
        module = self.module(edge).start()
        wait_until(lambda: module.metric("sluice_uplink_connected", output="hub") == 1, "a connection to edgeHub")
        edge.control(op="fault", kind="workload", status=403)
        edge.control(op="fault", kind="disconnect")
        self.device("press-01")
        self.publish(module, edge)
        module.program.wait_logged("cause=workload_api")
        self.assertIn("403", module.program.logged("cause=workload_api")[0])
        edge.control(op="fault", kind="none")
        self.readings(edge, 1)

    def test_the_environment_must_be_whole(self):
        edge = self.edge()
        environment = edge.module_environment() | {"IOTEDGE_DEVICEID": "", "IOTEDGE_MODULEID": ""}
        module = Module(self.folder / "module", environment)
        done = run(BIN / "sluice", "run", check=False, env=harness.os.environ | module.env)
        self.assertEqual(1, done.returncode)
        self.assertIn("IOTEDGE_DEVICEID, IOTEDGE_MODULEID;", done.stderr)
        done = run(BIN / "sluice", "run", check=False, env=harness.os.environ | edge.module_environment())
        self.assertEqual(1, done.returncode)
        self.assertIn("SLUICE_CLIENT_CA is not set", done.stderr)
        done = run(BIN / "sluice", "run", check=False)
        self.assertEqual(2, done.returncode)

    def test_a_mounted_file_may_say_all_of_it(self):
        edge = self.edge()
        self.device("press-01")
        config = self.folder / "mounted.yaml"
        config.write_text(f"""
gateway: {{state: {self.folder}/state}}
listeners:
  - address: "127.0.0.1:0"
    tls: {{edge: true, client_ca: {self.pki}/ca.crt}}
devices: {{publish: ["{{device}}/#"]}}
rules: {{list: [{{name: hot, where: $body.temperature > 80, set: {{alert: hot}}}}]}}
outputs: {{accepted: {{type: iothub, edge: true, pack: none}}}}
operate: {{http: "127.0.0.1:0"}}
""")
        module = self.module(edge, SLUICE_CONFIG=str(config)).start()
        self.publish(module, edge, text='{"temperature":20}')
        self.publish(module, edge)
        message = wait_until(edge.messages, "a message")[0]
        self.assertEqual("accepted", message["systemProperties"]["outputName"])
        self.assertEqual("hot", message["properties"]["alert"])
        self.assertEqual({"temperature": 81}, message["payload"])

    def test_its_twin_carries_the_rules_and_methods_are_answered(self):
        edge = self.edge()
        self.device("press-01")
        module = self.module(edge).start()
        name = f"{DEVICE}/{MODULE}"
        rules = "rules:\n  list:\n    - {name: hot, where: $body.temperature > 80, set: {alert: hot}}\n"
        desired = edge.control(op="twin", device=name, desired={"sluice": {"rules": rules}})["properties"]["desired"]

        def in_force():
            reported = edge.control(op="twin", device=name)["properties"]["reported"].get("sluice", {})
            return reported.get("desired", {}).get("inForce") == desired["$version"]
        wait_until(in_force, "rules of the twin")
        self.publish(module, edge, text='{"temperature":20}')
        self.publish(module, edge)
        message = wait_until(edge.messages, "a message")[0]
        self.assertEqual("hot", message["properties"]["alert"])
        self.assertEqual([81], [reading["body"]["temperature"] for reading in edge.readings()])
        answer = edge.control(op="method", device=name, name="ping")
        self.assertEqual(200, answer["status"])
        answer = edge.control(op="method", device=name, name="drain")
        self.assertEqual(403, answer["status"])


if __name__ == "__main__":
    unittest.main()
