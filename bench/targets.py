"""What judging may cost at most, measured: each promise with its bound, and whether it holds.

./dev bench targets [--seconds S] [--only WORD] [--json]; or, after ./dev build, `python3 bench/targets.py`. Exit 1 if one does not
hold. Rules and messages are made up with fixed seeds; all is measured now, one run, one machine. --only measures the
groups whose name holds WORD: passes, plain, regex, reduce, topics, compile, server.
"""

import argparse
import json
import math
import os
import random
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(os.environ.get("SLUICE_BIN", ROOT / "build" / "release" / "bin"))
SITES = 50
BODY_BYTES = 200


@dataclass
class Row:
    """One promise. `unit` stands behind both figures."""
    what: str
    measured: float
    bound: float
    unit: str = ""
    at_least: bool = False

    @property
    def holds(self):
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound


# Rules and messages.

def body(**members):
    """A reading of BODY_BYTES, the members given among others."""
    reading = {"device": "press-0417", "ts": 1732480000123, "state": "running", "unit": "C", "v_rms": {"x": 1.25, "y": 2.5}}
    text = json.dumps({**reading, **members}, separators=(",", ":"))
    return text[:-1] + ',"pad":"' + "x" * max(0, BODY_BYTES - len(text) - 9) + '"}'


def line(topic, payload, **more):
    return json.dumps({"device": "press-0417", "topic": topic, "payload": payload, **more}) + "\n"


def site_rules(count):
    """One equality over 50 values and two bounds each; all together take about 1 % of the messages.

    Rules of one site overlap: together they take up to four times what one does.
    """
    of_site = count / SITES
    share = 0.01 / of_site if of_site <= 1 else 0.01 / (4 - 3 / math.sqrt(of_site))
    passed = 100 * math.sqrt(share)
    at = random.Random(2)

    def bound():
        return passed * (at.uniform(0, 2) if of_site > 1 else 1)

    return [f"where: \"$body.site = 'site-{i % SITES:02}' AND $body.temperature > {100 - bound():.4f}"
            f" AND $body.pressure < {bound():.4f}\"" for i in range(count)]


def site_messages(count=1000, topic="plant/l1/press/telemetry"):
    at = random.Random(1)
    return [line(topic.format(i), body(site=f"site-{at.randrange(SITES):02}", temperature=round(at.uniform(0, 100), 3),
                                       pressure=round(at.uniform(0, 100), 3))) for i in range(count)]


class Bench:
    """Runs `sluice bench` on rules and messages of this run."""

    def __init__(self, folder, seconds):
        self.folder = Path(folder)
        self.seconds = seconds

    def __call__(self, rules, messages):
        rule_file, message_file = self.folder / "rules.yaml", self.folder / "messages.jsonl"
        rule_file.write_text("rules:\n  default: drop\n  list:\n" + "".join(f"    - {{{rule}}}\n" for rule in rules))
        message_file.write_text("".join(messages))
        command = [BIN / "sluice", "bench", "-c", rule_file, "--messages", message_file, "--seconds", str(self.seconds), "--json"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"targets: {' '.join(map(str, command))}: {done.stderr[:2000]}")
        return json.loads(done.stdout)


def google_benchmarks(pattern):
    """Points of rules_bench by name."""
    command = [BIN / "rules_bench", f"--benchmark_filter={pattern}", "--benchmark_format=json", "--benchmark_min_time=0.3"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"targets: {' '.join(map(str, command))}: {done.stderr[:2000]}")
    return {row["name"]: row for row in json.loads(done.stdout)["benchmarks"]}


# The promises, a group a function.

def passes(bench):
    """What rules cost in JSON passes, and how far single messages stray."""
    for count, bound in ((1, 3), (1000, 5), (10000, 12)):
        result = bench(site_rules(count), site_messages())
        share = 100 * result["matched"] / result["messages"]
        yield Row(f"{count:,} {'rules' if count > 1 else 'rule'}, {share:.1f} % matched: JSON passes a message", result["ns_per_message"] / result["json_pass_ns"], bound)
    yield Row("10,000 rules: p99 over the median", result["p99_ns"] / result["p50_ns"], 4)


def plain(_bench):
    """The evaluator that asks every rule, with the body read once, and read for each of them."""
    rows = google_benchmarks("BM_Judge_Sites(EachAlone)?/rules:1000(/|$)")
    times = [rows[name]["cpu_time"] for name in ("BM_Judge_Sites/rules:1000/plain:0", "BM_Judge_Sites/rules:1000/plain:1",
                                                "BM_Judge_SitesEachAlone/rules:1000")]
    yield Row("1,000 rules: times faster than plain, body read once", times[1] / times[0], 10, at_least=True)
    yield Row("1,000 rules: times faster than plain, body read a rule", times[2] / times[0], 100, at_least=True)


def regex(bench):
    """1,000 expressions over 10 of the same form: 1 % of the messages match, the others begin as one that would."""
    at = random.Random(3)
    serials = [f"PX{at.randrange(10):05}-{at.randrange(1000):03}7" if i % 100 == 0 else f"PX{at.randrange(1000):05}-a{at.randrange(1000):03}7"
               for i in range(1000)]
    messages = [line(f"plant/{serial}/telemetry", body(serial=serial)) for serial in serials]
    for what, condition in (
            ("anchored, on a body string", "REGEX_MATCH($body.serial, '^PX{0:05}-[0-9]+$')"),
            ("anchored, on the topic", "REGEX_MATCH($topic, '^plant/PX{0:05}-[0-9]+/')"),
            ("with a literal of four or more, on a body string", "REGEX_MATCH($body.serial, 'X{0:05}-[0-9]*7')")):
        few, many = (bench([f'where: "{condition.format(i)}"' for i in range(count)], messages)["ns_per_message"] for count in (10, 1000))
        yield Row(f"1,000 expressions over 10, {what}", many / few, 2)


def reduce(bench):
    """on_change over 100,000 states against the same rule without it."""
    messages = site_messages(100_000, "plant/l1/press-{:06}/telemetry")
    rule = "from: plant/+/+/telemetry, where: IS_NUMBER($body.temperature)"
    without = bench([rule], messages)
    held = bench([rule + ", on_change: {of: $body.temperature, by: 0.5}"], messages)
    more = held["ns_per_message"] - without["ns_per_message"]
    yield Row("on_change over 100,000 states: ns more a message", more, 150, "ns")
    print(f"  (that is {more / held['json_pass_ns']:.1f} JSON passes)", file=sys.stderr)


def topics(bench):
    """A topic never seen before against one that is known."""
    rules = [f"from: plant/l{i}/+/telemetry, {rule}" for i, rule in enumerate(site_rules(100))]
    known = bench(rules, site_messages(100_000, "plant/l1/press-000001/telemetry"))
    fresh = bench(rules, site_messages(100_000, "plant/l1/press-{:06}/telemetry"))
    yield Row("100,000 topics over one, 100 patterns", fresh["ns_per_message"] / known["ns_per_message"], 5)


def compile_(_bench):
    """Compiling 10,000 rules, and what they keep."""
    row = google_benchmarks("BM_Compile_Sites/10000")["BM_Compile_Sites/10000"]
    yield Row("10,000 rules compile in", row["cpu_time"], 1000, "ms")
    yield Row("10,000 rules keep, a rule", row["bytes_a_rule"], 1024, "bytes")


def server(_bench):
    """1,000 devices over mutual TLS, one message in flight each: the server's CPU with ten rules and with none."""
    import ingest
    load = ["--devices", 1000, "--qos", 1, "--rate", 0, "--window", 1]
    ten = "".join(f"    - {{name: r{i}, where: $body.temperature > {1000 + i} AND $body.humidity < {i}}}\n" for i in range(10))
    used = {"none": [], "ten": []}
    with tempfile.TemporaryDirectory(prefix="sluice-targets-") as folder:
        pki = Path(folder) / "pki"
        ingest.sluice("pki", "init", pki)
        ingest.sluice("pki", "server", pki, "127.0.0.1")
        hub = ingest.Hub(Path(folder) / "hub").start()
        for _ in range(3):
            for name, rules in (("none", ""), ("ten", "  list:\n" + ten)):
                gateway = ingest.Sluice(folder, pki, hub, rules=rules)
                try:
                    messages, seconds = ingest.measure(gateway, pki, load, 10)
                finally:
                    gateway.close()
                used[name].append(seconds / messages)
        hub.close()
    # What disturbs a run only ever adds to it.
    yield Row("1,000 devices, one in flight: CPU that ten rules add", 100 * (min(used["ten"]) / min(used["none"]) - 1), 5, "%")


GROUPS = {"passes": passes, "plain": plain, "regex": regex, "reduce": reduce, "topics": topics, "compile": compile_, "server": server}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=2, help="of each run of sluice bench")
    parser.add_argument("--only", default="", metavar="WORD")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    chosen = {name: group for name, group in GROUPS.items() if options.only in name}
    if not chosen:
        parser.error(f"no group is named like '{options.only}': there are {' '.join(GROUPS)}")
    rows = []
    with tempfile.TemporaryDirectory(prefix="sluice-targets-") as folder:
        for group in chosen.values():
            for row in group(Bench(folder, options.seconds)):
                rows.append(row)
                if not options.json:
                    unit = f" {row.unit}" if row.unit else ""
                    print(f"{row.what:64} {row.measured:9,.1f}{unit:6} {'at least' if row.at_least else 'at most':>8} {row.bound:6,g}"
                          f"  {'holds' if row.holds else 'DOES NOT HOLD'}", flush=True)
    if options.json:
        print(json.dumps([{**asdict(row), "holds": row.holds} for row in rows], indent=1))
    failed = sum(not row.holds for row in rows)
    if failed:
        print(f"{failed} of {len(rows)} do not hold", file=sys.stderr)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
