"""Starts the real programs for end-to-end tests and gives them one-line verbs.

Every program gets a folder of its own under a temporary one, port 0, and is ended with the test. Nothing sleeps for a
fixed time: what is awaited is an event (a line printed, a file grown, a counter), with a deadline.
"""

import base64
import gzip
import json
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.request
from pathlib import Path

BIN = Path(os.environ.get("SLUICE_BIN", "build/release/bin")).resolve()
SOURCE = Path(__file__).resolve().parents[2]
DATA = SOURCE / "tests" / "data"
DEADLINE = float(os.environ.get("SLUICE_E2E_DEADLINE", "60"))
HUB_KEY = base64.b64encode(bytes(range(32))).decode()


def wait_until(condition, what, deadline=DEADLINE):
    """Polls until condition() is true; returns its value."""
    end = time.monotonic() + deadline
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {deadline:.0f} s: {what}")
        time.sleep(0.01)


def run(*arguments, check=True, **options):
    """Runs a command to its end; its output as text."""
    done = subprocess.run([str(a) for a in arguments], capture_output=True, text=True, timeout=DEADLINE * 5, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"{arguments[0]} ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done


def sluice(*arguments, **options):
    return run(BIN / "sluice", *arguments, **options)


class Program:
    """A running program whose lines on stdout and stderr are collected as they come."""

    def __init__(self, *arguments, log=None, env=None):
        self.arguments = [str(a) for a in arguments]
        self.lines = queue.Queue()
        self.errors = []
        self.process = subprocess.Popen(self.arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                        env=env and os.environ | env)
        self.log = open(log, "a", encoding="utf-8") if log else None
        self.threads = [
            threading.Thread(target=self._collect, args=(self.process.stdout, self.lines.put), daemon=True),
            threading.Thread(target=self._collect, args=(self.process.stderr, self._error), daemon=True),
        ]
        for thread in self.threads:
            thread.start()

    def _error(self, line):
        self.errors.append(line)
        if self.log:
            self.log.write(line + "\n")
            self.log.flush()

    @staticmethod
    def _collect(stream, sink):
        for line in stream:
            sink(line.rstrip("\n"))

    def expect(self, prefix, deadline=DEADLINE):
        """The next line of stdout, which begins with `prefix`."""
        end = time.monotonic() + deadline
        while True:
            try:
                line = self.lines.get(timeout=0.1)
                break
            except queue.Empty:
                if self.process.poll() is not None and self.lines.empty():
                    raise AssertionError(f"{self.arguments[0]} ended with {self.process.returncode}: {self.errors[-20:]}")
                if time.monotonic() > end:
                    raise AssertionError(f"no line '{prefix}…' from {self.arguments[0]}: {self.errors[-20:]}")
        if not line.startswith(prefix):
            raise AssertionError(f"expected '{prefix}…', got '{line}'")
        return line

    # What has been read so far: of a program that runs, its last lines may still be under way.
    def logged(self, text):
        return [line for line in list(self.errors) if text in line]

    def wait_logged(self, text):
        wait_until(lambda: self.logged(text), f"'{text}' in the log")

    def kill(self, with_signal=signal.SIGKILL):
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        code = self.process.wait(DEADLINE)
        for thread in self.threads:
            thread.join(DEADLINE)
        return code

    def stop(self):
        return self.kill(signal.SIGTERM)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for thread in self.threads:
            thread.join()
        for stream in (self.process.stdout, self.process.stderr, self.log):
            if stream:
                stream.close()


def port_of(ready_line):
    return int(ready_line.rsplit(":", 1)[1])


class Hub:
    """sluice-devhub in a folder of its own; restarts keep the port."""

    def __init__(self, folder, devices=None, tier="S1"):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        if not (self.folder / "ca.crt").exists():
            sluice("pki", "init", self.folder)
            sluice("pki", "server", self.folder, "127.0.0.1", "localhost")
        devices = devices or [{"deviceId": "gw-01", "primaryKey": HUB_KEY, "status": "enabled"}]
        (self.folder / "devices.json").write_text(
            json.dumps({"hostName": "127.0.0.1", "tier": tier, "units": 1, "devices": devices}))
        self.port = 0
        self.program = None
        self.env = None

    def start(self):
        self.program = Program(BIN / "sluice-devhub", "--dir", self.folder, "--port", self.port,
                               log=self.folder / "devhub.log", env=self.env)
        self.port = port_of(self.program.expect("sluice-devhub: ready, listening on "))
        return self

    def kill(self):
        self.program.kill()
        self.program.close()

    def close(self):
        if self.program:
            self.program.close()

    def connection_string(self, device="gw-01"):
        return f"HostName=127.0.0.1:{self.port};DeviceId={device};SharedAccessKey={HUB_KEY}"

    def messages(self):
        """Complete lines of messages.jsonl, parsed."""
        path = self.folder / "messages.jsonl"
        if not path.exists():
            return []
        text = path.read_bytes()
        return [json.loads(line) for line in text[:text.rfind(b"\n") + 1].splitlines()]

    def readings(self):
        """The envelopes of all packs, one after the other, unpacked where they are compressed."""
        return [reading for message in self.messages() for reading in self.unpacked(message)]

    @staticmethod
    def unpacked(message):
        if message["systemProperties"]["contentEncoding"] == "gzip":
            return json.loads(gzip.decompress(base64.b64decode(message["payloadBase64"])))
        return message["payload"]


class Gateway:
    """sluice run with a configuration given as text."""

    def __init__(self, folder, config):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.config = self.folder / "sluice.yaml"
        self.config.write_text(config)
        self.program = None
        self.port = None
        self.http = None
        self.env = None

    def start(self):
        self.program = Program(BIN / "sluice", "run", "-c", self.config, log=self.folder / "gateway.log", env=self.env)
        self.port = port_of(self.program.expect("sluice: ready, listening on "))
        self.http = port_of(self.program.expect("sluice: http on "))
        return self

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{path}", timeout=10) as response:
            return response.read().decode()

    def metric(self, name, **labels):
        """The sum of a metric's samples that carry these labels."""
        total = 0.0
        for line in self.get("/metrics").splitlines():
            if not line.startswith(name) or line[len(name)] not in " {":
                continue
            if all(f'{key}="{value}"' in line for key, value in labels.items()):
                total += float(line.rsplit(" ", 1)[1])
        return total

    def stop(self):
        return self.program.stop()

    def close(self):
        if self.program:
            self.program.close()


class EndToEndTest(unittest.TestCase):
    """A temporary folder, a PKI for the devices in it, and programs that end with the test."""

    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="sluice-e2e-"))
        self.addCleanup(self._tidy)
        self.pki = self.folder / "pki"
        sluice("pki", "init", self.pki)
        sluice("pki", "server", self.pki, "127.0.0.1", "localhost")

    def _tidy(self):
        if os.environ.get("SLUICE_E2E_KEEP"):
            print(f"kept {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def device(self, *names):
        sluice("pki", "device", self.pki, *names)

    def hub(self, **options):
        hub = Hub(self.folder / "hub", **options)
        self.addCleanup(hub.close)
        return hub.start()

    def gateway(self, config):
        gateway = Gateway(self.folder / "gateway", config)
        self.addCleanup(gateway.close)
        return gateway.start()

    def config(self, hub=None, rules=None, publish='["#"]', output="", extra=""):
        """A whole configuration with the parts a test cares for."""
        if rules is None:
            rules = "{default: forward}" if hub else "{list: [{name: all, into: log}]}"
        outputs = f"""
  hub: {{type: iothub, connection_string: "{hub.connection_string()}", ca: {hub.folder}/ca.crt{output}}}""" if hub else f"""
  log: {{type: file, path: {self.folder}/accepted.jsonl}}"""
        return f"""
gateway: {{name: gw-01, workers: 2, state: {self.folder}/state}}
listeners:
  - address: "127.0.0.1:0"
    tls: {{certificate: {self.pki}/server.crt, key: {self.pki}/server.key, client_ca: {self.pki}/ca.crt}}
devices:
  publish: {publish}
{extra}
rules: {rules}
outputs:{outputs}
operate: {{http: "127.0.0.1:0"}}
"""

    def tls_files(self, name):
        return {"cafile": self.pki / "ca.crt", "cert": self.pki / f"{name}.crt", "key": self.pki / f"{name}.key"}

    def mosquitto_pub(self, gateway, name, topic, message, qos=1, check=True, **overrides):
        files = self.tls_files(name) | overrides
        return run("mosquitto_pub", "-h", "127.0.0.1", "-p", gateway.port, "--cafile", files["cafile"],
                   "--cert", files["cert"], "--key", files["key"], "-i", files.get("client_id", name),
                   "-q", qos, "-t", topic, "-m", message, check=check)

    def mosquitto_pub_lines(self, gateway, name, topic, lines):
        """One connection, a message a line."""
        files = self.tls_files(name)
        return run("mosquitto_pub", "-h", "127.0.0.1", "-p", gateway.port, "--cafile", files["cafile"], "--cert",
                   files["cert"], "--key", files["key"], "-i", name, "-q", 1, "-t", topic, "-l",
                   input="\n".join(lines) + "\n")
