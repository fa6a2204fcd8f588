"""The hub, the gateway, the links between them and the devices, each of which can be made to fail; and the ledger of it all."""

import json
import mmap
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
import harness  # noqa: E402
import mqtt_client  # noqa: E402
from device import Device  # noqa: E402
from harness import HUB_KEY, Gateway, Hub, sluice, wait_until  # noqa: E402
from ledger import Arrival, judge  # noqa: E402
from link import Link  # noqa: E402

DEVICES = 12
QOS_2 = 2  # of them
STATE_BYTES = 40 << 20  # the small disk: more than the spool's log can take
OUTPUT_OF = {"gw-01": "hub", "gw-02": "direct"}
LIVENESS_S = 60

CONFIG = """
gateway: {{name: gw-01, workers: 2, state: {state}}}
listeners:
  - address: "127.0.0.1:0"
    tls: {{certificate: {pki}/server.crt, key: {pki}/server.key, client_ca: {pki}/ca.crt}}
devices: {{publish: ["t/{{device}}/#"]}}
rules:
  default: drop
  list:
    - {{name: urgent, from: t/+/u, priority: 1, into: hub}}
    - {{name: normal, from: t/+/n, into: hub}}
    - {{name: bulk, from: t/+/b, priority: 8, set: {{kind: bulk}}, into: hub}}
    - {{name: direct, from: t/+/d, into: direct}}
    - {{name: both, from: t/+/x, set: {{kind: both}}, into: [hub, direct]}}
outputs:
  hub: {{type: iothub, connection_string: "{hub}", {common}, ack: stored}}
  direct: {{type: iothub, connection_string: "{direct}", {common}, ack: delivered}}
spool: {{max_bytes: 64MiB, min_free: 0B}}
operate: {{http: "127.0.0.1:0"}}
"""
COMMON = "ca: {hub}/ca.crt, sas_lifetime: 5m, reconnect_max: 200ms, pack: {{max_delay: 20ms}}"


class Shim:
    """The wall clock of one program, and what of its spool is not synced: the state that it shares with the program (shim.h)."""

    RANGES = 8192
    UNSYNCED = {"spool.db-wal": 16, "spool.db": 16 + 8 + 16 * RANGES}  # to where they are in it
    SIZE = 16 + 2 * (8 + 16 * RANGES)

    def __init__(self, path, library):
        self.env = {"LD_PRELOAD": str(library), "SLUICE_FAULTS_FILE": str(path)} if library else None
        if library and harness.BIN.parent.name == "asan":
            self.env["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"
        path.write_bytes(bytes(self.SIZE))
        with open(path, "r+b") as file:
            self.state = mmap.mmap(file.fileno(), self.SIZE)
        self.offset_us = 0

    def set_clock(self, offset_us):
        self.offset_us = offset_us
        self.state[0:8] = struct.pack("<q", offset_us)

    def set_sync_delay(self, seconds):
        self.state[8:16] = struct.pack("<q", int(seconds * 1_000_000))

    def unsynced(self, name):
        """(offset, size) of what was written to a file of the spool since it was last synced."""
        at = self.UNSYNCED[name]
        count = struct.unpack("<q", self.state[at:at + 8])[0]
        if count > self.RANGES:
            raise AssertionError(f"{count} writes to {name} without a sync: more than are kept track of")
        numbers = struct.unpack(f"<{2 * count}q", self.state[at + 8:at + 8 + 16 * count])
        return list(zip(numbers[::2], numbers[1::2]))

    def forget_unsynced(self):
        for at in self.UNSYNCED.values():
            self.state[at:at + 8] = bytes(8)


class SmallDisk:
    """A file system of its own for the gateway's state; None of it where that takes rights that we have not."""

    def __init__(self, folder):
        self.folder = folder
        self.ballast = folder / "ballast"
        folder.mkdir(parents=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={STATE_BYTES}", "tmpfs", str(folder)]
        self.mounted = shutil.which("mount") is not None and subprocess.run(command, capture_output=True).returncode == 0

    def fill(self, leave):
        """All but `leave` bytes, more or less."""
        status = os.statvfs(self.folder)
        with open(self.ballast, "wb", buffering=0) as file:
            try:
                for size in (1 << 16, 4096):
                    while os.statvfs(self.folder).f_bavail * status.f_frsize >= leave + size:
                        file.write(bytes(size))
            except OSError:
                pass

    def free(self):
        self.ballast.unlink(missing_ok=True)

    def close(self):
        if self.mounted:
            subprocess.run(["umount", "-l", str(self.folder)], capture_output=True)


class Arrivals(threading.Thread):
    """Follows the hub's ledger as it grows."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path = path
        self.offset = 0
        self.all = []
        self.quit = threading.Event()
        self._lock = threading.Lock()
        self.start()

    def run(self):
        while not self.quit.wait(0.1):
            self.catch_up()

    def catch_up(self):
        with self._lock:
            if not self.path.exists():
                return
            with open(self.path, "rb") as file:
                file.seek(self.offset)
                text = file.read()
            text = text[:text.rfind(b"\n") + 1]
            self.offset += len(text)
            at = time.monotonic()
            for line in text.splitlines():
                message = json.loads(line)
                for reading in message["payload"]:
                    self.all.append(Arrival(OUTPUT_OF[message["device"]], reading["id"], reading["device"],
                                            reading["body"]["n"], at))

    def clear(self):
        """Nothing is under way: the file is emptied with the list."""
        with self._lock:
            self.all = []
            os.truncate(self.path, 0)
            self.offset = 0


class World:
    def __init__(self, folder, seed, library):
        folder = Path(folder)
        self.folder = folder
        pki = folder / "pki"
        sluice("pki", "init", pki)
        sluice("pki", "server", pki, "127.0.0.1", "localhost")
        names = [f"dev-{i:02}" for i in range(DEVICES)]
        sluice("pki", "device", pki, *names)

        self.library = library
        self.hub_shim, self.gateway_shim = (Shim(folder / f"{name}.faults", library) for name in ("hub", "gateway"))
        self.hub = Hub(folder / "hub", devices=[{"deviceId": d, "primaryKey": HUB_KEY, "status": "enabled"} for d in OUTPUT_OF])
        self.hub.env = self.hub_shim.env
        self.hub.start()
        self.disk = SmallDisk(folder / "state")
        self.hub_link = Link(lambda: self.hub.port)
        strings = [f"HostName=127.0.0.1:{self.hub_link.port};DeviceId={d};SharedAccessKey={HUB_KEY}" for d in OUTPUT_OF]
        self.gateway = Gateway(folder / "gateway", CONFIG.format(
            state=folder / "state", pki=pki, hub=strings[0], direct=strings[1], common=COMMON.format(hub=self.hub.folder)))
        self.gateway.env = self.gateway_shim.env
        self.device_link = Link(lambda: self.gateway.port)
        self.gateway.start()

        self.arrivals = Arrivals(self.hub.folder / "messages.jsonl")
        self.closed = {}  # (output, id) to the message of what arrived in earlier ledgers
        self.devices = [Device(name, self.device_link.port, mqtt_client.tls_context(
            pki / "ca.crt", pki / f"{name}.crt", pki / f"{name}.key"), seed, qos=2 if i < QOS_2 else 1,
            clean=i >= DEVICES // 2) for i, name in enumerate(names)]
        for device in self.devices:
            device.start()

    def control(self, command):
        """One command to the hub, if it is there. What it does not take was no fault: that must not pass for one."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(LIVENESS_S)
            try:
                client.connect(str(self.hub.folder / "control.sock"))
                client.sendall(json.dumps(command).encode() + b"\n")
                answer = client.recv(65536)
            except (FileNotFoundError, ConnectionError):
                return  # it was killed
        if not json.loads(answer or b"{}").get("ok"):
            raise AssertionError(f"the hub does not take {command}: {answer!r}")

    def await_progress(self):
        """Every device gets an acknowledgement for something new."""
        before = {device: device.acknowledged for device in self.devices}

        def moved():
            self.check_alive()
            return all(device.acknowledged > count for device, count in before.items())
        wait_until(moved, "every device to get an acknowledgement again", LIVENESS_S)

    def check_alive(self):
        for device in self.devices:
            if device.failure:
                raise AssertionError(f"{device.name_}: {device.failure}")
        for program, name in ((self.gateway.program, "the gateway"), (self.hub.program, "the hub")):
            code = program.process.poll()
            if code is not None:
                raise AssertionError(f"{name} ended by itself with {code}: {program.errors[-20:]}")

    def close_ledger(self):
        """Lets everything arrive and judges it. All faults have ended."""
        for device in self.devices:
            device.paused.set()

        def settled():
            self.check_alive()
            return all(device.settled for device in self.devices)
        wait_until(settled, "every message to be acknowledged", LIVENESS_S)
        wait_until(lambda: self.gateway.metric("sluice_spool_messages") == 0, "the spool to drain", LIVENESS_S)
        self.arrivals.catch_up()
        sent = {device.name_: device.sent for device in self.devices}
        verdict = judge(sent, self.arrivals.all, {d.name_ for d in self.devices if d.qos == 2 and not d.clean}, self.closed)
        verdict.counts["sent"] = sum(len(of) for of in sent.values())
        return verdict

    def open_ledger(self):
        self.closed |= {(a.output, a.id): (a.device, a.number) for a in self.arrivals.all}
        self.arrivals.clear()
        for device in self.devices:
            device.sent = {}
            device.paused.clear()

    def close(self):
        for device in self.devices:
            device.quit.set()
        for device in self.devices:
            device.join(10)
        self.arrivals.quit.set()
        self.arrivals.join()
        for part in (self.hub_link, self.device_link, self.gateway, self.hub, self.disk):
            part.close()
