"""ack: delivered. The hub is killed mid-stream, again and again: nothing acknowledged is lost, and nothing that did not
arrive is acknowledged."""

import json
import random
import threading
import unittest

import harness
import mqtt_client
from harness import wait_until

CYCLES = 20


class Publisher(threading.Thread):
    """A device with a window of QoS 1 publishes; numbers acknowledged stand in `acknowledged`."""

    WINDOW = 32

    def __init__(self, port, name, context):
        super().__init__(daemon=True)
        self.name_ = name
        self.client = mqtt_client.Client(port, name, context, timeout=120)
        self.acknowledged = set()
        self.sent = 0
        self.quit = threading.Event()
        self.failure = None

    def run(self):
        in_flight = {}
        while not self.quit.is_set() or in_flight:
            while len(in_flight) < self.WINDOW and not self.quit.is_set():
                self.sent += 1
                packet_id = self.sent % 60000 + 1
                in_flight[packet_id] = self.sent
                self.client.publish(f"t/{self.name_}", json.dumps({"n": self.sent}).encode(), packet_id)
            packet = self.client.receive()
            if packet is None:
                self.failure = "the gateway closed the connection"
                return
            if packet[0] >> 4 == 4:
                self.acknowledged.add(in_flight.pop(packet[1][0] << 8 | packet[1][1]))


class HubRestartTest(harness.EndToEndTest):
    def test_nothing_acknowledged_is_lost_over_20_kills(self):
        names = [f"dev-{i}" for i in range(4)]
        self.device(*names)
        hub = self.hub()
        gateway = self.gateway(self.config(hub, output=", ack: delivered, reconnect_max: 200ms, pack: {max_delay: 20ms}"))
        publishers = [Publisher(gateway.port, n, mqtt_client.tls_context(**self.tls_files(n))) for n in names]
        for publisher in publishers:
            publisher.start()
        chance = random.Random(20)
        acknowledged = lambda: sum(len(p.acknowledged) for p in publishers)

        for cycle in range(CYCLES):
            # A different amount each time, so that the kill falls on packs half sent, half acknowledged, half written.
            target = acknowledged() + chance.randrange(50, 1500)
            wait_until(lambda: acknowledged() >= target or any(p.failure for p in publishers), f"traffic in cycle {cycle}", 120)
            hub.kill()
            arrived = {(r["device"], r["body"]["n"]) for r in hub.readings()}
            for publisher in publishers:
                self.assertIsNone(publisher.failure)
                missing = {n for n in list(publisher.acknowledged) if (publisher.name_, n) not in arrived}
                self.assertFalse(missing, f"cycle {cycle}: {publisher.name_}: acknowledged, not in the hub")
            hub.start()

        for publisher in publishers:
            publisher.quit.set()
        for publisher in publishers:
            publisher.join(120)
            self.assertFalse(publisher.is_alive(), "an acknowledgement is still missing")
            self.assertIsNone(publisher.failure)
            self.assertEqual(len(publisher.acknowledged), publisher.sent)
        first = {}
        for reading in hub.readings():
            key = (reading["device"], reading["body"]["n"])
            # At least once: what comes again carries the id it had.
            self.assertEqual(first.setdefault(key, reading["id"]), reading["id"])
        for publisher in publishers:
            publisher.client.close()
        self.assertEqual(len(first), sum(p.sent for p in publishers))
        self.assertEqual(gateway.stop(), 0)


if __name__ == "__main__":
    unittest.main()
