"""SIGTERM drains: what was taken reaches the hub at once, however long packs may wait, and devices get their PUBACKs."""

import threading
import unittest

import harness
from harness import wait_until


class StopTest(harness.EndToEndTest):
    def test_what_waits_for_a_fuller_pack_is_sent(self):
        self.device("dev-1", "dev-2")
        hub = self.hub()
        gateway = self.gateway(self.config(hub, output=", ack: delivered, pack: {max_delay: 1m}"))
        wait_until(lambda: gateway.metric("sluice_uplink_connected") == 1, "the hub's CONNACK")
        self.mosquitto_pub(gateway, "dev-1", "plant/a", '{"n":1}', qos=0)
        codes = []
        acknowledged = threading.Thread(target=lambda: codes.append(
            self.mosquitto_pub(gateway, "dev-2", "plant/b", '{"n":2}', check=False).returncode))
        acknowledged.start()
        wait_until(lambda: gateway.metric("sluice_output_waiting_messages") == 2, "both messages to wait")

        self.assertEqual(gateway.stop(), 0)
        acknowledged.join()
        self.assertEqual(codes, [0], "mosquitto_pub got its PUBACK")
        self.assertTrue(gateway.program.logged("all that was taken is safe"))
        self.assertEqual(sorted(reading["body"]["n"] for reading in hub.readings()), [1, 2])

    def test_what_no_hub_took_is_not_called_safe(self):
        self.device("dev-1")
        hub = self.hub()
        gateway = self.gateway(self.config(hub, output=", ack: delivered"))
        wait_until(lambda: gateway.metric("sluice_uplink_connected") == 1, "the hub's CONNACK")
        hub.kill()
        self.mosquitto_pub(gateway, "dev-1", "plant/a", '{"n":1}', qos=0)
        wait_until(lambda: gateway.metric("sluice_output_waiting_messages") == 1, "the message to wait")

        self.assertEqual(gateway.stop(), 0)
        self.assertFalse(gateway.program.logged("all that was taken is safe"))


if __name__ == "__main__":
    unittest.main()
