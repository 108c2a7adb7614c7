"""How fast the writer puts events on record: durable, numbered, chained, against plain writes.

The other side writes the same bytes to a file and calls fdatasync as often, with nothing computed:
the floor that any durable record has on this disk. Both take turns, batch by batch of rounds, in
one run; the ratio is ours to the other's, its spread the quartiles over the rounds.
"""

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from klover.event import Intent
from klover.log import SpoolWriter
from klover.log.keys import make_key

ROUNDS = 15
EVENT = Intent(
    time="2026-11-24T10:00:00.000000Z",
    session="8d0e7b66-5f0c-4c58-9a0f-1f2f4b1a9d10",
    statement=1,
    door="engineering-abroad",
    text="select id, handle, country from accounts where id = $1 order by handle limit $2",
    statement_digest="ab" * 32,
    columns=("accounts.id", "accounts.handle", "accounts.country"),
)


def ours(folder: Path, batch: int, flushes: int) -> Callable[[], float]:
    """Make a round of ours; a round tells records a second."""
    writer = SpoolWriter.open(folder, f"batch-{batch}", make_key("bench"))

    def run() -> float:
        begun = time.perf_counter()
        for _ in range(flushes):
            for _ in range(batch):
                writer.append(EVENT)
            writer.flush()
        return batch * flushes / (time.perf_counter() - begun)

    return run


def plain(folder: Path, batch: int, flushes: int) -> Callable[[], float]:
    """Make a round of plain writes of as many bytes."""
    writer = SpoolWriter.open(folder / "measure", f"batch-{batch}", make_key("bench"))
    records = folder / "measure" / f"batch-{batch}" / "records"
    before = records.stat().st_size
    for _ in range(batch):
        writer.append(EVENT)
    writer.close()
    data = bytes(records.stat().st_size - before)
    file = os.open(folder / f"plain-{batch}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def run() -> float:
        begun = time.perf_counter()
        for _ in range(flushes):
            os.write(file, data)
            os.fdatasync(file)
        return batch * flushes / (time.perf_counter() - begun)

    return run


def compare(folder: Path, batch: int, flushes: int) -> dict[str, object]:
    """Run both in turns."""
    left, right = ours(folder, batch, flushes), plain(folder, batch, flushes)
    left(), right()
    pairs = [(left(), right()) for _ in range(ROUNDS)]
    ratios = sorted(a / b for a, b in pairs)
    quartiles = statistics.quantiles(ratios, n=4)
    return {
        "case": f"append and flush, batches of {batch}",
        "ours": round(statistics.median(a for a, _ in pairs)),
        "other": round(statistics.median(b for _, b in pairs)),
        "unit": "records/s",
        "ratio": round(statistics.median(ratios), 3),
        "spread": [round(quartiles[0], 3), round(quartiles[2], 3)],
    }


def append_alone(folder: Path) -> dict[str, object]:
    """Time an append without its flush, against encoding the same event as JSON."""
    writer = SpoolWriter.open(folder, "alone", make_key("bench"))
    times: list[tuple[float, float]] = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        for _ in range(1000):
            writer.append(EVENT)
        middle = time.perf_counter()
        for _ in range(1000):
            json.dumps(EVENT.payload())
        times.append(((middle - begun) * 1000, (time.perf_counter() - middle) * 1000))
        writer.flush()
    ratios = sorted(a / b for a, b in times)
    quartiles = statistics.quantiles(ratios, n=4)
    return {
        "case": "append, against the event's JSON alone",
        "ours": round(statistics.median(a for a, _ in times), 2),
        "other": round(statistics.median(b for _, b in times), 2),
        "unit": "us/record",
        "ratio": round(statistics.median(ratios), 3),
        "spread": [round(quartiles[0], 3), round(quartiles[2], 3)],
    }


def main() -> None:
    """Run every case and print it."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        cases = [append_alone(folder)]
        cases += [
            compare(folder, batch, flushes) for batch, flushes in ((1, 64), (32, 32), (512, 8))
        ]
    if "--json" in sys.argv[1:]:
        print(json.dumps({"name": "log", "cases": cases}))
        return
    for case in cases:
        print(
            f"{case['case']:<42} ours {case['ours']:>9} other {case['other']:>9} "
            f"{case['unit']:<10} ratio {case['ratio']} {case['spread']}"
        )


if __name__ == "__main__":
    main()
