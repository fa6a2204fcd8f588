"""ack: stored. The gateway and the hub are killed mid-stream, again and again: nothing acknowledged is lost, first
arrivals of every stream come in order, and what comes again carries the id that it had."""

import json
import random
import ssl
import threading
import time
import unittest

import harness
import mqtt_client
from harness import wait_until

CYCLES = 12


class Device(threading.Thread):
    """Publishes numbers at QoS 1, connects again when the gateway is gone, and sends again what was not acknowledged, in
    the old order, as MQTT wants it."""

    WINDOW = 32

    def __init__(self, gateway, name, context, padding=""):
        super().__init__(daemon=True)
        self.padding = padding
        self.gateway = gateway
        self.name_ = name
        self.context = context
        self.acknowledged = set()
        self.pending = []
        self.sent = 0
        self.quit = threading.Event()
        self.failure = None

    def run(self):
        try:
            while not (self.quit.is_set() and not self.pending):
                try:
                    self.session()
                except (OSError, ssl.SSLError, AssertionError):
                    time.sleep(0.01)  # the gateway is away: a device's own pause
        except Exception as error:  # pylint: disable=broad-except
            self.failure = repr(error)

    def session(self):
        client = mqtt_client.Client(self.gateway.port, self.name_, self.context, timeout=60)
        try:
            in_flight = {}

            def publish(number):
                packet_id = number % 60000 + 1
                in_flight[packet_id] = number
                client.publish(f"t/{self.name_}", json.dumps({"n": number, "x": self.padding}).encode(), packet_id)

            for number in list(self.pending):
                publish(number)
            while not (self.quit.is_set() and not self.pending):
                while len(in_flight) < self.WINDOW and not self.quit.is_set():
                    self.sent += 1
                    self.pending.append(self.sent)
                    publish(self.sent)
                packet = client.receive()
                if packet is None:
                    return
                if packet[0] >> 4 == 4:
                    number = in_flight.pop(packet[1][0] << 8 | packet[1][1])
                    self.pending.remove(number)
                    self.acknowledged.add(number)
        finally:
            client.close()


class SpoolTest(harness.EndToEndTest):
    def devices(self, gateway, count, padding=""):
        names = [f"dev-{i}" for i in range(count)]
        self.device(*names)
        devices = [Device(gateway, n, mqtt_client.tls_context(**self.tls_files(n)), padding) for n in names]
        for device in devices:
            device.start()
        return devices

    def finish(self, devices):
        for device in devices:
            device.quit.set()
        for device in devices:
            device.join(120)
            self.assertFalse(device.is_alive(), "an acknowledgement is still missing")
            self.assertIsNone(device.failure)

    def assert_ledger(self, hub, devices):
        """Every number acknowledged is in the hub; a record that came twice has one id; first arrivals are in order."""
        ids = {}
        first = {}
        for reading in hub.readings():
            key = (reading["device"], reading["body"]["n"])
            epoch = reading["id"].split("-")[0]
            if reading["id"] in ids:
                self.assertEqual(ids[reading["id"]], key, "an id names two messages")
                continue
            ids[reading["id"]] = key
            # A device's resend to the next process is a new message: a stream is one process's.
            first.setdefault((key[0], epoch), []).append(key[1])
        arrived = set(ids.values())
        for device in devices:
            missing = sorted(n for n in device.acknowledged if (device.name_, n) not in arrived)
            self.assertEqual(missing[:10], [], f"{device.name_}: {len(missing)} acknowledged and lost")
        for stream, numbers in first.items():
            late = [n for before, n in zip(numbers, numbers[1:]) if n < before]
            self.assertEqual(late[:10], [], f"{stream}: first arrivals out of order")

    def spooled(self, hub, output="", extra=""):
        return self.config(hub, extra=extra,
                           output=f", ack: stored, reconnect_max: 200ms, pack: {{max_delay: 20ms}}{output}")

    def test_nothing_acknowledged_is_lost_over_kills_of_gateway_and_hub(self):
        hub = self.hub()
        gateway = self.gateway(self.spooled(hub))
        # Devices find the gateway again where it was.
        gateway.config.write_text(gateway.config.read_text().replace('"127.0.0.1:0"', f'"127.0.0.1:{gateway.port}"', 1))
        devices = self.devices(gateway, 4)
        chance = random.Random(4)
        acknowledged = lambda: sum(len(d.acknowledged) for d in devices)
        hub_is_up = True
        for cycle in range(CYCLES):
            target = acknowledged() + chance.randrange(100, 2000)
            wait_until(lambda: acknowledged() >= target or any(d.failure for d in devices), f"traffic in cycle {cycle}")
            gateway.program.kill()
            gateway.program.close()
            # Every other outage of the hub's covers a whole life of the gateway.
            if chance.random() < 0.6:
                if hub_is_up:
                    hub.kill()
                else:
                    hub.start()
                hub_is_up = not hub_is_up
            gateway.start()
        if not hub_is_up:
            hub.start()
        self.finish(devices)
        wait_until(lambda: gateway.metric("sluice_spool_messages", output="hub") == 0, "the spool to drain")
        self.assert_ledger(hub, devices)
        self.assertEqual(gateway.stop(), 0)

    def test_acknowledges_while_the_hub_is_away_and_delivers_after_a_restart(self):
        hub = self.hub()
        hub.kill()
        gateway = self.gateway(self.spooled(hub))
        self.device("dev-1")
        self.mosquitto_pub_lines(gateway, "dev-1", "t/dev-1", [json.dumps({"n": n}) for n in range(1, 201)])
        self.assertEqual(gateway.metric("sluice_spool_messages", output="hub"), 200)
        self.assertGreater(gateway.metric("sluice_spool_bytes", output="hub"), 0)
        begin = time.monotonic()
        self.assertEqual(gateway.stop(), 0)
        gateway.program.close()
        self.assertLess(time.monotonic() - begin, 5, "what is on the disk needs no waiting for the hub")
        hub.start()
        gateway.start()
        wait_until(lambda: len(hub.readings()) >= 200, "the backlog")
        self.assertEqual([r["body"]["n"] for r in hub.readings()], list(range(1, 201)))
        wait_until(lambda: gateway.metric("sluice_spool_messages", output="hub") == 0, "the spool to empty")
        self.assertEqual(gateway.metric("sluice_spool_bytes", output="hub"), 0)

    def test_a_full_spool_holds_devices_back_until_there_is_room(self):
        hub = self.hub()
        hub.kill()
        gateway = self.gateway(self.spooled(hub, extra="spool: {max_bytes: 1MiB}"))
        devices = self.devices(gateway, 2, padding="x" * 1000)
        wait_until(lambda: gateway.metric("sluice_pauses_total") >= 2, "both devices to be held back")
        # Connected all the same, and the disk bounded.
        self.assertEqual(gateway.metric("sluice_connections"), 2)
        self.assertLessEqual(gateway.metric("sluice_spool_bytes"), 1 << 20)
        held = sum(len(d.acknowledged) for d in devices)
        hub.start()
        wait_until(lambda: sum(len(d.acknowledged) for d in devices) > held + 500, "devices to go on")
        self.finish(devices)
        wait_until(lambda: gateway.metric("sluice_spool_messages", output="hub") == 0, "the spool to drain")
        self.assert_ledger(hub, devices)

    def test_what_a_full_spool_drops_is_counted(self):
        for policy, reason in (("drop_oldest", "sluice_spool_dropped_total"), ("drop_newest", "sluice_messages_dropped_total")):
            with self.subTest(policy):
                hub = self.hub()
                hub.kill()
                gateway = self.gateway(self.spooled(hub, extra=f"spool: {{max_bytes: 1MiB, overflow: {policy}}}"))
                name = policy.replace("_", "-")
                self.device(name)
                self.mosquitto_pub_lines(gateway, name, f"t/{name}", [json.dumps({"n": n, "x": "x" * 1000}) for n in range(2000)])
                dropped = gateway.metric(reason, reason="overflow")
                self.assertGreater(dropped, 500)
                self.assertEqual(gateway.metric("sluice_spool_messages", output="hub"), 2000 - dropped)
                hub.start()
                wait_until(lambda: gateway.metric("sluice_spool_messages", output="hub") == 0, "the spool to drain")
                numbers = sorted(r["body"]["n"] for r in hub.readings() if r["device"] == name)
                kept = range(int(dropped), 2000) if policy == "drop_oldest" else range(2000 - int(dropped))
                self.assertEqual(numbers[0], kept[0])
                self.assertGreaterEqual(len(numbers), len(kept))
                self.assertEqual(gateway.stop(), 0)
                gateway.close()
                hub.close()

    def test_what_the_hub_would_never_take_is_kept_with_the_reason(self):
        hub = self.hub()
        gateway = self.gateway(self.spooled(hub))
        self.device("dev-1")
        client = mqtt_client.Client(gateway.port, "dev-1", mqtt_client.tls_context(**self.tls_files("dev-1")))
        for packet_id, payload in ((1, b"x" * 265000), (2, b"{}")):
            client.publish("t/dev-1", payload, packet_id)
            self.assertEqual(client.receive()[0] >> 4, 4)
        client.close()
        wait_until(lambda: gateway.metric("sluice_spool_messages", output="hub") == 0, "both to be settled")
        self.assertEqual(gateway.metric("sluice_dead_letters_total", output="hub"), 1)
        path = self.folder / "state/dead-letters/hub.jsonl"
        letters = [json.loads(line) for line in path.read_text().splitlines()]
        self.assertEqual([(d["device"], d["topic"], len(d["payload"]), d["reason"]) for d in letters],
                         [("dev-1", "t/dev-1", 265000, "too large for the hub")])
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        self.assertEqual(path.parent.stat().st_mode & 0o777, 0o700)

    def test_an_output_with_spooled_messages_is_not_dropped_by_accident(self):
        hub = self.hub()
        hub.kill()
        gateway = self.gateway(self.spooled(hub))
        self.device("dev-1")
        self.mosquitto_pub_lines(gateway, "dev-1", "t/dev-1", ["{}"] * 7)
        gateway.stop()
        gateway.program.close()
        # Renamed: the old one's messages are nobody's.
        text = gateway.config.read_text().replace("  hub: {type", "  cloud: {type")
        gateway.config.write_text(text)
        refused = harness.sluice("run", "-c", gateway.config, check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("7 messages wait in", refused.stderr)
        self.assertIn("output 'hub'", refused.stderr)
        gateway.config.write_text(text + "spool: {discard: true}\n")
        gateway.start()
        gateway.program.wait_logged("spool_discarded")
        self.assertFalse((self.folder / "state/spool/hub").exists())
        self.assertEqual(gateway.stop(), 0)

    def test_the_spool_can_be_looked_at_saved_and_checked(self):
        hub = self.hub()
        hub.kill()
        gateway = self.gateway(self.spooled(hub))
        self.device("dev-1")
        self.mosquitto_pub_lines(gateway, "dev-1", "t/dev-1", [json.dumps({"n": n}) for n in range(50)])
        state = self.folder / "state"
        for running in (True, False):
            text = harness.sluice("spool", "inspect", state).stdout
            self.assertIn(f"hub: {state}/spool/hub", text)
            self.assertIn("50 messages", text)
            self.assertRegex(text, r"(?m)^ +5 +50 ")
            lines = [json.loads(line) for line in harness.sluice("spool", "export", state / "spool/hub").stdout.splitlines()]
            self.assertEqual([line["payload"]["n"] for line in lines], list(range(50)))
            self.assertEqual({(line["device"], line["topic"]) for line in lines}, {("dev-1", "t/dev-1")})
            self.assertEqual(len({line["id"] for line in lines}), 50)
            self.assertIn("hub: sound: 50 messages", harness.sluice("spool", "verify", state).stdout)
            if running:
                gateway.stop()
                gateway.program.close()
        file = state / "spool/hub/spool.db"
        content = bytearray(file.read_bytes())
        at = content.rindex(b"dev-1")
        content[at] ^= 1
        file.write_bytes(content)
        damaged = harness.sluice("spool", "verify", state, check=False)
        self.assertEqual(damaged.returncode, 1)
        self.assertIn("wrong checksum", damaged.stderr)
        nothing = harness.sluice("spool", "inspect", self.pki, check=False)
        self.assertEqual(nothing.returncode, 1)
        self.assertIn("holds no spool", nothing.stderr)


if __name__ == "__main__":
    unittest.main()
