"""Drives the real sluice-devhub from tests: certificates, tokens, the program itself, MQTT by hand and by mosquitto_pub.

Standard library only. The program under test is named by the environment variable SLUICE_DEVHUB.
"""
import base64
import hashlib
import hmac
import json
import os
import pathlib
import select
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import time
import urllib.parse

PROGRAM = os.environ.get("SLUICE_DEVHUB", "sluice-devhub")
PATIENCE_S = 30  # for what should take no time: a test fails after it, none waits for it
HOST = "127.0.0.1"
KEY = base64.b64encode(bytes(range(32))).decode()
OTHER_KEY = base64.b64encode(bytes(range(32, 64))).decode()


def sas_token(host, device, key, expiry, module=None, policy=None):
    """A token made independently of the code under test."""
    resource = f"{host}/devices/{device}" + (f"/modules/{module}" if module else "")
    sr = urllib.parse.quote(resource, safe="")
    digest = hmac.new(base64.b64decode(key), f"{sr}\n{expiry}".encode(), hashlib.sha256).digest()
    signature = urllib.parse.quote(base64.b64encode(digest), safe="")
    return f"SharedAccessSignature sr={sr}&sig={signature}&se={expiry}" + (f"&skn={policy}" if policy else "")


class Pki:
    """A CA with certificates beside each other in one folder, as `sluice pki` lays them out."""

    def __init__(self, folder, name="ca"):
        self.folder = pathlib.Path(folder)
        self.name = name
        self._openssl("req", "-x509", *self._new_key(name), "-subj", f"/CN={name}", "-days", "30",
                      "-out", self.folder / f"{name}.crt")

    def issue(self, file, common_name, extensions="extendedKeyUsage=clientAuth", days=30):
        """FILE.crt and FILE.key; days may be negative for one that has expired."""
        self._openssl("req", *self._new_key(file), "-subj", f"/CN={common_name.replace('/', chr(92) + '/')}",
                      "-out", self.folder / f"{file}.csr")
        (self.folder / f"{file}.ext").write_text(extensions)
        self._openssl("x509", "-req", "-in", self.folder / f"{file}.csr", "-CA", self.folder / f"{self.name}.crt",
                      "-CAkey", self.folder / f"{self.name}.key", "-days", str(days), "-set_serial",
                      str(int.from_bytes(os.urandom(8), "big")), "-extfile", self.folder / f"{file}.ext",
                      "-out", self.folder / f"{file}.crt")

    def thumbprint(self, file, digest):
        der = ssl.PEM_cert_to_DER_cert((self.folder / f"{file}.crt").read_text())
        return hashlib.new(digest, der).hexdigest()

    def _new_key(self, file):
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self.folder / f"{file}.key")

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=PATIENCE_S)


class Devhub:
    """A running hub in its folder. Use as a context manager; the folder is kept between restarts."""

    def __init__(self, folder, identities):
        self.folder = pathlib.Path(folder)
        self.ca = self.folder / "ca.crt"
        self.process = None
        self.port = 0
        self.write_identities(identities)

    def write_identities(self, identities):
        part = self.folder / "devices.json.part"
        part.write_text(json.dumps(identities))
        part.replace(self.folder / "devices.json")

    def write_dps(self, config):
        (self.folder / "dps.json").write_text(json.dumps(config))

    def start(self, port=0, *more):
        self._errors = open(self.folder / "stderr.txt", "ab")
        self.process = subprocess.Popen([PROGRAM, "--dir", str(self.folder), "--port", str(port), *more],
                                        stdout=subprocess.PIPE, stderr=self._errors, text=True)
        if not select.select([self.process.stdout], [], [], PATIENCE_S)[0]:
            raise AssertionError("sluice-devhub did not say that it is ready")
        line = self.process.stdout.readline()
        prefix = f"sluice-devhub: ready, listening on {HOST}:"
        if not line.startswith(prefix):
            raise AssertionError(f"unexpected first line {line!r}; stderr: {self.log()}")
        self.port = int(line[len(prefix):])
        return self

    def stop(self, how=signal.SIGTERM):
        """Ends the program and returns its exit code."""
        self.process.send_signal(how)
        code = self.process.wait(PATIENCE_S)
        self.process.stdout.close()
        self._errors.close()
        self.process = None
        return code

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process:
            self.stop(signal.SIGKILL)

    def log(self):
        return (self.folder / "stderr.txt").read_text()

    def messages(self):
        path = self.folder / "messages.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def control(self, command):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE_S)
            client.connect(str(self.folder / "control.sock"))
            client.sendall(json.dumps(command).encode() + b"\n")
            answer = b""
            while not answer.endswith(b"\n"):
                part = client.recv(65536)
                if not part:
                    raise AssertionError(f"control.sock closed after {answer!r}")
                answer += part
        return json.loads(answer)

    def user_name(self, client_id):
        return f"{HOST}:{self.port}/{client_id}/?api-version=2021-04-12"

    def token(self, device, key=KEY, lifetime_s=600, module=None):
        return sas_token(f"{HOST}:{self.port}", device, key, int(time.time()) + lifetime_s, module)

    def mosquitto_pub(self, client_id, topic, payload, *more, password=None, certificate=None, qos=1):
        """Runs Debian's client; returns its exit code. 0: acknowledged, 5: refused, 7: connection lost."""
        command = ["mosquitto_pub", "-h", HOST, "-p", str(self.port), "--cafile", str(self.ca), "-i", client_id,
                   "-u", self.user_name(client_id), "-q", str(qos), "-t", topic,
                   "-s" if payload else "-n", *more]
        if password:
            command += ["-P", password]
        if certificate:
            command += ["--cert", str(self.folder / f"{certificate}.crt"),
                        "--key", str(self.folder / f"{certificate}.key")]
        return subprocess.run(command, input=payload, capture_output=True, timeout=PATIENCE_S).returncode


def _text(value):
    value = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">H", len(value)) + value


def _packet(first, body):
    length, encoded = len(body), b""
    while True:
        length, digit = divmod(length, 128)
        encoded += bytes([digit | (128 if length else 0)])
        if not length:
            return bytes([first]) + encoded + body


def publish_packet(topic, payload, packet_id):
    return _packet(0x32, _text(topic) + struct.pack(">H", packet_id) + payload)


class Connection:
    """MQTT 3.1.1 by hand, for what mosquitto_pub cannot show: what comes when, on which connection."""

    def __init__(self, hub, client_id, password=None, certificate=None, clean=True, keep_alive_s=60, context=None,
                 user_name=None):
        if context is None:
            context = ssl.create_default_context(cafile=str(hub.ca))
        if certificate:
            context.load_cert_chain(hub.folder / f"{certificate}.crt", hub.folder / f"{certificate}.key")
        plain = socket.create_connection((HOST, hub.port), PATIENCE_S)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.socket = context.wrap_socket(plain, server_hostname=HOST)
        except BaseException:
            plain.close()
            raise
        self._input = b""
        flags = 0x80 | (0x40 if password else 0) | (2 if clean else 0)
        body = _text("MQTT") + bytes([4, flags]) + struct.pack(">H", keep_alive_s) + _text(client_id)
        body += _text(user_name or hub.user_name(client_id)) + (_text(password) if password else b"")
        self.send(_packet(0x10, body))
        answer = self.receive()
        if answer is None:
            raise ConnectionError("closed instead of CONNACK")
        assert answer[0] == 0x20, answer
        self.session_present, self.connack = answer[1][0], answer[1][1]

    def send(self, data):
        self.socket.sendall(data)

    def publish(self, topic, payload, packet_id=1):
        self.send(publish_packet(topic, payload, packet_id))

    def receive(self):
        """The next packet as (first byte, body); None once the hub has closed."""
        while True:
            size, start, scale = 0, 1, 1
            while start < len(self._input):
                digit = self._input[start]
                size, start, scale = size + (digit & 127) * scale, start + 1, scale * 128
                if digit < 128:
                    break
            if start > 1 and self._input[start - 1] < 128 and len(self._input) >= start + size:
                packet, self._input = self._input[:start + size], self._input[start + size:]
                return packet[0], packet[start:]
            try:
                part = self.socket.recv(65536)
            except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError):
                return None
            if not part:
                return None
            self._input += part

    def subscribe(self, *filters, qos=1):
        """Returns the granted QoS of each."""
        body = b"".join(_text(filter_) + bytes([qos]) for filter_ in filters)
        self.send(_packet(0x82, struct.pack(">H", 1) + body))
        first, answer = self.receive()
        assert first == 0x90, first
        return list(answer[2:])

    def publish_at_most_once(self, topic, payload=b""):
        self.send(_packet(0x30, _text(topic) + payload))

    def received(self):
        """The next PUBLISH as (topic, payload); one of QoS 1 is acknowledged. None once the hub has closed."""
        packet = self.receive()
        if packet is None:
            return None
        first, body = packet
        assert first & 0xf0 == 0x30, packet
        size = struct.unpack(">H", body[:2])[0]
        topic, rest = body[2:2 + size].decode(), body[2 + size:]
        if first & 6:
            self.send(b"\x40\x02" + rest[:2])
            rest = rest[2:]
        return topic, rest

    def puback(self):
        """The packet id of the next PUBACK; None once the hub has closed."""
        packet = self.receive()
        if packet is None:
            return None
        assert packet[0] == 0x40, packet
        return struct.unpack(">H", packet[1])[0]

    def close(self):
        self.socket.close()


def temporary_folder():
    return tempfile.TemporaryDirectory(prefix="sluice-devhub.", ignore_cleanup_errors=True)
