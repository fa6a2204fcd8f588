"""hostile.jsonl over the wire: nothing crashes, and every line is accounted for."""

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
        total = len(HOSTILE.read_text().splitlines())

        verdicts = [json.loads(v) for v in sluice("filter", "-c", gateway.config, HOSTILE).stdout.splitlines()]
        self.assertEqual([v["line"] for v in verdicts], list(range(1, total + 1)))
        bad_topics = sum(v.get("reason") == "bad topic" for v in verdicts)
        self.assertGreater(bad_topics, 0)

        # simulate sends what MQTT lets it send; what the server refuses, it is told.
        done = sluice("simulate", "--to", f"127.0.0.1:{gateway.port}", "--pki", self.pki, "--replay", HOSTILE,
                      "--speed", "max")
        self.assertEqual(done.stderr.count("MQTT forbids to publish to its topic"), bad_topics, done.stderr)

        # Each line that could be sent was received once; each received one has an end.
        received = gateway.metric("sluice_messages_received_total")
        self.assertEqual(received + bad_topics, total, f"{done.stdout}{done.stderr}")
        self.assertEqual(gateway.metric("sluice_connections_closed_total"), 1, "the goodbye alone")
        dropped = {reason: gateway.metric("sluice_messages_dropped_total", reason=reason)
                   for reason in ("forbidden", "topic_limit", "bad_payload_format", "rule", "default", "no_room")}
        self.assertEqual(dropped["topic_limit"], 2, dropped)
        self.assertEqual(dropped["forbidden"], 1, "$SYS is the gateway's own")
        self.assertEqual(len(gateway.program.logged("publish_forbidden")), 1, "said once")
        self.assertGreater(dropped["bad_payload_format"], 0)
        taken = received - sum(dropped.values())
        in_two_shapes = gateway.metric("sluice_messages_forwarded_total", output="hub") - taken
        self.assertGreater(in_two_shapes, 0)

        # Each of those is a reading in the hub, or one that the hub would never take.
        def ended():
            return len(hub.readings()) + gateway.metric("sluice_uplink_refused_total")

        wait_until(lambda: ended() >= taken + in_two_shapes, "all in the hub, or refused by it")
        self.assertEqual(ended(), taken + in_two_shapes)
        self.assertNotIn("press-03", {r["device"] for r in hub.readings()}, "nobody forged an origin")
        self.assertIn("ok", gateway.get("/healthz"))
        self.assertEqual(gateway.stop(), 0)


if __name__ == "__main__":
    unittest.main()
