"""hostile.jsonl: nothing crashes, and every line is accounted for."""

import json
import unittest

import harness
from harness import DATA, sluice, wait_until

HOSTILE = DATA / "corpus" / "hostile.jsonl"

RULES = """
  default: forward
  list:
    - {name: hot, where: $body.temperature > 80, set: {alert: hot}, into: hub}
    - {name: redacted, from: plant/+/+/telemetry, where: $body.unit = 'C', redact: [unit], into: hub}
"""


class HostileTest(harness.EndToEndTest):
    def test_every_line_is_accounted_for(self):
        hub = self.hub()
        gateway = self.gateway(self.config(hub, rules=RULES))
        lines = [json.loads(text) for text in HOSTILE.read_text().splitlines()]

        verdicts = [json.loads(v) for v in sluice("filter", "-c", gateway.config, HOSTILE).stdout.splitlines()]
        self.assertEqual([v["line"] for v in verdicts], list(range(1, len(lines) + 1)))
        bad_topics = sum(v.get("reason") == "bad topic" for v in verdicts)
        self.assertGreater(bad_topics, 0)

        done = sluice("simulate", "--to", f"127.0.0.1:{gateway.port}", "--pki", self.pki, "--replay", HOSTILE, "--speed", "max",
                      check=False)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        received = gateway.metric("sluice_messages_received_total")
        refused = gateway.metric("sluice_packets_refused_total")
        self.assertEqual(received + refused + bad_topics, len(lines), f"{done.stdout}\n{gateway.get('/metrics')}")

        forwarded = sum(1 for v in verdicts if v["verdict"] == "forward")
        self.assertGreater(forwarded, 100)
        self.assertEqual(gateway.metric("sluice_messages_forwarded_total", output="hub") +
                         gateway.metric("sluice_messages_dropped_total"),
                         received + sum(len(v["messages"]) - 1 for v in verdicts if v["verdict"] == "forward"))
        self.assertIn("ok", gateway.get("/healthz"))
        self.assertEqual(gateway.stop(), 0)


if __name__ == "__main__":
    unittest.main()
