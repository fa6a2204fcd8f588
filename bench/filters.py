"""Judging over rules x selectivity x body size x kinds of rules: JSON, and a page with charts.

./dev bench filters [--only REGEX] [--out FOLDER]; or, after ./dev build, `python3 bench/filters.py`. Takes some
minutes; bench/README.md says how to read it. --only takes a regular expression over names such as
mixed/rules:1000/matched:1/body:200.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import filters_page

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(os.environ.get("SLUICE_BIN", ROOT / "build" / "release" / "bin"))


def show_progress(lines, total):
    """Copies what the benchmarks print to the terminal as one line that counts."""
    done = 0
    for line in lines:
        if name := re.match(r"[a-z-]+/rules:\d+/matched:\d+/body:\d+", line):
            done += 1
            print(f"\r{done:4}/{total}  {name[0]:48}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)


def names(only):
    listed = subprocess.run([BIN / "filters_bench", "--benchmark_list_tests", f"--benchmark_filter={only}"],
                            capture_output=True, text=True)
    return listed.stdout.split()


def run(only, result):
    command = [BIN / "filters_bench", f"--benchmark_filter={only}", f"--benchmark_out={result}",
               "--benchmark_out_format=json"]
    total = len(names(only))
    if total == 0:
        raise SystemExit(f"filters: no point is named like '{only}'")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1) as process:
        show_progress(process.stdout, total)
    if process.returncode != 0:
        raise SystemExit(f"filters: {' '.join(map(str, command))} ended with {process.returncode}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default=".", metavar="REGEX", help="points whose name it is found in")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench", metavar="FOLDER")
    parser.add_argument("--page-of", type=Path, metavar="JSON", help="measures nothing: the page of an earlier run")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    result, page = options.out / "filters.json", options.out / "filters.html"
    if options.page_of:
        result = options.page_of
    else:
        run(options.only, result)
    page.write_text(filters_page.page(json.loads(result.read_text())), encoding="utf-8")
    print(f"{result}\n{page}")


if __name__ == "__main__":
    main()
