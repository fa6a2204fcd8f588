"""Cycles of faults over real programs, and whether every promise was kept: ./dev bench faults [--cycles N] [--seed S].

A cycle begins one to three faults, holds them, ends them in any order, and waits until every device is acknowledged again.
After some cycles everything is let through and the ledgers are compared: lost, duplicated, out of order (ledger.py). Exit 0:
nothing is wrong; 1: something is, and the folder with all logs is kept.

A seed fixes which faults come, how long they last, and what devices send; what the machine makes of it in between is its own.
"""

import argparse
import collections
import random
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

sys.path.insert(0, str(Path(__file__).resolve().parent))
import torn_log  # noqa: E402
import world as world_of  # noqa: E402
from world import World  # noqa: E402

HOUR_US = 3600 * 1_000_000


# A fault begins when it is called and returns what ends it.

def kill_gateway(world, _chance):
    world.gateway.program.kill()
    world.gateway.close()
    return world.gateway.start


def stop_gateway(world, _chance):
    code = world.gateway.stop()
    world.gateway.close()
    if code != 0:
        raise AssertionError(f"SIGTERM: the gateway ended with {code}")
    return world.gateway.start


def tear_log(world, chance):
    end = kill_gateway(world, chance)
    torn_log.tear(world.folder / "state/spool/hub/spool.db-wal", chance)
    return end


def cut_power(world, chance):
    """kill -9, and what was written and not synced is gone: all of it, or torn. Syncs are slow before, so that there is some."""
    shim = world.gateway_shim
    shim.set_sync_delay(chance.uniform(0.05, 0.3))
    time.sleep(chance.uniform(0.05, 0.4))
    end = kill_gateway(world, chance)
    for name in shim.UNSYNCED:
        torn_log.lose(world.folder / "state/spool/hub" / name, shim.unsynced(name), chance)
    shim.forget_unsynced()
    shim.set_sync_delay(0)
    return end


def slow_disk(world, chance):
    world.gateway_shim.set_sync_delay(chance.uniform(0.05, 0.5))
    return lambda: world.gateway_shim.set_sync_delay(0)


def boot_in_1970(world, chance):
    """No clock until the time server is reached. It must not start: who is let in by certificates of no known age? Whoever
    started it tries again."""
    start = kill_gateway(world, chance)
    right = world.gateway_shim.offset_us
    world.gateway_shim.set_clock(int(-time.time() * 1_000_000))
    try:
        start()
    except AssertionError as refusal:
        if "check this box's clock" not in str(refusal):
            raise
    else:
        raise AssertionError("the gateway started in 1970")
    world.gateway.close()

    def end():
        world.gateway_shim.set_clock(right)
        start()
    return end


def kill_hub(world, _chance):
    world.hub.kill()
    return world.hub.start


def cut(link):
    def begin(world, chance):
        of_world = getattr(world, link)
        of_world.refusing = chance.random() < 0.5
        of_world.cut()
        return of_world.heal
    return begin


def freeze(link):
    """Nothing moves, nobody is told; then it goes on, or ends."""
    def begin(world, chance):
        of_world = getattr(world, link)
        of_world.frozen = True
        ends = chance.random() < 0.5

        def end():
            if ends:
                of_world.cut()
            of_world.heal()
        return end
    return begin


def slow(link, least, most):
    def begin(world, chance):
        of_world = getattr(world, link)
        of_world.bytes_per_second = chance.randint(least, most)
        return of_world.heal
    return begin


def fill_disk(world, chance):
    world.disk.fill(leave=chance.choice((0, 4096, 1 << 16, 1 << 20)))
    return world.disk.free


def hub_fault(**command):
    def begin(world, chance):
        chosen = {name: chance.choice(value) if isinstance(value, list) else value for name, value in command.items()}
        world.control({"op": "fault"} | chosen)
        return lambda: world.control({"op": "fault", "kind": "none"})
    return begin


def lose_pubacks(world, chance):
    """A hub that stores and does not answer, or does neither, until its connections end: on a living one the gateway would wait
    for dead_after, since a throttled hub looks the same."""
    world.control({"op": "fault", "kind": "no-ack", "store": chance.random() < 0.5})

    def end():
        # The connections first: no hub goes on with the next message where it has lost one.
        world.control({"op": "fault", "kind": "disconnect"})
        world.control({"op": "fault", "kind": "none"})
    return end


def set_clock_wrong(world, chance):
    """By half an hour to one and a half, either way; then right again."""
    shim, right = world.gateway_shim, world.gateway_shim.offset_us
    shim.set_clock(right + int(chance.choice((-1, 1)) * HOUR_US * (0.5 + chance.random())))
    return lambda: shim.set_clock(right)


def expire_tokens(world, _chance):
    """Six minutes go by at once, for both: the hub cuts what was signed for five."""
    for shim in (world.gateway_shim, world.hub_shim):
        shim.set_clock(shim.offset_us + HOUR_US // 10)
    return lambda: None


@dataclass
class Fault:
    name: str
    what: str  # the part that fails: one fault at a time of each
    begin: Callable
    weight: int = 2


FAULTS = [
    Fault("kill -9 of the gateway", "gateway", kill_gateway, 6),
    Fault("kill -9, torn log", "gateway", tear_log, 4),
    Fault("power cut", "gateway", cut_power, 6),
    Fault("stop and start", "gateway", stop_gateway),
    Fault("kill -9, boot in 1970", "gateway", boot_in_1970, 1),
    Fault("kill -9 of the hub", "hub", kill_hub, 4),
    Fault("hub: slow", "hub", hub_fault(kind="slow", delayMs=[50, 500])),
    Fault("hub: PUBACKs missing", "hub", lose_pubacks),
    Fault("hub: throttled", "hub", hub_fault(kind="throttle", perSecond=[2, 20], patienceMs=300)),
    Fault("hub: cut after some", "hub", hub_fault(kind="disconnect", after=[1, 5], count=3, refuseMs=[0, 300])),
    Fault("hub link cut", "hub link", cut("hub_link"), 3),
    Fault("hub link frozen", "hub link", freeze("hub_link")),
    Fault("hub link slow", "hub link", slow("hub_link", 2_000, 50_000)),
    Fault("device links cut", "device link", cut("device_link"), 3),
    Fault("device links frozen", "device link", freeze("device_link")),
    Fault("device links slow", "device link", slow("device_link", 5_000, 100_000)),
    Fault("disk full", "disk", fill_disk, 4),
    Fault("disk slow", "disk", slow_disk, 2),
    Fault("gateway's clock off", "clock", set_clock_wrong),
    Fault("token expired", "clock", expire_tokens),
]


ALSO = {boot_in_1970: "clock", cut_power: "disk"}


def possible(world):
    """The faults that can be played here, and why others cannot."""
    missing = {}
    if not world.disk.mounted:
        missing["a small disk is a tmpfs, and mounting one takes root"] = {fill_disk}
    if not world.library:
        missing["libfault_shim.so is not built"] = {cut_power, slow_disk, boot_in_1970, set_clock_wrong, expire_tokens}
    without = set().union(*missing.values())
    skipped = {why: [f.name for f in FAULTS if f.begin in begins] for why, begins in missing.items()}
    return [f for f in FAULTS if f.begin not in without], skipped


def choose(faults, chance):
    """One to three, of different parts. Some need a second part for themselves."""
    chosen, busy = [], set()
    for _ in range(chance.choice((1, 1, 2, 2, 3))):
        open_to = [f for f in faults if not busy & {f.what, ALSO.get(f.begin)}]
        fault = chance.choices(open_to, [f.weight for f in open_to])[0]
        busy |= {fault.what, ALSO.get(fault.begin)} - {None}
        chosen.append(fault)
    return chosen


def run_cycle(world, faults, chance, note):
    chosen = choose(faults, chance)
    note(" + ".join(f.name for f in chosen))
    ends = []
    for fault in chosen:
        time.sleep(chance.random() * 0.3)
        ends.append(fault.begin(world, chance))
    # Now and then long enough that what waits turns to backlog while devices go on.
    time.sleep(chance.uniform(4.5, 6) if chance.random() < 0.04 else chance.random() * 0.6)
    chance.shuffle(ends)
    for end in ends:
        end()
        time.sleep(chance.random() * 0.1)
    world.await_progress()


def run(options, folder):
    world = World(folder, options.seed, options.library)
    faults, skipped = possible(world)
    for why, names in skipped.items():
        print(f"faults: SKIPPED: {', '.join(names)}: {why}", flush=True)
    counts, played, history = collections.Counter(), collections.Counter(), []

    def note(text):
        history.append(f"cycle {cycle}: {text}")
        played.update(text.split(" + "))

    began = time.monotonic()
    cycle = 0
    try:
        for cycle in range(1, options.cycles + 1):
            run_cycle(world, faults, random.Random(f"{options.seed}/{cycle}"), note)
            if cycle % options.every and cycle != options.cycles:
                continue
            verdict = world.close_ledger()
            counts += verdict.counts
            if verdict.wrong:
                raise AssertionError("\n  ".join([f"{len(verdict.wrong)} promises broken"] + verdict.wrong))
            print(f"faults: {cycle} of {options.cycles} cycles in {time.monotonic() - began:.0f} s, seed {options.seed}: "
                  + ", ".join(f"{n:,} {name}" for name, n in counts.items()), flush=True)
            history.clear()
            world.open_ledger()
    except AssertionError as error:
        print(f"faults: WRONG at cycle {cycle}, seed {options.seed}: {error}\n  since the ledgers last agreed:\n    "
              + "\n    ".join(history), flush=True)
        return False
    finally:
        world.close()
    print("faults: nothing acknowledged lost, nothing duplicated or out of order. Faults played: "
          + ", ".join(f"{n} {name}" for name, n in played.most_common()), flush=True)
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cycles", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--every", type=int, default=5, metavar="CYCLES", help="between two comparisons of the ledgers")
    parser.add_argument("--keep", action="store_true", help="the folder, though nothing is wrong")
    options = parser.parse_args()
    library = world_of.harness.BIN.parent / "lib" / "libfault_shim.so"
    options.library = library if library.exists() else None
    # Ends by itself when told to: what is mounted is unmounted.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    folder = Path(tempfile.mkdtemp(prefix="sluice-faults-"))
    right = run(options, folder)
    if right and not options.keep:
        shutil.rmtree(folder, ignore_errors=True)
    else:
        print(f"faults: kept {folder}", flush=True)
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
