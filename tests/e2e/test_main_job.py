"""The main job, thinnest first: a device, a rule, a message in the hub; then the whole corpus."""

import base64
import collections
import json
import re
import unittest

import harness
from harness import DATA, run, sluice, wait_until

RULES = """
  default: drop
  list:
    - {name: debug chatter, from: "plant/+/debug/#", drop: true}
    - name: overheating
      from: "plant/{line}/{unit}/telemetry"
      where: $body.temperature > 80 AND $body.unit = 'C'
      set: {alert: overheating, line: $topic.line}
      priority: 1
      into: hub
"""


class MainJobTest(harness.EndToEndTest):
    def test_one_message_goes_all_the_way(self):
        self.device("press-03")
        hub = self.hub()
        gateway = self.gateway(self.config(hub, rules=RULES, publish='["plant/+/{device}/#"]'))
        body = '{"temperature":81.50,"unit":"C"}'
        self.mosquitto_pub(gateway, "press-03", "plant/line2/press-03/telemetry", body)
        self.mosquitto_pub(gateway, "press-03", "plant/line2/press-03/telemetry", '{"temperature":79,"unit":"C"}')
        message, = wait_until(hub.messages, "the message in the hub")
        reading, = message["payload"]
        self.assertEqual(reading["device"], "press-03")
        self.assertEqual(reading["topic"], "plant/line2/press-03/telemetry")
        self.assertEqual(message["properties"], {"alert": "overheating", "line": "line2"})
        self.assertEqual(message["systemProperties"]["contentType"], "application/json")
        self.assertEqual(message["device"], "gw-01")
        self.assertIn(body, (hub.folder / "messages.jsonl").read_text(), "the body came byte for byte")
        self.assertEqual(gateway.metric("sluice_messages_received_total"), 2)
        self.assertEqual(gateway.metric("sluice_messages_dropped_total", reason="default"), 1)
        self.assertEqual(gateway.metric("sluice_rule_matches_total", rule="overheating"), 1)
        self.assertIn("ok", gateway.get("/healthz"))
        self.assertEqual(gateway.stop(), 0)

    def test_file_output_takes_what_the_hub_would(self):
        self.device("press-03")
        gateway = self.gateway(self.config())
        self.mosquitto_pub(gateway, "press-03", "a/b", "plain text")
        line = json.loads((self.folder / "accepted.jsonl").read_text())
        self.assertEqual((line["device"], line["topic"], line["payload"]), ("press-03", "a/b", "plain text"))
        self.assertEqual((self.folder / "accepted.jsonl").stat().st_mode & 0o777, 0o600)


def payload_bytes(line):
    """The bytes that a message line's payload stands for, JSON compared by value (its spelling is checked elsewhere)."""
    if "payloadBase64" in line:
        return base64.b64decode(line["payloadBase64"])
    payload = line["payload"]
    return payload.encode() if isinstance(payload, str) else payload


def reading_key(reading):
    body = reading["body"] if "body" in reading else None
    if reading.get("encoding") == "base64":
        body = base64.b64decode(body)
    elif reading.get("encoding") == "text":
        body = body.encode()
    return reading["topic"], body


def canonical(body):
    if isinstance(body, bytes):
        try:
            parsed = json.loads(body)
            return "json:" + json.dumps(parsed, sort_keys=True)
        except ValueError:
            return b"bytes:" + body
    return "json:" + json.dumps(body, sort_keys=True)


class CorpusTest(harness.EndToEndTest):
    """What arrives is what `sluice filter` predicts, for every device of the corpus."""

    CORPUS = DATA / "corpus" / "plant.jsonl"
    # press-03's lines declare no content type and have one topic: all that mosquitto_pub -l can say.
    MOSQUITTO_LINE = re.compile(r'\{"device":"press-03","topic":"plant/line2/press-03/telemetry","payload":(\{.*\}),"qos"')

    def predicted(self, config):
        """Per device, in order: (topic, body, properties) of each message `filter` forwards."""
        lines = self.CORPUS.read_text().splitlines()
        expected = collections.defaultdict(list)
        for text in sluice("filter", "-c", config, self.CORPUS).stdout.splitlines():
            verdict = json.loads(text)
            source = json.loads(lines[verdict["line"] - 1])
            for message in verdict["messages"]:
                if message["output"] != "hub":
                    continue
                expected[source["device"]].append(
                    (source["topic"], canonical(payload_bytes(message)), json.dumps(message["properties"], sort_keys=True)))
        return expected

    def arrived(self, hub):
        found = collections.defaultdict(list)
        for message in hub.messages():
            for reading in message["payload"]:
                topic, body = reading_key(reading)
                own = reading.get("properties", {})
                properties = json.dumps(own | message["properties"], sort_keys=True)
                found[reading["device"]].append((topic, canonical(body), properties))
        return found

    def test_replay_over_mutual_tls_equals_filter(self):
        hub = self.hub()
        rules = (harness.SOURCE / "tests" / "e2e" / "plant_rules.yaml").read_text()
        config = self.config(hub, rules="\n" + rules)
        gateway = self.gateway(config)
        expected = self.predicted(gateway.config)
        total = sum(len(messages) for messages in expected.values())
        self.assertGreater(total, 1000, "the rules let something through")

        # One device's part by mosquitto_pub, a line a message; all others' by simulate.
        others = self.folder / "others.jsonl"
        by_mosquitto = []
        with others.open("w") as file:
            for line in self.CORPUS.read_text().splitlines(keepends=True):
                own = self.MOSQUITTO_LINE.match(line)
                by_mosquitto.append(own[1]) if own else file.write(line)
        self.assertGreater(len(by_mosquitto), 500)
        self.device("press-03")
        self.mosquitto_pub_lines(gateway, "press-03", "plant/line2/press-03/telemetry", by_mosquitto)
        replay = sluice("simulate", "--to", f"127.0.0.1:{gateway.port}", "--pki", self.pki, "--replay", others, "--speed",
                        "max")
        self.assertIn("acknowledged", replay.stdout)
        wait_until(lambda: sum(len(m["payload"]) for m in hub.messages()) >= total, f"{total} readings in the hub")
        self.assertEqual(gateway.metric("sluice_messages_received_total"), len(self.CORPUS.read_text().splitlines()))
        self.assertEqual(gateway.stop(), 0)

        arrived = self.arrived(hub)
        self.assertEqual(sorted(arrived), sorted(expected))
        for device, messages in expected.items():
            # Between streams (priority, hub-side properties) there is no order; within one there is.
            streams, wanted = collections.defaultdict(list), collections.defaultdict(list)
            for message in arrived[device]:
                streams[message[2]].append(message)
            for message in messages:
                wanted[message[2]].append(message)
            self.assertEqual(streams, wanted, device)


if __name__ == "__main__":
    unittest.main()
