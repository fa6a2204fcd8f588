"""Who must not get in does not, is logged and counted by reason, and no other device notices."""

import ssl
import unittest

import certificates
import harness
import mqtt_client
from harness import sluice, wait_until


class RefusalTest(harness.EndToEndTest):
    def setUp(self):
        super().setUp()
        self.device("good", "other")
        self.running = self.gateway(self.config())
        self.odd = self.folder / "odd"
        # The bystander: connected before, publishing after each refusal.
        self.bystander = self.connect("good", "good")
        self.assertEqual(self.bystander.connack, 0)
        self.packet_id = 0
        self.addCleanup(self.bystander.close)

    def connect(self, client_id, name=None, **files):
        files = ({"cert": self.pki / f"{name}.crt", "key": self.pki / f"{name}.key"} if name else {}) | files
        context = mqtt_client.tls_context(self.pki / "ca.crt", **files)
        return mqtt_client.Client(self.running.port, client_id, context)

    def assert_refused(self, reason, attempt, logged):
        """`attempt` gets no CONNACK of 0; the reason is counted once, logged with `logged`, and nobody else noticed."""
        before = self.running.metric("sluice_connections_refused_total", reason=reason)
        total = self.running.metric("sluice_connections_refused_total")
        try:
            client = attempt()
            code = client.connack
            client.socket.close()
        except (ssl.SSLError, ConnectionError):
            code = None
        self.assertNotEqual(code, 0, f"{reason}: was let in")
        wait_until(lambda: self.running.metric("sluice_connections_refused_total", reason=reason) == before + 1,
                   f"the counter of {reason}: {self.running.get('/metrics')}", 20)
        self.assertEqual(self.running.metric("sluice_connections_refused_total"), total + 1)
        wait_until(lambda: self.running.program.logged(logged), f"a log line with '{logged}'", 20)
        self.packet_id += 1
        self.bystander.publish("t", b"still here", self.packet_id)
        self.assertTrue(self.bystander.read_acknowledgements(self.packet_id))

    def test_no_certificate(self):
        self.assert_refused("no_certificate", lambda: self.connect("good"), "no_certificate")

    def test_certificate_of_another_ca(self):
        sluice("pki", "init", self.folder / "foreign")
        files = certificates.issue(self.folder / "foreign", self.odd, "foreign", "/CN=good")
        self.assert_refused("unknown_ca", lambda: self.connect("good", **files), "unknown_ca")

    def test_expired_certificate(self):
        files = certificates.issue(self.pki, self.odd, "expired", "/CN=good", end="20210101000000Z")
        self.assert_refused("expired", lambda: self.connect("good", **files), "expired")

    def test_certificate_not_yet_valid(self):
        files = certificates.issue(self.pki, self.odd, "future", "/CN=good", start="20480101000000Z")
        self.assert_refused("not_yet_valid", lambda: self.connect("good", **files), "not_yet_valid")

    def test_old_tls(self):
        def attempt():
            context = mqtt_client.tls_context(self.pki / "ca.crt", self.pki / "good.crt", self.pki / "good.key")
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
            return mqtt_client.Client(self.running.port, "good", context)
        self.assert_refused("protocol_version", attempt, "protocol_version")

    def test_identities_that_would_reach_into_topics(self):
        for name, subject in {"slash": "/CN=a\\/b", "plus": "/CN=+", "hash": "/CN=#"}.items():
            files = certificates.issue(self.pki, self.odd, name, subject)
            self.assert_refused("bad_identity", lambda: self.connect("x", **files), "bad_identity")

    def test_anothers_client_id(self):
        self.assert_refused("client_id", lambda: self.connect("good", "other"), "client_id")

    def test_plain_text(self):
        import socket

        def attempt():
            raw = socket.create_connection(("127.0.0.1", self.running.port), timeout=20)
            raw.sendall(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04good")
            raw.recv(100)
            raw.close()
            raise ConnectionError
        self.assert_refused("not_tls", attempt, "not_tls")


if __name__ == "__main__":
    unittest.main()
