"""The output `mqtt` and Debian's mosquitto: known by certificate or by password, in packs or one by one, and what a broken
link takes with it comes again."""

import json
import socket
import unittest

import harness
from harness import Program, run, wait_until


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class MqttOutputTest(harness.EndToEndTest):
    def broker(self, lines="allow_anonymous true"):
        """Mosquitto over TLS, and in plain for those who look on; restarted it keeps its ports."""
        if not hasattr(self, "tls_port"):
            self.tls_port, self.plain_port = free_port(), free_port()
        config = self.folder / "mosquitto.conf"
        config.write_text(f"""
user root
per_listener_settings true
listener {self.plain_port} 127.0.0.1
allow_anonymous true
listener {self.tls_port} 127.0.0.1
cafile {self.pki}/ca.crt
certfile {self.pki}/server.crt
keyfile {self.pki}/server.key
{lines}
""")
        program = Program("mosquitto", "-c", config)
        self.addCleanup(program.close)
        wait_until(self.broker_listens, "mosquitto listens")
        return program

    def broker_listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.tls_port), 1).close()
            return True
        except OSError:
            return False

    def subscriber(self):
        """Sees all that the broker passes on, as (topic, payload)."""
        program = Program("stdbuf", "-oL", "mosquitto_sub", "-h", "127.0.0.1", "-p", self.plain_port, "-t", "#", "-q", 1, "-i", "watcher",
                          "-c", "-F", "%t %p", "-d")
        self.addCleanup(program.close)
        wait_until(lambda: self.printed(program, "SUBACK"), "the subscription")
        return program

    @staticmethod
    def printed(program, text):
        return any(text in line for line in list(program.lines.queue))

    @staticmethod
    def seen(program):
        """Topics and payloads so far; -d prints its own lines in between."""
        lines = [line for line in list(program.lines.queue) if "{" in line and not line.startswith("Client ")]
        return [line.split(" ", 1) for line in lines]

    def gateway_to(self, output, rules='{list: [{name: all, into: out, set: {line: "7"}}]}'):
        config = self.config(rules=rules)
        head, tail = config.split("outputs:")
        tail = tail[tail.index("operate:"):]
        gateway = self.gateway(f"""{head}outputs:
  out: {{type: mqtt, address: "127.0.0.1:{self.tls_port}", ca: {self.pki}/ca.crt, {output}}}
{tail}""")
        wait_until(lambda: gateway.metric("sluice_uplink_connected") == 1, "the broker's CONNACK")
        return gateway

    def test_a_pack_known_by_certificate(self):
        self.device("dev-1", "gw-cert")
        self.broker("require_certificate true\nuse_identity_as_username true\nallow_anonymous false")
        watcher = self.subscriber()
        gateway = self.gateway_to(f"certificate: {self.pki}/gw-cert.crt, key: {self.pki}/gw-cert.key, "
                                  "ack: delivered, pack: {max_delay: 50ms}")
        self.mosquitto_pub(gateway, "dev-1", "plant/dev-1/t", '{"n":1}')
        wait_until(lambda: self.seen(watcher), "a pack")
        topic, payload = self.seen(watcher)[0]
        self.assertEqual(topic, "sluice/gw-01")
        [member] = json.loads(payload)
        self.assertEqual((member["device"], member["topic"], member["body"], member["properties"]),
                         ("dev-1", "plant/dev-1/t", {"n": 1}, {"line": "7"}))

    def test_one_by_one_known_by_password(self):
        self.device("dev-1")
        passwords = self.folder / "passwords"
        run("mosquitto_passwd", "-b", "-c", passwords, "gw", "secret word")
        self.broker(f"allow_anonymous false\npassword_file {passwords}")
        watcher = self.subscriber()
        (self.folder / "password").write_text("secret word\n")
        gateway = self.gateway_to(f'username: gw, password_file: {self.folder}/password, ack: delivered, pack: none, '
                                  'topic: "site/{gateway}/{device}/{topic}"')
        self.mosquitto_pub(gateway, "dev-1", "plant/t", '{"n":1}')
        wait_until(lambda: self.seen(watcher), "the message")
        self.assertEqual(self.seen(watcher), [["site/gw-01/dev-1/plant/t", '{"n":1}']])
        self.assertFalse(gateway.program.logged("secret word"))

    def test_nothing_acknowledged_is_lost_with_the_broker(self):
        self.device("dev-1")
        broker = self.broker("allow_anonymous true")
        gateway = self.gateway_to('ack: stored, pack: none, topic: "{topic}", reconnect_max: 200ms')
        broker.kill()
        for n in range(3):
            self.mosquitto_pub(gateway, "dev-1", f"plant/{n}", json.dumps({"n": n}))
        self.broker("allow_anonymous true")
        watcher = self.subscriber()
        # Published while the watcher may not have been there: the counters tell.
        wait_until(lambda: gateway.metric("sluice_uplink_readings_total") == 3, "three messages acknowledged")
        self.mosquitto_pub(gateway, "dev-1", "plant/3", '{"n":3}')
        wait_until(lambda: ["plant/3", '{"n":3}'] in self.seen(watcher), "the last message")
        self.assertEqual(gateway.stop(), 0)

    def test_a_wrong_password_is_named(self):
        self.device("dev-1")
        passwords = self.folder / "passwords"
        run("mosquitto_passwd", "-b", "-c", passwords, "gw", "right")
        self.broker(f"allow_anonymous false\npassword_file {passwords}")
        config = self.config(rules="{list: [{name: all, into: out}]}")
        head, tail = config.split("outputs:")
        gateway = self.gateway(f"""{head}outputs:
  out: {{type: mqtt, address: "127.0.0.1:{self.tls_port}", ca: {self.pki}/ca.crt, username: gw, password: wrong}}
{tail[tail.index("operate:"):]}""")
        wait_until(lambda: gateway.program.logged("cause=not_authorised"), "the cause")


if __name__ == "__main__":
    unittest.main()
