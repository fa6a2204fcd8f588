#!/usr/bin/env python3
"""sluice-devhub as its users meet it: the program, mosquitto_pub, certificates, kill -9."""
import concurrent.futures
import json
import shutil
import signal
import ssl
import subprocess
import time
import unittest
import warnings

import devhub
from devhub import HOST, KEY, OTHER_KEY, PROGRAM, Connection, Devhub, Pki

EVENTS = "devices/{}/messages/events/"


class HubTest(unittest.TestCase):
    """One hub for all tests of a class; each test names the identities it uses."""

    @classmethod
    def setUpClass(cls):
        cls.enterClassContext(warnings.catch_warnings())
        cls.folder = cls.enterClassContext(devhub.temporary_folder())
        cls.pki = Pki(cls.folder)
        cls.pki.issue("server", HOST, f"subjectAltName=IP:{HOST},DNS:localhost")
        for name in ("x1", "x2", "off", "late"):
            cls.pki.issue(name, name)
        cls.pki.issue("mod", "edge-01/mod")
        cls.pki.issue("expired", "x1", days=-1)
        stranger = Pki(cls.folder, "stranger-ca")
        stranger.issue("stranger", "x1")
        stranger.issue("self", "whoever")
        cls.identities = {
            "hostName": HOST, "tier": "S1", "units": 1, "devices": [
                {"deviceId": "gw-01", "primaryKey": OTHER_KEY, "secondaryKey": KEY},
                {"deviceId": "off", "primaryKey": KEY, "status": "disabled"},
                {"deviceId": "x1", "caSigned": True},
                {"deviceId": "x2", "caSigned": True},
                {"deviceId": "edge-01", "moduleId": "sluice", "primaryKey": KEY},
                {"deviceId": "edge-01", "moduleId": "mod", "caSigned": True},
                {"deviceId": "thumb1", "thumbprint": stranger.thumbprint("self", "sha1").upper()},
                {"deviceId": "thumb256", "thumbprint": stranger.thumbprint("self", "sha256")},
            ]}
        cls.hub = cls.enterClassContext(Devhub(cls.folder, cls.identities))

    def setUp(self):
        self.before = len(self.hub.messages())
        self.log_before = len(self.hub.log())
        self.hub.control({"op": "fault", "kind": "none"})

    def stored(self):
        return self.hub.messages()[self.before:]

    def logged(self):
        if self.hub.process:
            self.hub.control({"op": "stats"})  # one thread: once it answers, what it did before has been logged
        return self.hub.log()[self.log_before:]

    def connect(self, *arguments, **named):
        connection = Connection(self.hub, *arguments, **named)
        self.addCleanup(connection.close)
        return connection


class MosquittoTest(HubTest):
    def test_telemetry_by_key(self):
        bag = "%24.ct=application%2Fjson&%24.ce=utf-8&%24.mid=m-42&site=Hall%207%2FB&temp%26unit=50%20%C2%B0C&flag"
        self.assertEqual(0, self.hub.mosquitto_pub("gw-01", EVENTS.format("gw-01") + bag, b'{"a": 1.50}',
                                                   password=self.hub.token("gw-01")))
        [line] = self.stored()
        self.assertEqual(["device", "module", "properties", "systemProperties", "payload", "enqueuedTime", "blocks"],
                         list(line))
        self.assertEqual("gw-01", line["device"])
        self.assertIsNone(line["module"])
        self.assertEqual({"site": "Hall 7/B", "temp&unit": "50 °C", "flag": None}, line["properties"])
        system = line["systemProperties"]
        self.assertEqual(("application/json", "utf-8", "m-42", "gw-01"), tuple(
            system[name] for name in ("contentType", "contentEncoding", "messageId", "connectionDeviceId")))
        self.assertEqual({"scope": "device", "type": "sas", "issuer": "iothub"},
                         json.loads(system["connectionAuthMethod"]))
        self.assertEqual(line["enqueuedTime"], system["enqueuedTime"])
        self.assertEqual({"a": 1.5}, line["payload"])
        self.assertIn('"payload":{"a": 1.50},', (self.hub.folder / "messages.jsonl").read_text())
        self.assertEqual(1, line["blocks"])

    def test_the_primary_key_serves_as_well(self):
        token = self.hub.token("gw-01", OTHER_KEY)
        self.assertEqual(0, self.hub.mosquitto_pub("gw-01", EVENTS.format("gw-01"), b"x", password=token))

    def test_bodies_that_are_no_json(self):
        for payload in (b"on", b'{"a":1}', b'"quoted"', b"\xff\x00", b""):
            self.assertEqual(0, self.hub.mosquitto_pub("x1", EVENTS.format("x1"), payload, certificate="x1"))
        lines = self.stored()
        self.assertEqual(["on", '{"a":1}', '"quoted"', None, ""], [line.get("payload") for line in lines])
        self.assertEqual("/wA=", lines[3]["payloadBase64"])

    def test_certificates(self):
        for client_id, file, exit_code in (
                ("x1", "x1", 0),
                ("thumb1", "self", 0),
                ("thumb256", "self", 0),
                ("edge-01/mod", "mod", 0),
                ("x2", "x1", 5),  # another's CN
                ("x1", "stranger", 5),  # another CA
                ("thumb1", "x1", 5),  # another's thumbprint
                ("gw-01", "x1", 5),  # an identity of keys
                ("x1", None, 5)):  # neither certificate nor password
            with self.subTest(client_id=client_id, file=file):
                device, _, module = client_id.partition("/")
                topic = EVENTS.format(f"{device}/modules/{module}" if module else device)
                self.assertEqual(exit_code, self.hub.mosquitto_pub(client_id, topic, b"x", certificate=file))
        self.assertEqual([("x1", None), ("thumb1", None), ("thumb256", None), ("edge-01", "mod")],
                         [(line["device"], line["module"]) for line in self.stored()])
        self.assertEqual(5, self.logged().count("401003 IotHubUnauthorized"))

    def test_refused_at_connect(self):
        for client_id, password, logged in (
                ("gw-01", self.hub.token("gw-01", "AAAA"), "401003 IotHubUnauthorized: gw-01 from 127.0.0.1:"),
                ("gw-01", self.hub.token("gw-01", lifetime_s=-1), "token expired"),
                ("gw-01", self.hub.token("gw-02"), "does not cover this identity"),
                ("nobody", self.hub.token("nobody"), "unknown identity"),
                ("off", self.hub.token("off"), "403012 DeviceDisabled: off")):
            with self.subTest(logged):
                self.assertEqual(5, self.hub.mosquitto_pub(client_id, EVENTS.format(client_id), b"x",
                                                           password=password))
                self.assertIn(logged, self.logged())
        self.assertEqual([], self.stored())

    def test_closes(self):
        token = self.hub.token("gw-01")
        good = EVENTS.format("gw-01")
        for topic, payload, qos, logged in (
                (good, b"x", 2, "QosNotSupported"),
                ("plant/line1", b"x", 1, "TopicNotSupported"),
                (EVENTS.format("x1"), b"x", 1, "TopicNotSupported"),
                (good[:-1], b"x", 1, "TopicNotSupported"),
                (good + "a=%2", b"x", 1, "BadPropertyBag"),
                (good, bytes(262145), 1, "MessageTooLarge"),
                (good + "a=b", bytes(262143), 1, "MessageTooLarge")):
            with self.subTest(topic=topic, logged=logged):
                self.assertEqual(7, self.hub.mosquitto_pub("gw-01", topic, payload, password=token, qos=qos))
                self.assertIn(logged, self.logged())
        self.assertEqual([], self.stored())

    def test_the_largest_message(self):
        self.assertEqual(0, self.hub.mosquitto_pub("x1", EVENTS.format("x1") + "a=b", bytes(262142), certificate="x1"))
        self.assertEqual(64, self.stored()[0]["blocks"])

    def test_retain_and_will(self):
        topic = EVENTS.format("x1")
        self.assertEqual(0, self.hub.mosquitto_pub("x1", topic, b"x", "-r", certificate="x1"))
        self.assertEqual({"mqtt-retain": "true"}, self.stored()[0]["properties"])
        # The hub cuts it for its topic, so that its will is published.
        self.assertEqual(7, self.hub.mosquitto_pub("x1", "bad", b"x", "--will-topic", topic + "a=b", "--will-payload",
                                                   "gone", certificate="x1"))
        self.assertEqual({"a": "b", "iothub-MessageType": "Will"}, self.stored()[1]["properties"])
        self.assertEqual("gone", self.stored()[1]["payload"])

    def test_mqtt_5_and_wrong_client_id(self):
        topic = EVENTS.format("x1")
        self.assertNotEqual(0, self.hub.mosquitto_pub("x1", topic, b"x", "-V", "5", certificate="x1"))
        self.assertIn("only MQTT 3.1.1", self.logged())
        self.assertNotEqual(0, self.hub.mosquitto_pub("x1", topic, b"x", "-i", "y1", certificate="x1"))
        self.assertIn("ClientIdRejected", self.logged())


class TlsTest(HubTest):
    def context(self, **versions):
        context = ssl.create_default_context(cafile=str(self.hub.ca))
        for name, value in versions.items():
            setattr(context, name, value)
        return context

    def test_versions(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = self.context(minimum_version=version, maximum_version=version)
            connection = self.connect("x1", certificate="x1", context=context)
            self.assertEqual(0, connection.connack)
        warnings.simplefilter("ignore", DeprecationWarning)
        context = self.context(minimum_version=ssl.TLSVersion.TLSv1_1, maximum_version=ssl.TLSVersion.TLSv1_1)
        context.set_ciphers("ALL:@SECLEVEL=0")
        with self.assertRaises(ssl.SSLError):
            self.connect("x1", context=context)
        self.assertIn("TlsHandshakeFailed: ? from 127.0.0.1:", self.logged())

    def test_suites_of_the_hub_alone(self):
        for suite, works in (("ECDHE-ECDSA-AES128-GCM-SHA256", True), ("ECDHE-ECDSA-AES256-SHA384", True),
                             ("ECDHE-ECDSA-CHACHA20-POLY1305", False), ("ECDHE-ECDSA-AES128-SHA", False)):
            with self.subTest(suite):
                context = self.context(maximum_version=ssl.TLSVersion.TLSv1_2)
                context.set_ciphers(suite)
                if works:
                    self.assertEqual(0, self.connect("x1", certificate="x1", context=context).connack)
                else:
                    with self.assertRaises(ssl.SSLError):
                        self.connect("x1", certificate="x1", context=context)

    def test_an_expired_certificate_fails_in_the_handshake(self):
        context = self.context(maximum_version=ssl.TLSVersion.TLSv1_2)  # 1.3 tells the client only afterwards
        with self.assertRaises(ssl.SSLError):
            self.connect("x1", certificate="expired", context=context)
        self.assertIn("TlsHandshakeFailed", self.logged())

    def test_junk_harms_nobody(self):
        connection = self.connect("x1", certificate="x1")
        with devhub.socket.create_connection((HOST, self.hub.port)) as junk:
            junk.sendall(b"GET / HTTP/1.1\r\n\r\n")
            junk.settimeout(devhub.PATIENCE_S)
            while junk.recv(4096):
                pass
        connection.publish(EVENTS.format("x1"), b"x")
        self.assertEqual(1, connection.puback())


class ConnectionTest(HubTest):
    def test_the_older_of_two_is_dropped(self):
        older = self.connect("x1", certificate="x1")
        newer = self.connect("x1", certificate="x1")
        self.assertEqual(0, newer.connack)
        self.assertIsNone(older.receive())
        self.assertIn("400027 ConnectionForcefullyClosedOnNewConnection: x1", self.logged())
        newer.publish(EVENTS.format("x1"), b"x")
        self.assertEqual(1, newer.puback())

    def test_sessions(self):
        for clean, present in ((True, 0), (False, 0), (False, 1), (True, 0), (False, 0)):
            connection = self.connect("x2", certificate="x2", clean=clean)
            self.assertEqual((0, present), (connection.connack, connection.session_present))
            connection.close()

    def test_a_token_that_expires_cuts(self):
        connection = self.connect("gw-01", password=self.hub.token("gw-01", lifetime_s=2))
        self.assertEqual(0, connection.connack)
        self.assertIsNone(connection.receive())
        self.assertRegex(self.logged(), r"401003 IotHubUnauthorized: gw-01 .*the token expired while connected\n"
                                        r".*404104 DeviceConnectionClosedRemotely: gw-01")

    def test_keep_alive(self):
        connection = self.connect("x1", certificate="x1", keep_alive_s=1)
        begun = time.monotonic()
        self.assertIsNone(connection.receive())
        self.assertGreaterEqual(time.monotonic() - begun, 1.4)
        self.assertIn("keep-alive missed", self.logged())

    def test_many_at_once(self):
        connection = self.connect("x1", certificate="x1")
        topic = EVENTS.format("x1")
        connection.send(b"".join(devhub.publish_packet(topic, b"%d" % i, i) for i in range(1, 5001)))
        self.assertEqual(list(range(1, 5001)), [connection.puback() for _ in range(5000)])
        self.assertEqual([str(i) for i in range(1, 5001)], [line["payload"] for line in self.stored()])


class FaultTest(HubTest):
    def setUp(self):
        super().setUp()
        self.connection = self.connect("x1", certificate="x1")
        self.assertEqual(0, self.connection.connack)
        self.topic = EVENTS.format("x1")

    def fault(self, **fault):
        answer = self.hub.control({"op": "fault", **fault})
        self.assertTrue(answer["ok"], answer)
        return answer

    def test_no_ack(self):
        self.fault(kind="no-ack", count=1)
        self.connection.publish(self.topic, b"silent", 1)
        self.connection.publish(self.topic, b"loud", 2)
        self.assertEqual(2, self.connection.puback())
        self.assertEqual(["silent", "loud"], [line["payload"] for line in self.stored()])

    def test_slow(self):
        self.fault(kind="slow", delayMs=300, count=1)
        begun = time.monotonic()
        self.connection.publish(self.topic, b"x")
        self.assertEqual(1, self.connection.puback())
        self.assertGreaterEqual(time.monotonic() - begun, 0.3)

    def test_throttle(self):
        self.fault(kind="throttle", perSecond=20, burst=1, patienceMs=200)
        begun = time.monotonic()
        for i in range(1, 5):
            self.connection.publish(self.topic, b"x", i)
        self.assertEqual([1, 2, 3, 4], [self.connection.puback() for _ in range(4)])
        self.assertGreaterEqual(time.monotonic() - begun, 0.15)
        for i in range(1, 9):
            self.connection.publish(self.topic, b"x", i)
        while self.connection.puback() is not None:
            pass
        self.assertIn("429001 ThrottlingException", self.logged())

    def test_disconnect(self):
        self.assertEqual(1, self.fault(kind="disconnect", device="x1", refuseMs=60000)["closed"])
        self.assertIsNone(self.connection.receive())
        self.assertEqual(3, self.connect("x1", certificate="x1").connack)
        self.fault(kind="none")
        self.assertEqual(0, self.connect("x1", certificate="x1").connack)

    def test_disconnect_in_the_stream(self):
        self.fault(kind="disconnect", after=2)
        for i in range(1, 4):
            self.connection.publish(self.topic, b"x", i)
        self.assertEqual([1, 2, None], [self.connection.puback() for _ in range(3)])
        self.assertEqual(2, len(self.stored()))

    def test_control_answers(self):
        stats = self.hub.control({"op": "stats"})
        self.assertEqual(1, stats["connections"])
        self.connection.publish(self.topic, bytes(5000))
        self.connection.puback()
        after = self.hub.control({"op": "stats"})
        self.assertEqual((1, 1, 2, 5000), tuple(after[name] - stats[name]
                                               for name in ("messages", "operations", "blocks", "bytes")))
        self.assertFalse(self.hub.control(["what"])["ok"])


class CloudTest(HubTest):
    """What back ends do, through control.sock, and the client's end of it."""

    def control(self, **command):
        answer = self.hub.control(command)
        self.assertTrue(answer["ok"], answer)
        return answer

    def test_messages_to_a_device(self):
        connection = self.connect("x1", certificate="x1", clean=False)
        self.assertEqual([1], connection.subscribe("devices/x1/messages/devicebound/#"))
        self.control(op="c2d", device="x1", messageId="m1", payload="one", ack="full")
        topic, payload = connection.received()
        self.assertTrue(topic.startswith("devices/x1/messages/devicebound/%24.mid=m1&%24.to="), topic)
        self.assertEqual(b"one", payload)
        connection.send(b"\xc0\x00")
        self.assertEqual(0xd0, connection.receive()[0])
        self.assertEqual([{"originalMessageId": "m1", "statusCode": "Success"}],
                         self.control(op="c2d", kind="feedback", device="x1")["feedback"])
        connection.send(b"\xe0\x00")
        self.assertIsNone(connection.receive())  # gone: else it would be sent there, and locked for a minute
        self.control(op="c2d", device="x1", payload="x" * 60000)
        again = self.connect("x1", certificate="x1", clean=False)
        self.assertEqual(1, again.session_present)
        self.assertEqual(b"x" * 60000, again.received()[1])

    def test_a_method_holds_up_its_own_control_connection_alone(self):
        connection = self.connect("x1", certificate="x1")
        connection.subscribe("$iothub/methods/POST/#", qos=0)
        with devhub.socket.socket(devhub.socket.AF_UNIX) as caller:
            caller.settimeout(devhub.PATIENCE_S)
            caller.connect(str(self.hub.folder / "control.sock"))
            caller.sendall(b'{"op":"method","device":"x1","name":"ping","payload":{"n":1}}\n{"op":"stats"}\n')
            caller.shutdown(devhub.socket.SHUT_WR)  # as nc -N does
            topic, payload = connection.received()
            self.assertEqual(b'{"n":1}', payload)
            name, rid = topic.split("/")[3], topic.split("$rid=")[1]
            self.assertEqual("ping", name)
            self.control(op="stats")
            connection.publish_at_most_once(f"$iothub/methods/res/200/?$rid={rid}", b'{"pong":true}')
            lines = caller.makefile()
            self.assertEqual({"ok": True, "status": 200, "payload": {"pong": True}}, json.loads(lines.readline()))
            self.assertIn("connections", json.loads(lines.readline()))
            self.assertEqual("", lines.readline())

    def test_a_caller_that_goes_away(self):
        connection = self.connect("x1", certificate="x1")
        connection.subscribe("$iothub/methods/POST/#", qos=0)
        with devhub.socket.socket(devhub.socket.AF_UNIX) as caller:
            caller.connect(str(self.hub.folder / "control.sock"))
            caller.sendall(b'{"op":"method","device":"x1","name":"ping"}\n')
            topic, _ = connection.received()
        connection.publish_at_most_once("$iothub/methods/res/200/?$rid=" + topic.split("$rid=")[1])
        self.control(op="stats")
        connection.publish(EVENTS.format("x1"), b"x")
        self.assertEqual(1, connection.puback())

    def test_twin(self):
        connection = self.connect("edge-01/mod", certificate="mod")
        connection.subscribe("$iothub/twin/PATCH/properties/desired/#", "$iothub/twin/res/#", qos=0)
        before = self.control(op="twin", device="edge-01/mod")["properties"]["desired"]["$version"]
        self.control(op="twin", device="edge-01/mod", desired={"a": 1})
        self.assertEqual((f"$iothub/twin/PATCH/properties/desired/?$version={before + 1}",
                          b'{"$version":%d,"a":1}' % (before + 1)), connection.received())
        connection.publish_at_most_once("$iothub/twin/PATCH/properties/reported/?$rid=1", b'{"b":2}')
        self.assertTrue(connection.received()[0].startswith("$iothub/twin/res/204/?$rid=1&$version="))
        connection.publish_at_most_once("$iothub/twin/GET/?$rid=2")
        topic, twin = connection.received()
        self.assertEqual("$iothub/twin/res/200/?$rid=2", topic)
        self.assertEqual((1, 2), (json.loads(twin)["desired"]["a"], json.loads(twin)["reported"]["b"]))

    def test_a_client_that_does_not_read_its_twin(self):
        connection = self.connect("x1", certificate="x1")
        connection.subscribe("$iothub/twin/res/#", qos=0)
        for key in "abcdefg":
            connection.publish_at_most_once("$iothub/twin/PATCH/properties/reported/?$rid=1",
                                            json.dumps({key: "v" * 4096}).encode())
            connection.received()
        for i in range(1000):
            connection.publish_at_most_once(f"$iothub/twin/GET/?$rid={i}")
        for i in range(1000):  # all come, however slowly it reads
            self.assertEqual(f"$iothub/twin/res/200/?$rid={i}", connection.received()[0])


class DpsTest(HubTest):
    """From the factory's proof to telemetry, by a certificate of a group; DPS stands behind the hub's port."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.hub.stop()
        cls.pki.issue("sn-0001", "sn-0001")
        cls.hub.write_dps({"idScope": "0ne000DEMO1", "assigningAnswers": 1, "retryAfterSeconds": 0,
                           "groups": [{"groupId": "line-7", "caSigned": True}]})
        cls.hub.start()

    def register(self):
        connection = self.connect("sn-0001", certificate="sn-0001",
                                  user_name="0ne000DEMO1/registrations/sn-0001/api-version=2019-03-31")
        self.assertEqual(0, connection.connack)
        self.assertEqual([1], connection.subscribe("$dps/registrations/res/#"))
        connection.publish_at_most_once("$dps/registrations/PUT/iotdps-register/?$rid=1",
                                        b'{"registrationId":"sn-0001"}')
        topic, body = connection.received()
        while topic.startswith("$dps/registrations/res/202/"):
            operation = json.loads(body)["operationId"]
            connection.publish_at_most_once(
                f"$dps/registrations/GET/iotdps-get-operationstatus/?$rid=2&operationId={operation}", b" ")
            topic, body = connection.received()
        self.assertEqual("$dps/registrations/res/200/?$rid=2", topic)
        return json.loads(body)

    def test_registers_and_registers_again(self):
        self.assertEqual(5, self.connect("sn-0001", certificate="sn-0001").connack)
        result = self.register()
        self.assertEqual(("assigned", HOST, "sn-0001"), (result["status"], result["registrationState"]["assignedHub"],
                                                         result["registrationState"]["deviceId"]))
        connection = self.connect("sn-0001", certificate="sn-0001")
        connection.publish(EVENTS.format("sn-0001"), b"x")
        self.assertEqual(1, connection.puback())
        self.assertTrue(self.hub.control({"op": "dps", "kind": "forget", "device": "sn-0001"})["ok"])
        self.assertIsNone(connection.receive())
        self.assertEqual(5, self.connect("sn-0001", certificate="sn-0001").connack)
        self.assertEqual("assigned", self.register()["status"])

    def test_a_port_of_its_own(self):
        with devhub.temporary_folder() as folder:
            for name in ("server.crt", "server.key", "ca.crt"):
                shutil.copy(self.folder + "/" + name, folder)
            hub = Devhub(folder, self.identities)
            hub.write_dps({"idScope": "0ne000DEMO1"})
            with hub:
                hub.stop()
                hub.start(0, "--dps-port", "0")
                self.assertRegex(hub.process.stdout.readline(), r"^sluice-devhub: dps on 127.0.0.1:\d+$")


class EdgeTest(HubTest):
    """A module by what its environment says alone: signature from the workload API, then edgeHub."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.hub.stop()
        cls.identities = {
            "hostName": "sluice-demo.azure-devices.net",
            "edgeHub": {"deviceId": "edge-01", "gatewayHostName": HOST},
            "devices": [{"deviceId": "edge-01", "moduleId": "sluice", "primaryKey": KEY}]}
        cls.hub.write_identities(cls.identities)
        cls.hub.start()
        lines = (cls.hub.folder / "sluice.env").read_text().splitlines()
        cls.environment = dict(line.split("=", 1) for line in lines)

    def ask(self, method, target, body=None, raw=None):
        path = self.environment["IOTEDGE_WORKLOADURI"].removeprefix("unix://")
        with devhub.socket.socket(devhub.socket.AF_UNIX) as client:
            client.settimeout(devhub.PATIENCE_S)
            client.connect(path)
            text = b"" if body is None else json.dumps(body).encode()
            client.sendall(raw or (f"{method} {target}?api-version=2018-06-28 HTTP/1.1\r\nHost: localhost\r\n"
                                   f"Connection: close\r\nContent-Length: {len(text)}\r\n\r\n").encode() + text)
            answer = b""
            while part := client.recv(65536):
                answer += part
        head, _, text = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(text)

    def module_path(self, operation):
        return f"/modules/sluice/genid/{self.environment['IOTEDGE_MODULEGENERATIONID']}/{operation}"

    def test_a_module_by_its_environment_alone(self):
        hub = self.environment["IOTEDGE_IOTHUBHOSTNAME"]
        resource = devhub.urllib.parse.quote(f"{hub}/devices/edge-01/modules/sluice", safe="")
        expiry = int(time.time()) + 600
        status, answer = self.ask("POST", self.module_path("sign"), {
            "keyId": "primary", "algo": "HMACSHA256",
            "data": devhub.base64.b64encode(f"{resource}\n{expiry}".encode()).decode()})
        self.assertEqual(200, status)
        token = (f"SharedAccessSignature sr={resource}&sig={devhub.urllib.parse.quote(answer['digest'], safe='')}"
                 f"&se={expiry}")
        self.assertEqual(f"{HOST}:{self.hub.port}", self.environment["IOTEDGE_GATEWAYHOSTNAME"])
        context = ssl.create_default_context(cadata=self.ask("GET", "/trust-bundle")[1]["certificate"])
        connection = self.connect("edge-01/sluice", password=token, context=context,
                                  user_name=f"{hub}/edge-01/sluice/?api-version=2021-04-12")
        self.assertEqual(0, connection.connack)
        connection.publish("devices/edge-01/modules/sluice/messages/events/%24.on=accepted/", b"x")
        self.assertEqual(1, connection.puback())
        self.assertEqual("accepted", self.stored()[0]["systemProperties"]["outputName"])

    def test_a_server_certificate_serves(self):
        status, answer = self.ask("POST", self.module_path("certificate/server"), {"commonName": "gateway.lan"})
        self.assertEqual(201, status)
        with devhub.temporary_folder() as folder:
            path = folder + "/chain.pem"
            with open(path, "w") as file:
                file.write(answer["privateKey"]["bytes"] + answer["certificate"])
            server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.load_cert_chain(path)
            client = ssl.create_default_context(cafile=str(self.hub.ca))
            left, right = devhub.socket.socketpair()
            with left, right:
                with concurrent.futures.ThreadPoolExecutor() as pool:
                    served = pool.submit(server.wrap_socket, left, server_side=True)
                    with client.wrap_socket(right, server_hostname="gateway.lan"), served.result(devhub.PATIENCE_S):
                        pass

    def test_junk_is_answered_and_closed(self):
        self.assertEqual(400, self.ask("", "", raw=b"\x16\x03\x01 what\r\n\r\n")[0])
        self.assertTrue(self.hub.control({"op": "fault", "kind": "workload", "status": 403, "count": 1})["ok"])
        self.assertEqual(403, self.ask("GET", "/trust-bundle")[0])
        self.assertEqual(200, self.ask("GET", "/trust-bundle")[0])


class LifeTest(HubTest):
    def tearDown(self):
        if self.hub.process is None:
            self.hub.start()
        self.hub.write_identities(self.identities)

    def test_identities_are_read_again(self):
        self.assertEqual(5, self.connect("late", certificate="late").connack)
        self.hub.write_identities({"hostName": HOST, "devices": [{"deviceId": "late", "caSigned": True}]})
        connection = self.connect("late", certificate="late")
        self.assertEqual(0, connection.connack)
        (self.hub.folder / "devices.json").write_text("{")  # half written: the old ones stay
        self.assertEqual(0, self.connect("late", certificate="late").connack)
        self.assertIn("keeping the identities as they were", self.logged())
        connection = self.connect("late", certificate="late")
        self.hub.write_identities(
            {"hostName": HOST, "devices": [{"deviceId": "late", "caSigned": True, "status": "disabled"}]})
        self.hub.process.send_signal(signal.SIGHUP)
        self.assertIsNone(connection.receive())
        self.assertIn("403012 DeviceDisabled: late", self.logged())

    def test_ends_cleanly(self):
        connection = self.connect("x1", certificate="x1")
        connection.publish(EVENTS.format("x1"), b"x")
        connection.puback()
        self.assertEqual(0, self.hub.stop())
        self.assertIsNone(connection.receive())
        self.assertFalse((self.hub.folder / "control.sock").exists())

    def test_a_folder_of_a_long_name(self):
        # A Unix socket's path is at most 107 bytes; clients reach it from inside the folder.
        deep = self.hub.folder / ("d" * 100) / ("e" * 100)
        deep.mkdir(parents=True)
        for name in ("server.crt", "server.key", "ca.crt"):
            (deep / name).write_bytes((self.hub.folder / name).read_bytes())
        with Devhub(deep, self.identities) as hub:
            self.assertTrue((deep / "control.sock").is_socket())
            self.assertEqual(5, hub.mosquitto_pub("x1", EVENTS.format("x1"), b"x"))

    def test_says_what_it_lacks(self):
        def run(*arguments):
            return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=devhub.PATIENCE_S)
        with devhub.temporary_folder() as empty:
            missing = run("--dir", empty, "--port", "0")
            self.assertEqual(1, missing.returncode)
            self.assertIn('"deviceId"', missing.stderr)
        second = run("--dir", str(self.hub.folder), "--port", "0")
        self.assertEqual(1, second.returncode)
        self.assertIn("another sluice-devhub", second.stderr)
        self.assertEqual(2, run().returncode)
        self.assertEqual(2, run("--what").returncode)
        self.assertEqual(0, run("--help").returncode)

    def test_kill_loses_nothing_acknowledged(self):
        topic = EVENTS.format("x1")
        acknowledged = []
        for cycle in range(10):
            connection = self.connect("x1", certificate="x1")
            payloads = [b"%d.%d." % (cycle, i) + bytes([65 + cycle]) * 1000 for i in range(1, 2001)]
            connection.send(b"".join(devhub.publish_packet(topic, p, i) for i, p in enumerate(payloads[:1000], 1)))
            # Killed with the stream under way: some acknowledged, some not.
            for _ in range(50 * cycle + 1):
                acknowledged.append(payloads[connection.puback() - 1].decode())
            try:
                connection.send(b"".join(devhub.publish_packet(topic, p, i) for i, p in enumerate(payloads[1000:], 1001)))
            finally:
                self.hub.stop(signal.SIGKILL)
            while (packet_id := connection.puback()) is not None:
                acknowledged.append(payloads[packet_id - 1].decode())
            self.hub.start()
        stored = [line["payload"] for line in self.stored()]
        self.assertEqual([], sorted(set(acknowledged) - set(stored)))
        self.assertEqual(len(stored), len(set(stored)))
        self.assertGreaterEqual(len(acknowledged), 10)


if __name__ == "__main__":
    unittest.main(verbosity=2)
