"""What `ack: stored` costs: against `ack: received` in messages a CPU second, and how long a PUBACK takes against the disk's fsync.

./dev bench stored [--seconds S] [--runs N] [--only cost|latency] [--json]; exit 1 if a bound does not hold. 50 devices over mutual
TLS, QoS 1, 200-byte readings, one worker; all goes on to a mosquitto over TLS, as in bench/forward.py.

cost: full speed; CPU is what the gateway used until the receiver had everything. Runs alternate; the medians are compared.
latency: 20,000 messages a second. PUBACK times are those of `sluice simulate`, from when a message was due. The disk's own are those
of a probe that appends 4 KiB to a file beside the spool and calls fdatasync, 100 times a second, in the same seconds.
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import forward
from forward import BIN, DEVICES, Receiver, Sluice, sluice
from targets import Row

RATE = 20_000
COST_FACTOR = 2.5
FSYNC_FACTOR, FSYNC_MORE_MS = 3, 2


class DiskProbe(threading.Thread):
    """Appends and syncs while it runs."""

    def __init__(self, folder):
        super().__init__()
        self.path = folder / "probe"
        self.times_ms = []
        self.quit = threading.Event()
        self.start()

    def run(self):
        block = os.urandom(4096)
        fd = os.open(self.path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
        while not self.quit.wait(0.01):
            os.write(fd, block)
            began = time.perf_counter()
            os.fdatasync(fd)
            self.times_ms.append((time.perf_counter() - began) * 1000)
        os.close(fd)

    def p99(self):
        self.quit.set()
        self.join()
        return sorted(self.times_ms)[int(len(self.times_ms) * 0.99)]


def cost(options, folder, pki):
    rates = {"received": [], "stored": []}
    for _ in range(options.runs):
        receiver = Receiver(folder, pki)
        for ack, of in rates.items():
            server = Sluice(folder, pki, receiver, "64KiB", ack)
            try:
                readings, used = forward.measure(server, pki, options.seconds)
            finally:
                server.close()
            of.append(readings / used)
            print(f"  ack: {ack:8}  {of[-1]:12,.0f} messages a CPU second ({readings:,})", file=sys.stderr)
        receiver.close()
    received, stored = (statistics.median(of) for of in rates.values())
    yield Row(f"received over stored, messages a CPU second ({received:,.0f} over {stored:,.0f})", received / stored, COST_FACTOR)


def puback_p99(server, pki, seconds):
    """Milliseconds; and how many were acknowledged a second."""
    done = subprocess.run([str(c) for c in (BIN / "sluice", "simulate", "--to", f"127.0.0.1:{server.port}", "--pki", pki,
                                            "--devices", DEVICES, "--qos", 1, "--rate", RATE / DEVICES, "--window", 1000,
                                            "--payload-bytes", 200, "--seconds", seconds)], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"stored: simulate ended with {done.returncode}: {done.stdout}{done.stderr}")
    number = {"ms": 1, "us": 1e-3, "µs": 1e-3, "s": 1e3}
    value, unit = re.search(r"p99 ([\d.,]+) ?(ms|us|µs|s)\b", done.stdout).groups()
    acknowledged = next(int(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("acknowledged"))
    return float(value.replace(",", "")) * number[unit], acknowledged / seconds


def latency(options, folder, pki):
    receiver = Receiver(folder, pki)
    measured = []
    for _ in range(options.runs):
        of_run = {}
        for ack in ("received", "stored"):
            server = Sluice(folder, pki, receiver, "64KiB", ack)
            probe = DiskProbe(folder)
            try:
                p99, rate = puback_p99(server, pki, options.seconds * 2)
                of_run[ack] = (p99, probe.p99(), rate)
            finally:
                probe.quit.set()
                server.close()
        (without, _, _), (p99, fsync, rate) = of_run["received"], of_run["stored"]
        print(f"  PUBACK p99 {p99:.2f} ms at {rate:,.0f} a second (received: {without:.2f} ms), fdatasync p99 {fsync:.2f} ms", file=sys.stderr)
        measured.append((p99 / (FSYNC_FACTOR * fsync + FSYNC_MORE_MS), p99, fsync))
    receiver.close()
    _, p99, fsync = sorted(measured)[len(measured) // 2]
    yield Row(f"PUBACK p99 at {RATE:,} messages a second, the disk's fdatasync p99 being {fsync:.2f} ms", p99,
              FSYNC_FACTOR * fsync + FSYNC_MORE_MS, "ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", choices=("cost", "latency"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as name:
        folder, pki = Path(name), Path(name) / "pki"
        sluice("pki", "init", pki)
        sluice("pki", "server", pki, "127.0.0.1")
        for part in (cost, latency):
            if options.only in (None, part.__name__):
                rows += part(options, folder, pki)
    if options.json:
        print(json.dumps([{**row.__dict__, "holds": row.holds} for row in rows], indent=1))
    else:
        for row in rows:
            print(f"{'holds' if row.holds else 'FAILS':5}  {row.what}: {row.measured:,.2f} {row.unit} (<= {row.bound:,.2f})")
    sys.exit(0 if all(row.holds for row in rows) else 1)


if __name__ == "__main__":
    main()
