"""Readings forwarded a CPU second: 50 devices over mutual TLS, 200-byte readings at QoS 1, on to a Debian mosquitto over TLS.

sluice judges every reading by a rule and sends packs of 4 or 64 KiB; a device has its PUBACK when the receiver acknowledged
the pack (delivered), or when the spool has the reading on the disk (stored). Debian's mosquitto does the same as a bridge, a message a reading, and acknowledges at once. Both forward to the same
receiver in one run on one machine: read the ratios. CPU is what the forwarding process used (user and system) from the first
connection until the receiver had everything. `python3 bench/forward.py` after ./dev build, or
./dev bench forward [--seconds S] [--runs N] [--only NAME] [--json].
"""

import argparse
import json
import socket
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "e2e"))
from harness import BIN, Gateway, HUB_KEY, Program, run, sluice, wait_until  # noqa: E402
from ingest import cpu_seconds  # noqa: E402

DEVICES = 50

CONFIG = """
gateway: {{name: gw-01, workers: 1, state: {folder}/state}}
listeners:
  - address: "127.0.0.1:0"
    tls: {{certificate: {pki}/server.crt, key: {pki}/server.key, client_ca: {pki}/ca.crt}}
devices: {{publish: ["#"]}}
rules:
  default: forward
  list:
    - {{name: hot, from: "#", where: $body.temperature > -1000, into: hub}}
outputs:
  hub:
    type: iothub
    connection_string: "HostName=127.0.0.1:{receiver};DeviceId=gw-01;SharedAccessKey={key}"
    ca: {pki}/ca.crt
    ack: {ack}
    pack: {{max_bytes: {pack}}}
operate: {{http: "127.0.0.1:0", log_level: warn}}
"""

RECEIVER = """
user root
allow_anonymous true
persistence false
log_dest none
sys_interval 1
max_queued_messages 0
max_inflight_messages 0
set_tcp_nodelay true
listener {tls} 127.0.0.1
cafile {pki}/ca.crt
certfile {pki}/server.crt
keyfile {pki}/server.key
listener {plain} 127.0.0.1
"""

BRIDGE = """
user root
allow_anonymous true
persistence false
log_dest none
max_queued_messages 0
max_inflight_messages 0
set_tcp_nodelay {nodelay}
listener {port} 127.0.0.1
cafile {pki}/ca.crt
certfile {pki}/server.crt
keyfile {pki}/server.key
require_certificate true
use_identity_as_username true
connection up
address 127.0.0.1:{receiver}
bridge_cafile {pki}/ca.crt
bridge_protocol_version mqttv311
cleansession true
notifications false
try_private false
topic # out 1
"""


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def listens(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Mosquitto:
    def __init__(self, path, text, port):
        path.write_text(text)
        self.program = Program("mosquitto", "-c", path)
        self.pid = self.program.process.pid
        self.port = port
        wait_until(lambda: listens(port), "mosquitto listens")

    def close(self):
        self.program.kill(15)
        self.program.close()


class Receiver(Mosquitto):
    def __init__(self, folder, pki):
        self.plain = free_port()
        port = free_port()
        super().__init__(folder / "receiver.conf", RECEIVER.format(tls=port, plain=self.plain, pki=pki), port)

    def received(self):
        """PUBLISH packets so far; a second old at most."""
        return int(run("mosquitto_sub", "-h", "127.0.0.1", "-p", self.plain, "-t", "$SYS/broker/publish/messages/received",
                       "-C", 1).stdout)


class Bridge(Mosquitto):
    def __init__(self, folder, pki, receiver, nodelay):
        port = free_port()
        self.receiver = receiver
        super().__init__(folder / "bridge.conf",
                         BRIDGE.format(port=port, pki=pki, receiver=receiver.port, nodelay=nodelay), port)
        self.before = receiver.received()

    def forwarded(self):
        return self.receiver.received() - self.before


class Sluice:
    def __init__(self, folder, pki, receiver, pack, ack):
        self.gateway = Gateway(folder / "gateway", CONFIG.format(folder=folder, pki=pki, receiver=receiver.port,
                                                                 key=HUB_KEY, pack=pack, ack=ack)).start()
        self.port = self.gateway.port
        self.pid = self.gateway.program.process.pid
        wait_until(lambda: self.gateway.metric("sluice_uplink_connected") == 1, "the receiver's CONNACK")

    def forwarded(self):
        return self.gateway.metric("sluice_uplink_readings_total")

    def close(self):
        self.gateway.stop()
        self.gateway.close()


def measure(server, pki, seconds):
    """(readings, CPU seconds)."""
    used = cpu_seconds(server.pid)
    done = subprocess.run([str(c) for c in (BIN / "sluice", "simulate", "--to", f"127.0.0.1:{server.port}", "--pki", pki,
                                            "--devices", DEVICES, "--qos", 1, "--rate", 0, "--window", 64,
                                            "--payload-bytes", 200, "--seconds", seconds)],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"simulate ended with {done.returncode}: {done.stdout}{done.stderr}")
    acknowledged = next(int(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("acknowledged"))
    wait_until(lambda: server.forwarded() >= acknowledged, f"the receiver has {acknowledged}", 300)
    return acknowledged, cpu_seconds(server.pid) - used


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", default="", help="one of the names that are printed")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as name:
        folder, pki = Path(name), Path(name) / "pki"
        sluice("pki", "init", pki)
        sluice("pki", "server", pki, "127.0.0.1")
        servers = {
            "bridge": lambda receiver: Bridge(folder, pki, receiver, "false"),
            "bridge-nodelay": lambda receiver: Bridge(folder, pki, receiver, "true"),
            "delivered-4k": lambda receiver: Sluice(folder, pki, receiver, "4KiB", "delivered"),
            "delivered-64k": lambda receiver: Sluice(folder, pki, receiver, "64KiB", "delivered"),
            "stored-4k": lambda receiver: Sluice(folder, pki, receiver, "4KiB", "stored"),
            "stored-64k": lambda receiver: Sluice(folder, pki, receiver, "64KiB", "stored"),
        }
        rates = {each: [] for each in servers if not options.only or each == options.only}
        for _ in range(options.runs):
            receiver = Receiver(folder, pki)
            for each in rates:
                server = servers[each](receiver)
                try:
                    readings, used = measure(server, pki, options.seconds)
                finally:
                    server.close()
                rates[each].append(readings / used)
                if not options.json:
                    print(f"{each:16} {readings / used:12,.0f} readings a CPU second  ({readings:,} in {used:.2f} CPU s)",
                          flush=True)
            receiver.close()
    medians = {each: statistics.median(of) for each, of in rates.items()}
    baseline = medians.get("bridge", 0)
    if options.json:
        print(json.dumps({"rates": rates, "medians": medians,
                          "ratio_to_bridge": {each: m / baseline for each, m in medians.items() if baseline}}, indent=1))
        return
    for each, median in medians.items():
        ratio = f"{median / baseline:6.2f}x the bridge" if baseline else ""
        print(f"median {each:16} {median:12,.0f} readings a CPU second  {ratio}")


if __name__ == "__main__":
    main()
