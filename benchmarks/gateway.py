"""What the gateway costs: statements through it against the same on a direct unix socket.

``pgbench`` runs one prepared point select over and over, and psql fetches a large result; both
sides take turns in one run. Ours is TLS, the token's session, the relay and a durable record for
each statement (the real writer; once more with one in memory, since disks differ); the other is
the bare server. The ratio is ours to the other's (less than 1: ours is slower), its spread the
quartiles over the rounds.
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from doubles.gateway_house import DOORS, House, hand_made_doors
from klover.cli.psql import Program, find_psql
from klover.config import Backend
from klover.errors import KloverError
from klover.event import Event, Recorder
from klover.log import SpoolWriter
from klover.log.keys import make_key
from klover.store import embedded
from klover.store.access import OWNER
from klover.store.binaries import find_binaries

ROUNDS = 5
SECONDS = 3
CLIENTS = 4
AUDIENCE = "engineering-abroad"
POINT = "\\set id random(1, 1000)\nselect handle from accounts where id = :id;\n"
LARGE = (
    "select a.id, a.handle, a.country, b.id, b.title from accounts a, videos b where b.id <= 500"
)


class Counter:
    """A recorder that only counts: what is left is the gateway itself."""

    def __init__(self) -> None:
        self.count = 0

    def append(self, event: Event) -> int:
        """Count an event."""
        del event
        self.count += 1
        return self.count - 1

    def flush(self) -> int:
        """Tell the count."""
        return self.count


def pgbench(psql: Program) -> Program:
    """Find the pgbench that belongs to a psql."""
    beside = Path(psql.path).with_name("pgbench")
    found = str(beside) if beside.is_file() else shutil.which("pgbench")
    if found is None:
        raise KloverError("There is no pgbench; install postgresql-client and postgresql-contrib.")
    return Program(path=found, environment=psql.environment)


def _run(program: Program, arguments: list[str], environment: Mapping[str, str]) -> str:
    clean = {name: text for name, text in os.environ.items() if not name.startswith("PG")}
    done = subprocess.run(
        [program.path, *arguments],
        env={**clean, **program.environment, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout


def points(program: Program, script: Path, environment: Mapping[str, str]) -> float:
    """Tell point selects a second."""
    arguments = ["-n", "-M", "prepared", "-T", str(SECONDS), "-c", str(CLIENTS), "-f", str(script)]
    told = _run(program, arguments, environment)
    found = re.search(r"tps = ([0-9.]+)", told)
    return float(found[1]) if found else 0.0


def rows(program: Program, environment: Mapping[str, str]) -> float:
    """Tell rows a second of a large result, written to nowhere."""
    begun = time.perf_counter()
    _run(program, ["-XAtq", "-o", "/dev/null", "-c", LARGE], environment)
    return 500_000 / (time.perf_counter() - begun)


def compare(
    case: str, unit: str, ours: Callable[[], float], direct: Callable[[], float]
) -> dict[str, object]:
    """Let both take turns; returns medians, their ratio and its quartiles."""
    ours(), direct()
    pairs = [(ours(), direct()) for _ in range(ROUNDS)]
    ratios = [one / other for one, other in pairs]
    low, _, high = statistics.quantiles(ratios, n=4)
    return {
        "case": case,
        "ours": round(statistics.median(one for one, _ in pairs)),
        "other": round(statistics.median(other for _, other in pairs)),
        "unit": unit,
        "ratio": round(statistics.median(ratios), 3),
        "spread": [round(low, 3), round(high, 3)],
    }


def measure(folder: Path, backend: Backend) -> list[dict[str, object]]:
    """Measure both kinds of work."""
    script = folder / "point.sql"
    script.write_text(POINT, encoding="utf-8")
    psql = find_psql()
    bench = pgbench(psql)
    direct = {
        "PGHOST": backend.host,
        "PGPORT": str(backend.port),
        "PGUSER": OWNER,
        "PGDATABASE": backend.database,
        "PGOPTIONS": f"-c search_path={DOORS[AUDIENCE].schema}",
    }
    found: list[dict[str, object]] = []
    writer = SpoolWriter.open(folder / "spool", "gateway", make_key("gateway"))
    recorders: dict[str, Recorder] = {"durable record": writer, "record in memory": Counter()}
    for name, recorder in recorders.items():
        house = House(folder=folder, backend=backend, recorder=recorder)
        with house.run():
            through = {
                "PGHOST": "127.0.0.1",
                "PGPORT": str(house.thread.addresses[0][1]),
                "PGUSER": AUDIENCE,
                "PGDATABASE": "app",
                "PGPASSWORD": house.token(),
                "PGSSLMODE": "verify-full",
                "PGSSLROOTCERT": str(house.root),
            }
            found.append(
                compare(
                    f"point selects, {CLIENTS} clients, {name}",
                    "statements/s",
                    partial(points, bench, script, through),
                    partial(points, bench, script, direct),
                )
            )
            if recorder is writer:
                found.append(
                    compare(
                        f"a large result, {name}",
                        "rows/s",
                        partial(rows, psql, through),
                        partial(rows, psql, direct),
                    )
                )
    writer.close()
    return found


def main() -> None:
    """Measure, and print a table or JSON."""
    binaries = find_binaries()
    folder = Path(tempfile.mkdtemp(prefix="klover-bench-"))
    folder.chmod(0o711)
    try:
        with embedded.scratch(name="bench", binaries=binaries) as server:
            standby = embedded.create_standby(
                primary=server, name="bench_standby", data=folder / "standby"
            )
            with hand_made_doors(server, standby) as backend:
                found = measure(folder, backend)
            standby.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if "--json" in sys.argv:
        print(json.dumps({"name": "gateway", "cases": found}))
        return
    for told in found:
        print(
            f"{told['case']}: {told['ours']:,} {told['unit']} through the gateway, "
            f"{told['other']:,} direct; ratio {told['ratio']}, quartiles {told['spread']}"
        )


if __name__ == "__main__":
    main()
