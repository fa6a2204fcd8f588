"""What a crash may leave behind the last commit of a spool's log (SQLite's WAL): nothing, a part of a transaction, garbage.

Nothing before the end of the last commit is touched: the disk had that, and acknowledgements rest on it.
"""

import struct
from pathlib import Path

HEADER, FRAME_HEADER, PAGE, SECTOR = 32, 24, 4096, 512
FRAME = FRAME_HEADER + PAGE


def end_of_commits(log):
    """Where the last committed transaction of the log's present generation ends; None for no log."""
    if len(log) < HEADER:
        return None
    salts = log[16:24]
    end = at = HEADER
    while at + FRAME <= len(log) and log[at + 8:at + 16] == salts:
        at += FRAME
        if struct.unpack(">I", log[at - FRAME + 4:at - FRAME + 8])[0] != 0:
            end = at
    return end


def lose(path, ranges, random):
    """What a power cut makes of bytes that were written and not synced: there, or not, or something else, sector by sector."""
    path = Path(path)
    if not path.exists() or not ranges:
        return
    size = path.stat().st_size
    with open(path, "r+b", buffering=0) as file:
        all_of_it = random.random() < 0.5
        for offset, length in ranges:
            for at in range(offset, min(offset + length, size), SECTOR):
                if all_of_it or random.random() < 0.5:
                    file.seek(at)
                    file.write(random.randbytes(min(SECTOR, offset + length - at, size - at)))
        # The length of a file is not synced before its bytes are.
        end = max(offset + length for offset, length in ranges)
        if end >= size and random.random() < 0.5:
            file.truncate(random.randint(min(min(offset for offset, _ in ranges), size), size))


def tear(path, random):
    """Returns what was done, for people."""
    path = Path(path)
    if not path.exists():
        return "no log"
    log = path.read_bytes()
    end = end_of_commits(log)
    if end is None:
        return "an empty log"
    garbage = random.randbytes(random.randint(1, 3 * FRAME))
    if random.random() < 0.5:
        # Frames of the next transaction that look right until their checksum: the page was not on the disk yet.
        frame = struct.pack(">II", random.randint(1, 50), random.choice((0, 50))) + log[16:24] + random.randbytes(8)
        garbage = frame + garbage
    what = random.choice(("cut", "overwritten", "cut and garbage"))
    try:
        with open(path, "r+b", buffering=0) as file:
            if what != "overwritten":
                file.truncate(end)
            if what != "cut":
                file.seek(end)
                file.write(garbage)
    except OSError as error:  # the disk may be full
        what += f" as far as there was room ({error.strerror})"
    return f"{what} at {end} of {len(log)}"
