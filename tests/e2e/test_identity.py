"""Who the gateway is at the hub: certificates by thumbprint and CA, replaced on the disk, secrets from the environment."""

import hashlib
import shutil
import ssl
import unittest
import unittest.mock

import harness
from harness import HUB_KEY, sluice, wait_until


class IdentityTest(harness.EndToEndTest):
    def output(self, hub, keys):
        """A configuration whose hub is reached by `keys`."""
        config = self.config(rules="{default: forward}", hub=hub)
        head, tail = config.split("outputs:")
        return f"""{head}outputs:
  hub: {{type: iothub, ca: {hub.folder}/ca.crt, reconnect_max: 200ms, pack: {{max_delay: 10ms}}, {keys}}}
{tail[tail.index("operate:"):]}"""

    def by_certificate(self, hub, device, name):
        return (f'connection_string: "HostName=127.0.0.1:{hub.port};DeviceId={device};x509=true", '
                f"certificate: {hub.folder}/{name}.crt, key: {hub.folder}/{name}.key")

    @staticmethod
    def thumbprint(path):
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(path.read_text())).hexdigest()

    def send_one(self, gateway, hub):
        before = len(hub.messages())
        self.mosquitto_pub(gateway, "dev-1", "t", "{}")
        wait_until(lambda: len(hub.messages()) > before, "the hub has it")
        return hub.messages()[-1]

    def test_by_a_certificate_of_the_hubs_ca(self):
        self.device("dev-1")
        hub = self.hub(devices=[{"deviceId": "gw-01", "caSigned": True}])
        sluice("pki", "device", hub.folder, "gw-01")
        gateway = self.gateway(self.output(hub, self.by_certificate(hub, "gw-01", "gw-01")))
        self.assertEqual(self.send_one(gateway, hub)["device"], "gw-01")

    def test_by_thumbprint_and_a_new_certificate_serves_from_the_next_connection_on(self):
        self.device("dev-1")
        self.device("one", "two")
        hub = self.hub(devices=[{"deviceId": "gw-01", "thumbprint": self.thumbprint(self.pki / "one.crt"),
                                 "secondaryThumbprint": self.thumbprint(self.pki / "two.crt")}])
        for kind in ("crt", "key"):
            shutil.copy(self.pki / f"one.{kind}", hub.folder / f"own.{kind}")
        # The hub asks for a certificate of any CA; it knows this one by its thumbprint.
        gateway = self.gateway(self.output(hub, self.by_certificate(hub, "gw-01", "own")))
        self.send_one(gateway, hub)
        for kind in ("crt", "key"):
            shutil.copy(self.pki / f"two.{kind}", hub.folder / f"own.{kind}")
        # From now on the first one is refused, which the hub shows by cutting its connection.
        (hub.folder / "devices.json").write_text((hub.folder / "devices.json").read_text().replace(
            self.thumbprint(self.pki / "one.crt"), "0" * 64))
        wait_until(lambda: gateway.metric("sluice_uplink_reconnects_total") == 1, "the next connection")
        self.send_one(gateway, hub)

    def test_a_key_of_another_certificate_is_named_and_a_good_one_is_taken_up(self):
        self.device("dev-1")
        hub = self.hub(devices=[{"deviceId": "gw-01", "caSigned": True}])
        sluice("pki", "device", hub.folder, "gw-01")
        sluice("pki", "device", hub.folder, "other")
        (hub.folder / "mixed.crt").write_bytes((hub.folder / "gw-01.crt").read_bytes())
        (hub.folder / "mixed.key").write_bytes((hub.folder / "other.key").read_bytes())
        gateway = self.gateway(self.output(hub, self.by_certificate(hub, "gw-01", "mixed")))
        wait_until(lambda: gateway.program.logged("cause=certificate"), "the cause")
        self.assertTrue(gateway.program.logged("is not the key of"))
        (hub.folder / "mixed.key").write_bytes((hub.folder / "gw-01.key").read_bytes())
        self.send_one(gateway, hub)

    def test_a_secret_of_the_environment_is_used_and_never_shown(self):
        self.device("dev-1")
        hub = self.hub()
        config = self.output(hub, 'connection_string: "${SLUICE_TEST_HUB}"')
        missing = sluice("check", "-c", harness.Gateway(self.folder / "gateway", config).config, check=False)
        self.assertIn("the environment has no SLUICE_TEST_HUB", missing.stderr)
        with unittest.mock.patch.dict("os.environ", SLUICE_TEST_HUB=hub.connection_string()):
            gateway = self.gateway(config.replace("operate: {", "operate: {log_level: debug, "))
        self.send_one(gateway, hub)
        self.assertEqual(gateway.stop(), 0)
        dump = sluice("check", "--dump", "-c", gateway.config, check=False,
                      env={"PATH": "/usr/bin", "SLUICE_TEST_HUB": hub.connection_string()})
        for text in ((gateway.folder / "gateway.log").read_text(), dump.stdout, dump.stderr):
            self.assertNotIn(HUB_KEY, text)
            self.assertNotIn("sig=", text)
        self.assertIn("***", dump.stdout)


if __name__ == "__main__":
    unittest.main()
