"""What a door costs: a session role at its views against a plain role at the tables themselves.

2 M people and 5 M videos (``--rows N`` for fewer people) on an embedded server with its standby;
both sides run on the standby, warm, with the same client and prepared statements, taking turns.
Results are read by libpq and not turned into Python. The ratio is ours to the other's (more than
1: ours is slower), its spread the quartiles over the rounds. Row-level security stands beside it.
``--schema FILE --policy FILE`` measures apply on an application's schema instead; there the other
is what is aimed at.
"""

import argparse
import itertools
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import psycopg
from psycopg import pq, sql

from doubles.memory_recorder import MemoryRecorder
from klover import door
from klover.door import Doors
from klover.errors import PolicyError
from klover.policy.parse import parse
from klover.policy.resolved import Resolved
from klover.policy.trace import trace
from klover.store import embedded
from klover.store.binaries import find_binaries
from klover.store.connect import Connection, connect
from klover.store.embedded import Server
from klover.store.inspect import read_catalog
from klover.store.replay import flushed_position, wait_replayed

USERS = 2_000_000
VIDEOS_A_USER = 2.5
ROUNDS = 15
LOOKUPS = 400
SCAN = 100_000
SESSIONS = 24
SETTINGS = {"fsync": "off", "shared_buffers": "'1GB'", "max_wal_size": "'4GB'"}
POLICY = """
klover: 1
enclave: europe
rests_in: [EEA]
subjects: {table: users, key: id, home: country, inside: [EEA]}
tables:
  users:
    public_rows: true
    columns:
      id: {class: interoperable, identifies: directly}
      handle: {class: public, identifies: "no"}
      country: {class: interoperable, identifies: "no"}
      birth: BIRTH
      settings: SETTINGS
      created_at: {class: public, identifies: "no"}
  videos:
    subject: user_id
    references: {user_id: users.id}
    public_rows: visibility = 'public'
    columns:
      id: {class: public, identifies: "no"}
      user_id: {class: interoperable, identifies: directly}
      title: {class: public, identifies: "no"}
      visibility: {class: public, identifies: "no"}
      views: {class: public, identifies: "no"}
      created_at: {class: public, identifies: "no"}
audiences:
  inside:
    who: {groups: [inside], located: [EEA]}
    sees: [restricted, interoperable, public]
    identifiers: clear
    requires: {purpose: [support]}
  abroad:
    who: {groups: [abroad], located: any}
    sees: [interoperable, public]
"""
_NUMBERS = itertools.count(1)
COARSE = "{class: interoperable, identifies: indirectly, coarsen: year}"
PARTS = (
    'restricted, paths: {theme: {class: public, identifies: "no"},'
    ' notify.email: {class: interoperable, identifies: "no"}}'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One comparison: the same work at a door and at the tables, each a statement.

    A round runs the statement once for each of ``values`` (``others`` at the tables).
    """

    name: str
    ours: str
    other: str
    values: Sequence[tuple[Any, ...]] = ((),)
    others: Sequence[tuple[Any, ...]] | None = None
    door: str = "abroad"
    same: bool = False
    """Whether both have to answer the same, value by value, and not only as many rows."""


@dataclass(slots=True, kw_only=True)
class Place:
    """Servers with filled databases and doors, and what is needed to ask both sides."""

    primary: Server
    standby: Server
    users: int
    features: frozenset[str] = frozenset()

    def session(self, role: str, database: str = "app") -> Connection:
        """Log in on the standby; a session role finds its door, a plain role the tables."""
        connection = psycopg.connect(self.standby.dsn(database, role), autocommit=True)
        if role.startswith("bench"):
            connection.execute("set search_path = public")
        _settle(connection)
        return connection


def _settle(connection: Connection) -> None:
    """Keep the client on one processor and every server on another, where that is allowed.

    Else a lookup measures which of the two processors the system has put each side on.
    """
    processors = sorted(os.sched_getaffinity(connection.info.backend_pid))
    with suppress(PermissionError):
        os.sched_setaffinity(0, {processors[0]})
        os.sched_setaffinity(connection.info.backend_pid, {processors[-1]})


def policy(features: frozenset[str]) -> str:
    """Write the policy, with coarse and partly shown columns where the language has them."""
    hidden = "restricted"
    text = POLICY.replace("BIRTH", COARSE if "coarse" in features else hidden)
    return text.replace("SETTINGS", f"{{class: {PARTS}}}" if "parts" in features else hidden)


def known_features() -> frozenset[str]:
    """Tell which of them the policy's language has."""
    found = set()
    for feature in ("coarse", "parts"):
        try:
            parse(policy(frozenset({feature})), "klover.yaml")
        except PolicyError:
            continue
        found.add(feature)
    return frozenset(found)


def resolved(connection: Connection, text: str) -> Resolved:
    """Hold a policy against a database."""
    return trace(parse(text, "klover.yaml"), read_catalog(connection))


def now() -> str:
    """Tell the time as records carry it."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def fill(server: Server, users: int, say: Callable[[str], None]) -> None:
    """Make the application's database, and a second one with row-level security."""
    queries = statements_here()
    with connect(server.dsn(), what="the server") as owner:
        owner.execute(queries["plain_roles"])
        owner.execute("create database app")
    numbers = {"users": users, "videos": int(users * VIDEOS_A_USER)}
    with connect(server.dsn("app"), what="the database") as owner:
        owner.execute(queries["tables"])
        say(f"filling {numbers['users']:,} people and {numbers['videos']:,} videos")
        owner.execute(queries["fill_users"], numbers)
        owner.execute(queries["fill_videos"], numbers)
        owner.execute(queries["keys"])
    say("a second database for row-level security")
    with connect(server.dsn(), what="the server") as owner:
        owner.execute("create database filtered template app")
    with connect(server.dsn("filtered"), what="the database") as owner:
        owner.execute(queries["row_level_security"])
        owner.execute("vacuum (freeze, analyze)")


def statements_here() -> dict[str, sql.SQL]:
    """Read ``doors.sql`` beside this file."""
    text = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    parts = [part.split("\n", 1) for part in text.split("-- name: ")[1:]]
    return {name.strip(): sql.SQL(body.strip()) for name, body in parts}


@contextmanager
def place(users: int, say: Callable[[str], None]) -> Iterator[Place]:
    """Run it all, doors applied and replayed."""
    folder = Path(tempfile.mkdtemp(prefix="klover-bench-"))
    folder.chmod(0o711)
    features = known_features()
    try:
        with embedded.create(
            name="bench", data=folder / "primary", binaries=find_binaries(), settings=SETTINGS
        ) as server:
            fill(server, users, say)
            with connect(server.dsn("app"), what="the database") as owner:
                say("applying doors")
                doors = door.compile_doors(
                    resolved(owner, policy(features)), database="app", sessions=SESSIONS
                )
                apply(owner, doors)
                # The plain roles are given what doors have taken from PUBLIC.
                owner.execute("grant connect on database app to bench_plain, bench_filtered")
                owner.execute("grant usage on schema public to bench_plain")
                owner.execute("grant select on public.users, public.videos to bench_plain")
                owner.execute("vacuum (freeze, analyze)")
            with connect(server.dsn(), what="the server") as owner:
                owner.execute("grant connect on database filtered to bench_plain, bench_filtered")
                say("copying to a standby")
                standby = embedded.create_standby(
                    primary=server, name="bench_standby", data=folder / "standby"
                )
                with connect(standby.dsn(), what="the standby") as replayed:
                    wait_replayed(replayed, flushed_position(owner))
            yield Place(primary=server, standby=standby, users=users, features=features)
            standby.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def apply(owner: Connection, doors: Doors) -> door.Applied:
    """Apply doors, what comes before an apply included."""
    door.prepare(owner, doors)
    return door.apply(owner, doors, MemoryRecorder(), now())


def cases(at: Place) -> list[Case]:
    """Tell what is measured."""
    chance = random.Random(7)  # noqa: S311 - the same rows in each run
    ids = [(chance.randint(1, at.users),) for _ in range(LOOKUPS)]
    with at.session("klover_s_abroad_01") as session:
        handles = [f"user{number}" for (number,) in ids]
        shown = session.execute(
            "select id from users where handle = any(%s)", (handles,)
        ).fetchall()
    least = at.users // 3
    most = least + min(SCAN, at.users // 2)
    videos = (int(at.users * VIDEOS_A_USER) // 3, min(SCAN, at.users))
    between = "where created_at >= '2024-01-01'::timestamptz + make_interval(secs => {}) limit {}"
    scan = between.format(least, most - least)
    found = [
        Case(
            name="point lookup by primary key, clear",
            ours="select id, handle, country, created_at from users where id = $1",
            other="select id, handle, country, created_at from users where id = $1",
            values=ids,
            door="inside",
        ),
        Case(
            name="point lookup by pseudonym",
            ours="select id, handle, country, created_at from users where id = $1",
            other="select id, handle, country, created_at from users where id = $1",
            values=shown,
            others=ids[: len(shown)],
        ),
        Case(
            name="100 k rows, clear",
            ours=f"select id, handle, country, created_at from users {scan}",
            other=f"select id, handle, country, created_at from users {scan}",
            door="inside",
        ),
        Case(
            name="100 k rows, pseudonyms",
            ours=f"select id, handle, country, created_at from users {scan}",
            other=f"select id, handle, country, created_at from users {scan}",
        ),
        Case(
            name="100 k rows, pseudonyms and a condition on rows",
            ours=f"select id, user_id, title, views from videos {between.format(*videos)}",
            other="select id, user_id, title, views from videos where visibility = 'public' and"
            f" {between.format(*videos).removeprefix('where ')}",
        ),
        *_large(),
    ]
    if "coarse" in at.features:
        found.append(
            Case(
                name="100 k rows, a coarse column",
                ours=f"select handle, birth from users {scan}",
                other=f"select handle, birth from users {scan}",
            )
        )
    if "parts" in at.features:
        found.append(
            Case(
                name="100 k rows, parts of JSON",
                ours=f"select handle, settings from users {scan}",
                other=f"select handle, settings from users {scan}",
            )
        )
    return found


def _large() -> Iterator[Case]:
    join = (
        "select u.country, count(*), sum(v.views) from users u join videos v on v.user_id = u.id"
        "{} group by 1"
    )
    whole = "select country, count(*), max(created_at) from users group by 1"
    for name, its in (("clear", "inside"), ("pseudonyms", "abroad")):
        public = " where v.visibility = 'public'" if its == "abroad" else ""
        yield Case(
            name=f"join and aggregate of both tables, {name}",
            ours=join.format(""),
            other=join.format(public),
            door=its,
            same=True,
        )
    yield Case(
        name="aggregate of a whole table, clear",
        ours=whole,
        other=whole,
        door="inside",
        same=True,
    )
    distinct = "select count(distinct user_id), sum(views) from videos"
    yield Case(
        name="aggregate of a whole table, pseudonyms",
        ours=distinct,
        other=f"{distinct} where visibility = 'public'",
        same=True,
    )


def filtered_cases(at: Place) -> list[Case]:
    """Tell what row-level security is measured by; ours is the role it filters for."""
    chance = random.Random(8)  # noqa: S311 - the same rows in each run
    total = int(at.users * VIDEOS_A_USER)
    ids = [(chance.randint(1, total) // 5 * 5 + 1,) for _ in range(LOOKUPS)]
    between = (
        "created_at >= '2024-01-01'::timestamptz + make_interval(secs => "
        f"{total // 3}) limit {min(SCAN, at.users)}"
    )
    point = "select id, user_id, title, views from videos where id = $1"
    scan = f"select id, user_id, title, views from videos where {between}"
    whole = "select user_id % 100, count(*), sum(views) from videos{} group by 1"
    return [
        Case(name="point lookup", ours=point, other=point, values=ids),
        Case(
            name="100 k rows",
            ours=scan,
            other=scan.replace("where ", "where visibility = 'public' and "),
        ),
        Case(
            name="aggregate of a whole table",
            ours=whole.format(""),
            other=whole.format(" where visibility = 'public'"),
        ),
    ]


class Side:
    """One of the two that are compared: its statement, prepared, and the values it takes.

    libpq is asked directly, so that what Python does for a row or a value is in neither figure.
    """

    def __init__(
        self, connection: Connection, query: str, values: Sequence[tuple[Any, ...]]
    ) -> None:
        self._pq = connection.pgconn
        self._name = f"bench_{next(_NUMBERS)}".encode()
        self._values = [[str(one).encode() for one in each] for each in values]
        done = self._pq.prepare(self._name, query.encode())
        assert done.status == pq.ExecStatus.COMMAND_OK, (query, done.error_message)

    def run(self) -> int:
        """Ask for each value once; tells how many rows came."""
        rows = 0
        for each in self._values:
            result = self._pq.exec_prepared(self._name, each, result_format=pq.Format.BINARY)
            assert result.status == pq.ExecStatus.TUPLES_OK
            rows += result.ntuples
        return rows

    def answer(self) -> set[tuple[bytes | None, ...]]:
        """Tell the rows for the first value."""
        result = self._pq.exec_prepared(self._name, self._values[0])
        return {
            tuple(result.get_value(row, column) for column in range(result.nfields))
            for row in range(result.ntuples)
        }

    def milliseconds(self) -> float:
        """Tell how long that takes for one value."""
        begun = time.perf_counter()
        self.run()
        return (time.perf_counter() - begun) * 1000 / len(self._values)


def compare(case: Case, ours: Connection, other: Connection, rounds: int) -> dict[str, object]:
    """Let both take turns, each first as often; tells medians, their ratio and its quartiles."""
    others = case.others if case.others is not None else case.values
    mine, theirs = Side(ours, case.ours, case.values), Side(other, case.other, others)
    counts = [mine.run(), theirs.run()]
    assert counts[0] == counts[1] > 0, (case.name, counts)
    assert not case.same or mine.answer() == theirs.answer(), case.name
    pairs: list[tuple[float, float]] = []
    for number in range(rounds):
        if number % 2:
            late = theirs.milliseconds()
            pairs.append((mine.milliseconds(), late))
        else:
            early = mine.milliseconds()
            pairs.append((early, theirs.milliseconds()))
    return told(case.name, "ms", pairs)


def told(name: str, unit: str, pairs: Sequence[tuple[float, float]]) -> dict[str, object]:
    """Sum up pairs of ours and the other's."""
    ratios = [one / other for one, other in pairs]
    low, _, high = statistics.quantiles(ratios, n=4)
    return {
        "case": name,
        "ours": round(statistics.median(one for one, _ in pairs), 4),
        "other": round(statistics.median(other for _, other in pairs), 4),
        "unit": unit,
        "ratio": round(statistics.median(ratios), 3),
        "spread": [round(low, 3), round(high, 3)],
    }


def plan_of_lookup(at: Place) -> str:
    """Tell whether a lookup by pseudonym reads an index or a whole table, as Postgres plans it."""
    with at.session(f"klover_s_abroad_{SESSIONS}") as session:
        row = session.execute("select id from users limit 1").fetchone()
        assert row is not None
        query = sql.SQL("explain (costs off) select handle from users where id = {}")
        plan = session.execute(query.format(sql.Literal(row[0]))).fetchall()
    text = "\n".join(line for (line,) in plan)
    return "whole table" if "Seq Scan" in text else "index"


def measure(at: Place, rounds: int, say: Callable[[str], None]) -> list[dict[str, object]]:
    """Measure every case."""
    found: list[dict[str, object]] = []
    with at.session("bench_plain") as plain:
        for number, case in enumerate(cases(at), 2):
            say(case.name)
            # A role of its own: the server may take a moment to close the last one's session.
            with at.session(f"klover_s_{case.door}_{number:02}") as ours:
                found.append(compare(case, ours, plain, rounds))
            if case.name == "point lookup by pseudonym":
                found[-1]["plan"] = plan_of_lookup(at)
    with (
        at.session("bench_plain", "filtered") as plain,
        at.session("bench_filtered", "filtered") as ours,
    ):
        for case in filtered_cases(at):
            say(f"row-level security: {case.name}")
            result = compare(case, ours, plain, rounds)
            found.append({**result, "case": f"row-level security instead of doors: {case.name}"})
    return found


def measure_apply(schema: Path, policy_file: Path, rounds: int) -> list[dict[str, object]]:
    """Tell how long apply takes on an application's schema, first and again."""
    first: list[tuple[float, float]] = []
    again: list[tuple[float, float]] = []
    with embedded.scratch(name="bench", binaries=find_binaries()) as server:
        for number in range(rounds):
            with connect(server.dsn(), what="the server") as owner:
                owner.execute(sql.SQL("create database {}").format(sql.Identifier(f"a{number}")))
            with connect(server.dsn(f"a{number}"), what="the database") as owner:
                owner.execute("set search_path = public")
                owner.execute(schema.read_bytes())
                owner.execute("set search_path = pg_catalog")
                for pairs, aim in ((first, 5.0), (again, 1.0)):
                    begun = time.perf_counter()
                    traced = resolved(owner, policy_file.read_text(encoding="utf-8"))
                    doors = door.compile_doors(traced, database=f"a{number}")
                    steps = apply(owner, doors).steps
                    pairs.append((time.perf_counter() - begun, aim))
                    assert bool(steps) is (pairs is first)
                door.drop(owner, MemoryRecorder(), now())
    return [
        told("apply on an empty database, policy read and compiled (other: aim)", "s", first),
        told("apply again, nothing to do (other: aim)", "s", again),
    ]


def main() -> None:
    """Measure, and print a table or JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=USERS, help="people; videos are 2.5 each")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--schema", type=Path, help="measure apply on this schema instead")
    parser.add_argument("--policy", type=Path, help="the policy of that schema")
    given = parser.parse_args()
    if (given.schema is None) is not (given.policy is None):
        parser.error("--schema and --policy go together")

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    if given.schema is not None:
        found = measure_apply(given.schema, given.policy, max(given.rounds // 5, 2))
    else:
        with place(given.rows, say) as at:
            found = measure(at, given.rounds, say)
    if given.json:
        print(json.dumps({"name": "doors", "cases": found}))
        return
    for case in found:
        plan = f", by {case['plan']}" if "plan" in case else ""
        print(
            f"{case['case']}: {case['ours']} {case['unit']} at the door, {case['other']} at the "
            f"tables; ratio {case['ratio']}, quartiles {case['spread']}{plan}"
        )


if __name__ == "__main__":
    main()
