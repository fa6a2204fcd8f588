"""What devices were promised against what the hub has: lost, duplicated, out of order.

Pure: no socket, no clock. A stream is (output, device, kind, epoch): a kind has one priority and one set of properties, an
epoch is a process of the gateway. Only first arrivals are put in order; what comes again is counted by who sent it again.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

# Where messages of a kind must arrive.
OUTPUTS = {"u": ("hub",), "n": ("hub",), "b": ("hub",), "d": ("direct",), "x": ("hub", "direct")}
# Outputs with two lanes: what has waited this long since it was sent may be overtaken by what is newer.
LIVE_FOR_S = {"hub": 4.0}


@dataclass(frozen=True)
class Arrival:
    output: str
    id: str  # EPOCH-SEQUENCE
    device: str
    number: int
    at: float  # when it was seen, on the clock of Sent.at


@dataclass
class Verdict:
    """`wrong` breaks a promise; `counts` is what is allowed, counted apart."""
    wrong: list = field(default_factory=list)
    counts: Counter = field(default_factory=Counter)

    def add(self, kind, text):
        self.counts[kind] += 1
        if self.counts[kind] <= 20:
            self.wrong.append(f"{kind}: {text}")


def judge(sent, arrivals, exactly_once=(), closed=None):
    """`sent`: device to {number: Sent}; `exactly_once`: devices whose resends the gateway must recognise (QoS 2, a kept
    session); `closed`: (output, id) to the message of all that arrived in earlier ledgers: it may come again, under that id."""
    verdict = Verdict()
    seen = {}  # (output, id) to message
    ids = defaultdict(list)  # (output, device, number) to its ids
    streams = defaultdict(list)
    for arrival in arrivals:
        message = (arrival.device, arrival.number)
        if (closed or {}).get((arrival.output, arrival.id)) == message:
            verdict.counts["gateway's resends after a ledger was closed"] += 1
            continue
        record = sent.get(arrival.device, {}).get(arrival.number)
        if record is None:
            verdict.add("invented", f"{arrival}: nobody sent it")
            continue
        if arrival.output not in OUTPUTS[record.kind]:
            verdict.add("astray", f"{arrival}: of kind {record.kind}")
        name = (arrival.output, arrival.id)
        if name in seen:
            verdict.counts["gateway's resends"] += 1
            if seen[name] != message:
                verdict.add("id used twice", f"{name} names {seen[name]} and {message}")
            continue
        seen[name] = message
        of_message = ids[(arrival.output, *message)]
        of_message.append(arrival.id)
        if len(of_message) > 1:
            verdict.counts["devices' resends"] += 1
        epoch = arrival.id.rsplit("-", 1)[0]
        if not any(other.rsplit("-", 1)[0] == epoch for other in of_message[:-1]):
            streams[(arrival.output, arrival.device, record.kind, epoch)].append((arrival, arrival.at - record.at))
        elif arrival.device in exactly_once:
            verdict.add("duplicated", f"{message} at QoS 2 twice in one process: {of_message}")
    _missing(sent, ids, verdict)
    _too_often(sent, ids, verdict)
    for stream, first in streams.items():
        _order(stream, first, verdict)
    return verdict


def _missing(sent, ids, verdict):
    for device, messages in sent.items():
        for number, record in messages.items():
            if not record.acknowledged:
                continue
            verdict.counts["acknowledged"] += 1
            for output in OUTPUTS[record.kind]:
                if (output, device, number) not in ids:
                    verdict.add("lost", f"{device} {number} of kind {record.kind} was acknowledged and is not in '{output}'")


def _too_often(sent, ids, verdict):
    """A message has as many ids as a device sent it, at most: more would be the gateway's duplicates under new ids."""
    for (output, device, number), of_message in ids.items():
        verdict.counts["arrived"] += 1
        if len(of_message) > sent[device][number].times:
            verdict.add("duplicated", f"{device} {number} was sent {sent[device][number].times} times and has in '{output}' "
                                      f"the ids {of_message}")


def _order(stream, first, verdict):
    """Two rising sequences at most, the live lane's and the backlog's, and in the backlog only what has waited."""
    live, backlog = 0, 0
    for arrival, waited in first:
        number = arrival.number
        if number > live:
            live = number
            continue
        verdict.counts["overtaken in the backlog"] += 1
        if waited < LIVE_FOR_S.get(stream[0], float("inf")):
            verdict.add("reordered", f"{stream}: {number} came after {live}, {waited:.1f} s after it was sent")
        elif number < backlog:
            verdict.add("reordered", f"{stream}: {number} came after {backlog}, both of the backlog")
        backlog = max(backlog, number)
