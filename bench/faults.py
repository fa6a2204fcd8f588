"""Cycles of faults over the real programs, and whether every promise was kept: tests/faults, as long as it is told to run.

./dev bench faults [--cycles N] [--seed S]; exit 1 if anything was lost, duplicated or out of order.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "faults"))


def main():
    import faults  # of tests/faults
    faults.main()


if __name__ == "__main__":
    main()
