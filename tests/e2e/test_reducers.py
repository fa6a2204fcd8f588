"""Reducers in the running gateway: what is held is acknowledged at once, windows close by time, states outlive a reload."""

import json
import signal
import unittest

import harness
from harness import wait_until

RULES = """
  list:
    - {name: change, from: plant/+, on_change: {of: $body.t, by: 1}, into: log}
    - name: trend
      from: trend/+
      window: {every: 1s, select: {n: COUNT(), sum: SUM($body.t)}}
      set: {kind: trend}
      into: log
"""


class ReducersTest(harness.EndToEndTest):
    def accepted(self):
        path = self.folder / "accepted.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def test_what_is_held_is_acknowledged_and_windows_close_by_themselves(self):
        self.device("dev-1")
        gateway = self.gateway(self.config(rules=RULES))
        self.mosquitto_pub_lines(gateway, "dev-1", "plant/dev-1", [f'{{"t":{t}}}' for t in (20, 20.5, 21, 21.5, 19)])
        self.assertEqual([line["payload"]["t"] for line in self.accepted()], [20, 21, 19])
        self.assertEqual(gateway.metric("sluice_messages_dropped_total", reason="on_change"), 2)
        self.assertEqual(gateway.metric("sluice_rule_matches_total", rule="change"), 5)
        self.assertEqual(gateway.metric("sluice_rule_sent_total", rule="change"), 3)
        self.assertEqual(gateway.metric("sluice_reducer_states"), 1)

        self.mosquitto_pub_lines(gateway, "dev-1", "trend/dev-1", ['{"t":1}', '{"t":2}', '{"t":4}'])
        windows = lambda: [line for line in self.accepted() if line["topic"] == "trend/dev-1"]
        # No further message: the worker's timer closes what is open. The three may lie on both sides of a second.
        wait_until(lambda: sum(line["payload"]["n"] for line in windows()) == 3, "windows over all three messages")
        self.assertEqual(sum(line["payload"]["sum"] for line in windows()), 7)
        for line in windows():
            self.assertEqual((line["device"], line["properties"]), ("dev-1", {"kind": "trend"}))
            self.assertEqual(sorted(line["payload"]), ["from", "n", "sum", "to"])
            self.assertLess(line["payload"]["from"], line["payload"]["to"])
        self.assertEqual(gateway.metric("sluice_messages_dropped_total", reason="window"), 3)
        self.assertEqual(gateway.metric("sluice_windows_total"), len(windows()))
        self.assertEqual(gateway.stop(), 0)

    def test_a_reload_keeps_what_unchanged_rules_know(self):
        self.device("dev-1")
        gateway = self.gateway(self.config(rules=RULES.replace("every: 1s", "every: 1h")))
        self.mosquitto_pub(gateway, "dev-1", "plant/dev-1", '{"t":20}')
        self.mosquitto_pub(gateway, "dev-1", "trend/dev-1", '{"t":1}')
        text = gateway.config.read_text()
        gateway.config.write_text(text.replace("every: 1h", "every: 2h"))
        gateway.program.process.send_signal(signal.SIGHUP)
        wait_until(lambda: gateway.metric("sluice_reloads_total", result="applied") == 1, "the reload")
        # The window of the rule that changed is over.
        wait_until(lambda: len(self.accepted()) == 2, "its message")
        self.assertEqual(self.accepted()[1]["payload"]["n"], 1)
        self.mosquitto_pub(gateway, "dev-1", "plant/dev-1", '{"t":20.5}')
        self.assertEqual(len(self.accepted()), 2, "20.5 is still too near to 20")
        self.assertEqual(gateway.metric("sluice_messages_dropped_total", reason="on_change"), 1)
        self.assertEqual(gateway.stop(), 0)

    def test_a_clean_restart_keeps_what_reducers_know_whatever_the_number_of_workers(self):
        names = [f"dev-{i}" for i in range(6)]
        self.device(*names)
        config = self.config(rules=RULES.replace("every: 1s", "every: 1h"))
        gateway = self.gateway(config)
        for name in names:
            self.mosquitto_pub(gateway, name, f"plant/{name}", '{"t":20}')
            self.mosquitto_pub(gateway, name, f"trend/{name}", '{"t":1}')
        self.assertEqual(gateway.stop(), 0)
        self.assertEqual(len(self.accepted()), 6, "open windows are kept, not sent")
        saved = self.folder / "state" / "reducers.state"
        self.assertEqual(saved.stat().st_mode & 0o777, 0o600)

        gateway = self.gateway(config.replace("workers: 2", "workers: 3"))
        gateway.program.wait_logged("reducers_resumed")
        self.assertFalse(saved.exists(), "after a crash it would be out of date")
        for name in names:
            self.mosquitto_pub(gateway, name, f"plant/{name}", '{"t":20.5}')
        self.assertEqual(gateway.metric("sluice_messages_dropped_total", reason="on_change"), 6)
        self.assertEqual(gateway.metric("sluice_reducer_states"), 12)

        # Where nothing can be saved, what is open is sent.
        self.assertEqual(gateway.stop(), 0)
        gateway = self.gateway(config)
        (self.folder / "state" / "reducers.state.new").mkdir()
        self.assertEqual(gateway.stop(), 0)
        self.assertTrue(gateway.program.logged("reducers_not_saved"))
        windows = [line["payload"]["n"] for line in self.accepted() if line["topic"].startswith("trend/")]
        self.assertEqual(windows, [1] * 6)

    def test_a_damaged_file_is_said_and_not_used(self):
        (self.folder / "state").mkdir(mode=0o700)
        (self.folder / "state" / "reducers.state").write_bytes(b"sluice reducers\n and no more")
        gateway = self.gateway(self.config(rules=RULES))
        gateway.program.wait_logged("reducers_reset")
        self.assertEqual(gateway.stop(), 0)


if __name__ == "__main__":
    unittest.main()
