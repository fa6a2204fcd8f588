"""The hub's bill, shared out among devices and rules: it adds up to what the hub took, and a message that waited in the
spool is put down to the rule that sent it, whatever the rules are by then. Packs are compressed."""

import json
import unittest

import harness
from harness import wait_until

RULES = "{list: [%s]}"
HOT = '{name: hot, where: $body.t > 80, set: {alert: hot}}'
COLD = '{name: "cold \\"snap\\"", where: $body.t < 0}'
OTHER = '{name: other, where: $body.t = 50}'


class BillTest(harness.EndToEndTest):
    def test_adds_up_and_survives_new_rules_and_a_restart(self):
        hub = self.hub()
        self.device("a", "b")
        output = ", pack: {compress: gzip, max_delay: 100ms}"
        gateway = self.gateway(self.config(hub, rules=RULES % f"{HOT}, {COLD}", output=output))
        lines = [json.dumps({"t": 81 + i % 7, "n": i}) for i in range(100)]
        self.mosquitto_pub_lines(gateway, "a", "t/a", lines)
        self.mosquitto_pub_lines(gateway, "b", "t/b", ['{"t": -1}'] * 20)
        wait_until(lambda: len(hub.readings()) == 120, "120 readings in the hub")

        # These wait in the spool, for a gateway whose rules stand elsewhere.
        hub.kill()
        wait_until(lambda: gateway.metric("sluice_uplink_connected") == 0, "the gateway notices")
        self.mosquitto_pub_lines(gateway, "b", "t/b", ['{"t": -2}'] * 30)
        gateway.stop()
        gateway.close()
        hub.start()
        gateway = self.gateway(self.config(hub, rules=RULES % f"{OTHER}, {HOT}, {COLD}", output=output))
        self.mosquitto_pub(gateway, "a", "t/a", '{"t": 50}')
        wait_until(lambda: len(hub.readings()) == 151, "151 readings in the hub")
        wait_until(lambda: gateway.metric("sluice_uplink_readings_total") == 31, "all acknowledged")

        blocks = gateway.metric("sluice_uplink_blocks_total")
        for family in ("rule", "device"):
            self.assertAlmostEqual(gateway.metric(f"sluice_uplink_{family}_blocks_total"), blocks, places=5)
            self.assertAlmostEqual(gateway.metric(f"sluice_uplink_{family}_operations_total"),
                                   gateway.metric("sluice_uplink_sent_total"), places=5)
        page = gateway.get("/metrics")
        self.assertIn('sluice_uplink_rule_blocks_total{output="hub",rule="cold \\"snap\\""}', page)
        self.assertIn('sluice_uplink_rule_blocks_total{output="hub",rule="other"}', page)
        self.assertNotIn('sluice_uplink_rule_blocks_total{output="hub",rule="hot"}', page)
        self.assertIn('sluice_uplink_device_blocks_total{output="hub",device="b"}', page)
        self.assertEqual({m["systemProperties"]["contentEncoding"] for m in hub.messages()}, {"gzip"})


if __name__ == "__main__":
    unittest.main()
