"""The gateway's own twin and methods, driven as a back end does it: rules change under traffic and nothing is lost, what
is wrong comes back with its place, methods are answered, and all of it outlives hubs and restarts."""

import json
import socket
import unittest

import harness
import mqtt_client
from harness import wait_until
from test_reload import Traffic

ALL = "[ping, stats, explain, reload, kick, drain]"
SECTIONS = "[rules, devices, limits, log_level]"


def control(hub, **command):
    """What a back end would ask the hub."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(harness.DEADLINE)
        client.connect(str(hub.folder / "control.sock"))
        client.sendall(json.dumps(command).encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n"):
            part = client.recv(65536)
            if not part:
                raise AssertionError(f"control.sock closed after {answer!r}")
            answer += part
    return json.loads(answer)


class CloudTest(harness.EndToEndTest):
    def start(self, cloud=f"methods: {ALL}, desired: {SECTIONS}", rules=None, output=", ack: delivered, pack: {max_delay: 20ms}"):
        self.device("dev-1")
        self.hub_ = self.hub()
        self.text = self.config(self.hub_, rules=rules, output=output, extra=f"cloud: {{output: hub, {cloud}}}")
        self.gateway_ = self.gateway(self.text)
        return self.gateway_

    def method(self, name, payload=None, **more):
        command = {"op": "method", "device": "gw-01", "name": name, "timeoutSeconds": 30} | more
        if payload is not None:
            command["payload"] = payload
        return control(self.hub_, **command)

    def call(self, name, payload=None):
        """A method's answer; while the gateway is not there yet, it is called again."""
        def answered():
            answer = self.method(name, payload)
            return answer if "status" in answer else None
        answer = wait_until(answered, f"an answer to {name}")
        return answer["status"], answer.get("payload")

    def twin(self):
        return control(self.hub_, op="twin", device="gw-01")["properties"]

    def desire(self, section, **more):
        """Changes what is desired; its version."""
        answer = control(self.hub_, op="twin", device="gw-01", desired={"sluice": section}, **more)
        self.assertTrue(answer["ok"], answer)
        return answer["properties"]["desired"]["$version"]

    def reported(self, version, status):
        """What the gateway reports once it has judged that version."""
        def judged():
            desired = self.twin()["reported"].get("sluice", {}).get("desired", {})
            return desired if desired.get("version") == version and desired.get("status") == status else None
        return wait_until(judged, f"version {version} {status}: {self.twin()['reported']}")

    def traffic(self):
        traffic = Traffic(self.gateway_.port, mqtt_client.tls_context(
            self.pki / "ca.crt", self.pki / "dev-1.crt", self.pki / "dev-1.key"))
        traffic.start()
        self.addCleanup(traffic.stop)
        return traffic

    def test_rules_of_the_twin_take_effect_under_traffic_and_nothing_is_lost(self):
        rules = '{list: [{name: both, set: {first: "%s"}}, {name: second, where: $body.n >= 0, set: {second: "%s"}}]}'
        gateway = self.start(rules=rules % ("file", "file"))
        traffic = self.traffic()
        names = ["file"]
        for i in range(8):
            sent = traffic.sent
            wait_until(lambda: traffic.sent > sent or traffic.failure, "messages between two changes")
            names.append(f"twin-{i}")
            if i % 2:
                section = "rules: " + rules % (names[-1], names[-1])
            else:
                section = {"list": [{"name": "both", "set": {"first": names[-1]}},
                                    {"name": "second", "where": "$body.n >= 0", "set": {"second": names[-1]}}]}
            reported = self.reported(self.desire({"rules": section}), "applied")
            self.assertEqual(reported["sections"], ["rules"])
        traffic.stop()
        self.assertIsNone(traffic.failure)
        judged_by, readings = {}, []
        for message in self.hub_.messages():
            first, second = message["properties"]["first"], message["properties"]["second"]
            self.assertEqual(first, second, "half of each")
            judged_by[first] = judged_by.get(first, 0) + 1
            readings += [reading["body"]["n"] for reading in message["payload"]]
        self.assertEqual(readings, list(range(traffic.sent)), "none lost, none twice, in order")
        self.assertEqual(set(judged_by), set(names), "every version had its time")
        self.assertEqual(gateway.metric("sluice_desired_total", result="applied"), 8)
        self.assertEqual(gateway.metric("sluice_rule_programs"), 1, "old programs are gone")
        self.assertEqual(gateway.stop(), 0)

    def test_what_is_wrong_changes_nothing_and_comes_back_with_its_place(self):
        gateway = self.start(rules="{list: [{name: file}]}")
        good = self.desire({"rules": "rules: {list: [{name: twin}]}"})
        self.reported(good, "applied")
        text = ["rules:\n  list:\n", "    - name: hot\n", "      where: $body.t >\n"]
        cases = [
            ({"rules": text}, ("rules", 4, "rule 'hot'", "")),
            ({"rules": "list: [{name: a, wher: x}]"}, ("rules", 1, "rules.list[0]", "did you mean 'where'")),
            ({"rules": {"list": [{"name": "a", "into": "nowhere"}]}}, ("rules", 4, "rule 'a'", "nowhere")),
            ({"rules": "list: ["}, ("rules", 1, "", "")),
            ({"limits": {"receive_maximum": 5}}, ("", None, "", "cannot change while the gateway runs")),
            ({"limits": {"connections": 0}}, ("limits", 2, "limits.connections", "")),
            ({"devices": {"publish": ["a/{devise}"]}}, ("devices", 3, "devices.publish", "{devise}")),
            ({"devices": {"identity": "cn"}}, ("devices", 2, "devices", "identity")),
            ({"log_level": "loud"}, ("log_level", 1, "log_level", "loud")),
            ({"outputs": {}}, ("outputs", None, "", "is none of rules")),
        ]
        for section, (name, line, key, message) in cases:
            whole = {"rules": None, "limits": None, "devices": None, "log_level": None, "outputs": None} | section
            reported = self.reported(self.desire(whole), "refused")
            error = reported["errors"][0]
            self.assertEqual(error.get("section", ""), name, error)
            self.assertEqual(error.get("line"), line, error)
            self.assertIn(key, error.get("key", ""), error)
            self.assertIn(message, error["message"])
            self.assertEqual(reported["inForce"], good)
        self.mosquitto_pub(gateway, "dev-1", "plant/t", "x")
        self.assertEqual(gateway.metric("sluice_rule_matches_total", rule="twin"), 1)
        self.assertEqual(gateway.metric("sluice_desired_total", result="refused"), len(cases))

    def test_every_section_is_taken_over_and_given_back(self):
        gateway = self.start(rules="{list: [{name: file}]}", output="")
        version = self.desire({"devices": {"publish": ["other/{device}/#"]}, "log_level": "debug",
                               "limits": {"connections": 1}})
        self.assertEqual(self.reported(version, "applied")["sections"], ["devices", "limits", "log_level"])
        self.mosquitto_pub(gateway, "dev-1", "plant/t", "x")
        self.assertEqual(gateway.metric("sluice_messages_dropped_total", reason="forbidden"), 1)
        self.mosquitto_pub(gateway, "dev-1", "other/dev-1/t", "x")
        self.assertEqual(gateway.metric("sluice_rule_matches_total", rule="file"), 1)
        self.desire({"devices": None, "log_level": None, "limits": None})
        # An empty object is a wish too; nothing at all is none.
        control(self.hub_, op="twin", device="gw-01", desired={"sluice": None})
        wait_until(lambda: gateway.metric("sluice_desired_version") == 0, "the file alone")
        self.mosquitto_pub(gateway, "dev-1", "plant/t", "x")
        self.assertEqual(gateway.metric("sluice_rule_matches_total", rule="file"), 2)

    def test_what_is_desired_outlives_restarts_without_a_hub_and_reloads(self):
        gateway = self.start(rules="{list: [{name: file}]}", output="")
        version = self.desire({"rules": "list: [{name: twin}]"})
        self.reported(version, "applied")
        kept = self.folder / "state" / "desired.json"
        self.assertEqual(kept.stat().st_mode & 0o777, 0o600)
        self.hub_.kill()
        self.assertEqual(gateway.stop(), 0)
        gateway.close()
        gateway.start()
        self.mosquitto_pub(gateway, "dev-1", "plant/t", "x")
        self.assertEqual(gateway.metric("sluice_rule_matches_total", rule="twin"), 1)
        self.assertEqual(gateway.metric("sluice_desired_version"), version)

        # A reload of the file keeps what is desired; a file it does not fit is refused.
        gateway.config.write_text(self.text.replace('publish: ["#"]', 'publish: ["plant/#"]'))
        gateway.program.process.send_signal(1)
        wait_until(lambda: gateway.metric("sluice_reloads_total", result="applied") == 1, "the reload")
        self.mosquitto_pub(gateway, "dev-1", "plant/t", "x")
        self.assertEqual(gateway.metric("sluice_rule_matches_total", rule="twin"), 2)
        gateway.config.write_text(self.text.replace(f"desired: {SECTIONS}", "desired: []"))
        gateway.program.process.send_signal(1)
        wait_until(lambda: gateway.metric("sluice_reloads_total", result="refused") == 1, "the refusal")
        gateway.program.wait_logged("what the twin desires does not fit this file")

    def test_what_was_desired_while_nobody_was_there_is_read_on_the_way_back(self):
        gateway = self.start(rules="{list: [{name: file}]}", output="")
        self.reported(self.desire({"rules": "list: [{name: one}]"}), "applied")
        control(self.hub_, op="fault", kind="disconnect", refuseMs=300)
        version = self.desire({"rules": "list: [{name: two}]"})
        self.reported(version, "applied")
        self.mosquitto_pub(gateway, "dev-1", "plant/t", "x")
        self.assertEqual(gateway.metric("sluice_rule_matches_total", rule="two"), 1)
        self.assertEqual(self.call("ping")[0], 200)

    def test_without_a_word_of_the_operator_the_twin_changes_nothing(self):
        gateway = self.start(cloud="methods: [ping]", rules="{list: [{name: file}]}")
        version = self.desire({"rules": "list: [{name: twin}]"})
        reported = self.reported(version, "refused")
        self.assertIn("cloud.desired", reported["errors"][0]["message"])
        self.assertEqual(gateway.metric("sluice_desired_version"), 0)
        status, answer = self.call("drain")
        self.assertEqual(status, 403)
        self.assertIn("cloud.methods", answer["error"])
        self.assertEqual(self.call("reboot")[0], 404)

    def test_methods(self):
        gateway = self.start(rules="{list: [{name: hot, where: $body.t > 80}]}")
        status, answer = self.call("ping")
        self.assertEqual(status, 200)
        self.assertIn("version", answer)

        self.mosquitto_pub(gateway, "dev-1", "plant/t", '{"t": 90}')
        status, answer = self.call("stats")
        self.assertEqual(status, 200)
        self.assertEqual(answer["messages_received_total"], 1)
        self.assertEqual(answer["messages_forwarded_total"], {"hub": 1})
        self.assertNotIn("rule_matches_total", answer)
        self.assertEqual(self.call("stats", {"rules": True})[1]["rule_matches_total"], {"hot": 1})

        line = {"device": "dev-1", "topic": "plant/t", "payload": {"t": 70}}
        status, answer = self.call("explain", line)
        self.assertEqual(status, 200)
        (self.folder / "line.json").write_text(json.dumps(line))
        local = harness.sluice("explain", "-c", gateway.config, "--message", self.folder / "line.json", "--json")
        self.assertEqual(answer, json.loads(local.stdout))
        self.assertEqual(self.call("explain", line | {"rule": "hot"})[0], 200)
        self.assertEqual(self.call("explain", line | {"rule": "cold"})[0], 404)
        self.assertEqual(self.call("explain", {"topic": "a"})[0], 400)
        self.assertEqual(self.call("explain")[0], 400)

        gateway.config.write_text(self.text.replace("> 80", "> 60"))
        self.assertEqual(self.call("reload"), (200, {"applied": True}))
        gateway.config.write_text(self.text.replace("> 80", "> "))
        status, answer = self.call("reload")
        self.assertEqual(status, 409)
        self.assertIn("sluice.yaml:", answer["problems"][0])
        self.mosquitto_pub(gateway, "dev-1", "plant/t", '{"t": 70}')
        self.assertEqual(gateway.metric("sluice_rule_matches_total", rule="hot"), 2)

        device = mqtt_client.Client(gateway.port, "dev-1", mqtt_client.tls_context(
            self.pki / "ca.crt", self.pki / "dev-1.crt", self.pki / "dev-1.key"))
        self.assertEqual(self.call("kick", {"device": "dev-2"}), (404, {"closed": 0}))
        self.assertEqual(self.call("kick", {"device": "dev-1"}), (200, {"closed": 1}))
        self.assertEqual(device.socket.recv(1), b"")
        device.close()
        self.assertEqual(gateway.metric("sluice_connections_closed_total", reason="kicked"), 1)
        self.assertEqual(self.call("kick", {"dev": 1})[0], 400)

        self.assertEqual(self.call("drain"), (202, {"draining": True}))
        self.assertEqual(gateway.program.process.wait(harness.DEADLINE), 0)
        gateway.program.wait_logged("the method drain")

    def test_what_is_reported_tells_gateways_apart_by_their_rules(self):
        gateway = self.start(cloud=f"desired: {SECTIONS}", rules="{list: [{name: a, where: $body.t > 80}]}")
        first = wait_until(lambda: self.twin()["reported"].get("sluice"), "a report")
        self.assertEqual(first["rules"]["count"], 1)
        self.assertNotIn(harness.HUB_KEY, json.dumps(self.twin()))
        version = self.desire({"rules": "list:\n  - name: a\n    where: $body.t > 80\n"})
        self.reported(version, "applied")
        self.assertEqual(self.twin()["reported"]["sluice"]["rules"]["hash"], first["rules"]["hash"])
        version = self.desire({"rules": "list:\n  - name: a\n    where: $body.t > 81\n"})
        self.reported(version, "applied")
        self.assertNotEqual(self.twin()["reported"]["sluice"]["rules"]["hash"], first["rules"]["hash"])
        self.assertEqual(gateway.stop(), 0)


if __name__ == "__main__":
    unittest.main()
