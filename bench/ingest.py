"""Messages a server CPU second: devices over mutual TLS (TLS 1.3, P-256), 200-byte JSON readings, one worker.

The same load goes to sluice (dropping all by a rule; forwarding all, packed, to sluice-devhub) and to Debian's mosquitto, which
judges nothing, in one run on one machine: read the ratios. CPU is what the server's process used (user and system) while all
devices were connected and sending, handshakes excluded. `python3 bench/ingest.py` after ./dev build, or ./dev bench ingest [--seconds S] [--json].
"""

import argparse
import json
import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "e2e"))
import harness  # noqa: E402
from harness import BIN, Gateway, Hub, Program, port_of, sluice, wait_until  # noqa: E402

LOADS = [
    ("50 devices, QoS 0, back to back", ["--devices", 50, "--qos", 0, "--rate", 0]),
    ("50 devices, QoS 1, window 64", ["--devices", 50, "--qos", 1, "--rate", 0, "--window", 64]),
    ("1000 devices, QoS 1, one in flight", ["--devices", 1000, "--qos", 1, "--rate", 0, "--window", 1]),
]
CLOCK_TICK = os.sysconf("SC_CLK_TCK")

CONFIG = """
gateway: {{name: gw-01, workers: 1, state: {folder}/state}}
listeners:
  - address: "127.0.0.1:0"
    tls: {{certificate: {pki}/server.crt, key: {pki}/server.key, client_ca: {pki}/ca.crt}}
devices: {{publish: ["#"]}}
rules:
  default: drop
{rules}
outputs:
  hub: {{type: iothub, connection_string: "{hub}", ca: {folder}/hub/ca.crt, ack: delivered}}
operate: {{http: "127.0.0.1:0", log_level: warn}}
"""

RULE_FOR_ALL = """  list:
    - {name: all, from: "#", where: $body.temperature > -1000, %s}"""

MOSQUITTO = """
user root
listener {port} 127.0.0.1
cafile {pki}/ca.crt
certfile {pki}/server.crt
keyfile {pki}/server.key
require_certificate true
use_identity_as_username true
allow_anonymous true
set_tcp_nodelay {nodelay}
persistence false
log_dest none
max_queued_messages 0
max_inflight_messages 0
"""


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICK


class MosquittoServer:
    def __init__(self, folder, pki, nodelay):
        import socket
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        config = Path(folder) / f"mosquitto-{nodelay}.conf"
        config.write_text(MOSQUITTO.format(port=self.port, pki=pki, nodelay=nodelay))
        self.program = Program("mosquitto", "-c", config)
        wait_until(self._listens, "mosquitto listens")
        self.pid = self.program.process.pid

    def _listens(self):
        import socket
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def close(self):
        self.program.kill(15)
        self.program.close()


class Sluice:
    def __init__(self, folder, pki, hub, rules):
        self.gateway = Gateway(Path(folder) / "gateway",
                               CONFIG.format(folder=folder, pki=pki, hub=hub.connection_string(), rules=rules)).start()
        self.port = self.gateway.port
        self.pid = self.gateway.program.process.pid

    def close(self):
        self.gateway.stop()
        self.gateway.close()


def measure(server, pki, load, seconds):
    """Runs one load; (messages, server CPU seconds) between its first and its last progress report with all connected."""
    command = [BIN / "sluice", "simulate", "--to", f"127.0.0.1:{server.port}", "--pki", pki, "--seconds", seconds,
               "--payload-bytes", 200, *load]
    # On a terminal it reports once a second: "50 connected, 123456 sent, …".
    terminal, its_end = pty.openpty()
    process = subprocess.Popen([str(c) for c in command], stdout=subprocess.PIPE, stderr=its_end, text=True)
    os.close(its_end)
    devices, reports = load[load.index("--devices") + 1], []
    try:
        while text := os.read(terminal, 4096).decode():
            seen = re.search(r"(\d+) connected, (\d+) sent", text)
            if seen and int(seen[1]) == devices and int(seen[2]) > 0:
                reports.append((int(seen[2]), cpu_seconds(server.pid)))
    except OSError:
        pass  # the other end is closed: simulate has ended
    os.close(terminal)
    output, _ = process.communicate()
    if process.returncode != 0 or len(reports) < 2:
        raise SystemExit(f"simulate ended with {process.returncode} after {len(reports)} reports: {output}")
    return reports[-1][0] - reports[0][0], reports[-1][1] - reports[0][1]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", default="", help="sluice-drop, sluice-forward, mosquitto or mosquitto-nodelay")
    options = parser.parse_args()
    results = []
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder:
        pki = Path(folder) / "pki"
        sluice("pki", "init", pki)
        sluice("pki", "server", pki, "127.0.0.1")
        hub = Hub(Path(folder) / "hub").start()
        servers = {
            "mosquitto": lambda: MosquittoServer(folder, pki, "false"),
            "mosquitto-nodelay": lambda: MosquittoServer(folder, pki, "true"),
            "sluice-drop": lambda: Sluice(folder, pki, hub, RULE_FOR_ALL % "drop: true"),
            "sluice-forward": lambda: Sluice(folder, pki, hub, RULE_FOR_ALL % "into: hub"),
        }
        for what, load in LOADS:
            baseline = None
            for name, make in servers.items():
                if options.only and options.only != name:
                    continue
                server = make()
                try:
                    messages, used = measure(server, pki, load, options.seconds)
                finally:
                    server.close()
                rate = messages / max(used, 1e-9)
                baseline = baseline or rate
                results.append({"load": what, "server": name, "messages": messages, "cpu_seconds": used,
                                "messages_per_cpu_second": rate, "ratio_to_first": rate / baseline})
                if not options.json:
                    print(f"{what:36} {name:18} {rate:12,.0f} messages a CPU second  {rate / baseline:6.2f}x  "
                          f"({messages:,} in {used:.2f} CPU s)", flush=True)
        hub.close()
    if options.json:
        print(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
