"""A day without a hub: disk and memory bounded, nothing missing but what was counted, and live messages first when it is back.

./dev bench outage [--hours H] [--max-bytes MIB] [--only store|gateway] [--json]; exit 1 if something does not hold.

store: the spool alone plays the day, 2,000 records a second into 1 GiB with drop_oldest, by a clock of its own (spool_outage.cc; some
minutes), then is drained at 20 times the rate while as many records as before go on coming in.
gateway: the real programs. Devices fill the same spool over mutual TLS as fast as it goes, until it drops; then the hub comes back
and 2,000 messages a second go on. How old they are is told by the hub: its time less the gateway's.
"""

import argparse
import datetime
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "e2e"))
from harness import BIN, Gateway, Hub, sluice, wait_until  # noqa: E402
from targets import Row  # noqa: E402

LIVE_RATE = 2_000
DEVICES = 50
DRAIN_FACTOR = 20
LIVE_AGE_MS = 5_000
LOG_BYTES = 33 << 20  # beside the file, at most
MEMORY_BYTES = 256 << 20

CONFIG = """
gateway: {{name: gw-01, workers: 1, state: {folder}/state}}
listeners:
  - address: "127.0.0.1:0"
    tls: {{certificate: {pki}/server.crt, key: {pki}/server.key, client_ca: {pki}/ca.crt}}
devices: {{publish: ["#"]}}
rules: {{default: forward}}
outputs:
  hub: {{type: iothub, connection_string: "{hub}", ca: {folder}/hub/ca.crt, reconnect_max: 200ms, pack: {{max_bytes: 64KiB}}}}
spool: {{max_bytes: {max_bytes}, overflow: drop_oldest}}
operate: {{http: "127.0.0.1:0", log_level: error}}
"""


def mib(size):
    return size / (1 << 20)


def store(options):
    with tempfile.TemporaryDirectory(prefix="sluice-outage-") as folder:
        done = subprocess.run([str(BIN / "spool_outage"), f"{folder}/hub", str(int(options.hours * 3600)), str(options.bytes)],
                              capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"outage: spool_outage: {done.stderr}")
    result = json.loads(done.stdout)
    print(f"  store: {json.dumps(result)}", file=sys.stderr)
    missing = result["accepted"] - result["delivered"] - result["dropped"]
    yield Row(f"store, {options.hours:g} h: records neither delivered nor counted, or delivered twice",
              abs(missing) + result["again"], 0)
    yield Row("store: disk", mib(result["max_disk"]), mib(options.bytes + LOG_BYTES), "MiB")
    yield Row("store: memory", mib(result["max_resident"] - result["ledger_bytes"]), mib(MEMORY_BYTES), "MiB")
    yield Row("store: age of the oldest live record", result["oldest_live_ms"], LIVE_AGE_MS, "ms")
    # All but the live share of what the far side takes.
    least = result["backlog"] / (result["rate"] * (result["drain_factor"] - 1))
    yield Row(f"store: {result['backlog']:,} drained, over the time that 20 times the rate takes", result["drained_in_s"] / least, 1.05)


def simulate(gateway, pki, *more):
    return subprocess.Popen([str(c) for c in (BIN / "sluice", "simulate", "--to", f"127.0.0.1:{gateway.port}", "--pki", pki,
                                              "--devices", DEVICES, "--qos", 1, "--payload-bytes", 200, *more)],
                            stdout=subprocess.PIPE, text=True)


def acknowledged(process):
    output, _ = process.communicate()
    if process.returncode != 0:
        raise SystemExit(f"outage: simulate ended with {process.returncode}: {output}")
    return next(int(line.split()[1]) for line in output.splitlines() if line.startswith("acknowledged"))


def resident(pid):
    line = next(text for text in Path(f"/proc/{pid}/status").read_text().splitlines() if text.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def on_disk(folder):
    return sum(file.stat().st_size for file in Path(folder).iterdir())


def micros(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1e6


def gateway(options):
    with tempfile.TemporaryDirectory(prefix="sluice-outage-") as name:
        folder, pki = Path(name), Path(name) / "pki"
        sluice("pki", "init", pki)
        sluice("pki", "server", pki, "127.0.0.1")
        hub = Hub(folder / "hub", tier="S3").start()
        there = Gateway(folder / "gateway", CONFIG.format(folder=folder, pki=pki, hub=hub.connection_string(),
                                                          max_bytes=options.bytes)).start()
        try:
            yield from outage(options, folder, pki, hub, there)
        finally:
            there.close()
            hub.close()


def outage(options, folder, pki, hub, there):
    hub.kill()
    spool, accepted = folder / "state/spool/hub", 0
    while there.metric("sluice_spool_dropped_total") == 0:
        accepted += acknowledged(simulate(there, pki, "--rate", 0, "--window", 64, "--seconds", 5))
    disk = on_disk(spool)
    backlog = int(there.metric("sluice_spool_messages"))
    live = simulate(there, pki, "--rate", LIVE_RATE / DEVICES, "--seconds", options.live_seconds)
    hub.start()
    back = time.time()
    # Both at once: what was there, and what comes.
    wait_until(lambda: there.metric("sluice_uplink_connected") == 1, "the hub's CONNACK", 60)
    began, sent_before = time.monotonic(), there.metric("sluice_uplink_readings_total")
    wait_until(lambda: there.metric("sluice_uplink_readings_total") - sent_before >= backlog, "the backlog to drain", 600)
    drain_rate = (there.metric("sluice_uplink_readings_total") - sent_before) / (time.monotonic() - began)
    live_was_there = live.poll() is None
    accepted += acknowledged(live)
    wait_until(lambda: there.metric("sluice_spool_messages") == 0, "the rest to drain", 60)
    disk = max(disk, on_disk(spool))
    dropped, memory = int(there.metric("sluice_spool_dropped_total")), resident(there.program.process.pid)
    there.stop()
    hub.program.stop()

    ids, oldest = set(), 0.0
    with open(folder / "hub/messages.jsonl", "rb") as file:
        for line in file:
            message = json.loads(line)
            enqueued = micros(message["enqueuedTime"])
            for reading in message["payload"]:
                ids.add(reading["id"])
                taken = micros(reading["time"])
                if taken > back * 1e6:
                    oldest = max(oldest, (enqueued - taken) / 1000)
    if not live_was_there:
        print(f"  the live messages ended before the backlog did: raise --live-seconds above {options.live_seconds}", file=sys.stderr)
    yield Row(f"gateway: of {accepted:,} acknowledged, neither at the hub nor counted as dropped ({dropped:,})",
              abs(accepted - dropped - len(ids)), 0)
    yield Row("gateway: disk", mib(disk), mib(options.bytes + LOG_BYTES), "MiB")
    yield Row("gateway: memory", mib(memory), mib(MEMORY_BYTES), "MiB")
    yield Row("gateway: age of the oldest live message at the hub", oldest, LIVE_AGE_MS, "ms")
    yield Row(f"gateway: {backlog:,} waited; drained at times the live rate", drain_rate / LIVE_RATE, DRAIN_FACTOR, at_least=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=24)
    parser.add_argument("--max-bytes", dest="bytes", type=lambda text: int(text) << 20, default=1 << 30, metavar="MIB")
    parser.add_argument("--live-seconds", type=float, default=90, help="gateway: how long live messages go on")
    parser.add_argument("--only", choices=("store", "gateway"))
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = []
    for part in (gateway, store):
        if options.only not in (None, part.__name__):
            continue
        for row in part(options):
            rows.append(row)
            if not options.json:
                sign = ">=" if row.at_least else "<="
                print(f"{'holds' if row.holds else 'FAILS':5}  {row.what}: {row.measured:,.2f} {row.unit} ({sign} {row.bound:,.2f})",
                      flush=True)
    if options.json:
        print(json.dumps([{**row.__dict__, "holds": row.holds} for row in rows], indent=1))
    sys.exit(0 if all(row.holds for row in rows) else 1)


if __name__ == "__main__":
    main()
