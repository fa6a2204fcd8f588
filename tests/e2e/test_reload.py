"""SIGHUP replaces the configuration while devices go on: every message is judged by one set of rules, none is lost, and
a file that cannot be taken over changes nothing."""

import json
import signal
import subprocess
import threading
import unittest

import harness
import mqtt_client
from harness import sluice, wait_until

RELOADS = 50
WINDOW = 32


class Traffic(threading.Thread):
    """Publishes at QoS 1, WINDOW at a time, until it is told to stop; every publish is acknowledged or it fails."""

    def __init__(self, port, context):
        super().__init__()
        self.client = mqtt_client.Client(port, "dev-1", context)
        self.sent = 0
        self.stopping = threading.Event()
        self.failure = None

    def run(self):
        while not self.stopping.is_set():
            for _ in range(WINDOW):
                self.client.publish("plant/dev-1/t", json.dumps({"n": self.sent}).encode(), self.sent % 60000 + 1)
                self.sent += 1
            if not self.client.read_acknowledgements(self.sent):
                self.failure = f"the link ended at message {self.sent}"
                return

    def stop(self):
        self.stopping.set()
        self.join()
        self.client.close()


class ReloadTest(harness.EndToEndTest):
    def write(self, gateway, config):
        gateway.config.write_text(config)

    def reload(self, gateway, result="applied"):
        before = gateway.metric("sluice_reloads_total", result=result)
        gateway.program.process.send_signal(signal.SIGHUP)
        wait_until(lambda: gateway.metric("sluice_reloads_total", result=result) == before + 1, f"a reload {result}")

    def test_each_message_is_judged_by_one_set_of_rules(self):
        self.device("dev-1")
        hub = self.hub()
        rules = [
            '{list: [{name: both, set: {first: "%s"}}, {name: only %s, where: $body.n >= 0, set: {second: "%s"}}]}'
            % (x, x, x) for x in "ab"
        ]
        configs = [self.config(hub, rules=each, output=", ack: delivered, pack: {max_delay: 20ms}") for each in rules]
        gateway = self.gateway(configs[0])
        traffic = Traffic(gateway.port, mqtt_client.tls_context(self.pki / "ca.crt", self.pki / "dev-1.crt",
                                                                self.pki / "dev-1.key"))
        traffic.start()
        self.addCleanup(traffic.stop)
        matches = 0
        for i in range(RELOADS):
            sent = traffic.sent
            wait_until(lambda: traffic.sent > sent or traffic.failure, "messages between two reloads")
            self.write(gateway, configs[(i + 1) % 2])
            self.reload(gateway)
            now = gateway.metric("sluice_rule_matches_total", rule="both")
            self.assertGreaterEqual(now, matches, "the counter of a rule that stays never falls")
            matches = now
        traffic.stop()
        self.assertIsNone(traffic.failure)

        judged_by = {"a": 0, "b": 0}
        readings = []
        for message in hub.messages():
            first, second = message["properties"]["first"], message["properties"]["second"]
            self.assertEqual(first, second, "half of each")
            judged_by[first] += len(message["payload"])
            readings += [reading["body"]["n"] for reading in message["payload"]]
        self.assertEqual(readings, list(range(traffic.sent)), "none lost, none twice, in order")
        self.assertTrue(all(judged_by.values()), judged_by)
        self.assertEqual(gateway.metric("sluice_rule_matches_total", rule="both"), traffic.sent)
        self.assertEqual(gateway.metric("sluice_rule_programs"), 1, "old programs are gone")
        self.assertEqual(gateway.metric("sluice_config_last_reload_successful"), 1)
        gateway.program.wait_logged('rules_added="1: only b" rules_removed="1: only a"')
        self.assertEqual(gateway.stop(), 0)

    def test_reducers_of_unchanged_rules_go_on(self):
        self.device("dev-1")
        once = "{name: once, dedup: 1h, into: log}"
        config = self.config(rules=f"{{list: [{once}]}}")
        gateway = self.gateway(config)

        def forwarded_after(rules):
            self.write(gateway, config.replace(f"[{once}]", f"[{rules}]"))
            self.reload(gateway)
            self.mosquitto_pub(gateway, "dev-1", "plant/t", "the same")
            return gateway.metric("sluice_messages_forwarded_total", output="log")

        self.assertEqual(forwarded_after(once), 1)
        self.assertEqual(forwarded_after("{name: other, from: other/#, drop: true}, " + once), 1, "it is remembered")
        self.assertEqual(forwarded_after(once.replace("1h", "2h")), 2, "a changed rule begins anew")

    def test_what_cannot_be_taken_over_changes_nothing(self):
        self.device("dev-1")
        good = self.config(rules="{list: [{name: hot, where: $body.t > 80, into: log}]}")
        gateway = self.gateway(good)
        broken = good.replace("$body.t > 80", "$body.t >")
        restart = good.replace("workers: 2", "workers: 3").replace("accepted.jsonl", "other.jsonl")
        no_key = good.replace("server.key", "missing.key")
        cases = [
            (broken, ["sluice.yaml:", "error: rule 'hot'"]),
            ("rules: {default: drop}\n", ["holds rules alone"]),
            (restart, ["gateway.workers, outputs.log.path", "restart"]),
            (no_key, ["missing.key: cannot read the key"]),
        ]
        for i, (config, wanted) in enumerate(cases):
            with self.subTest(wanted=wanted):
                self.write(gateway, config)
                self.reload(gateway, "refused")
                for text in wanted:
                    gateway.program.wait_logged(text)
                self.assertEqual(gateway.metric("sluice_config_last_reload_successful"), 0)
                self.mosquitto_pub(gateway, "dev-1", "plant/t", '{"t":81}')
                self.assertEqual(gateway.metric("sluice_rule_matches_total", rule="hot"), i + 1)
        self.write(gateway, good)
        self.reload(gateway)
        self.assertEqual(gateway.metric("sluice_config_last_reload_successful"), 1)

    def test_templates_and_certificates_are_replaced(self):
        self.device("dev-1")
        config = self.config(publish='["plant/#"]')
        gateway = self.gateway(config)
        self.mosquitto_pub(gateway, "dev-1", "site/t", "1")
        self.assertEqual(gateway.metric("sluice_messages_dropped_total", reason="forbidden"), 1)
        before = self.certificate(gateway)

        sluice("pki", "server", self.pki, "127.0.0.1", "renewed.example")
        self.write(gateway, config.replace('"plant/#"', '"site/#"'))
        self.reload(gateway)
        self.mosquitto_pub(gateway, "dev-1", "site/t", "2")
        self.assertEqual(gateway.metric("sluice_messages_dropped_total", reason="forbidden"), 1)
        self.assertNotEqual(self.certificate(gateway), before)
        self.assertIn("renewed.example", self.certificate(gateway))

    def certificate(self, gateway):
        """What the listener shows, as text."""
        shown = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{gateway.port}"], input="",
                               capture_output=True, text=True, timeout=harness.DEADLINE).stdout
        return subprocess.run(["openssl", "x509", "-noout", "-text"], input=shown, capture_output=True, text=True,
                              check=True).stdout


if __name__ == "__main__":
    unittest.main()
