"""Pagila moves home: data nobody here wrote, with the policy of examples/pagila.

Counts are those of the data's own README: 599 customers, 67 in the EEA, Great Britain or
Switzerland by the country's name, one each in Réunion (misspelt) and French Guiana.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from doubles.small_world import World, contents, rows
from klover.migrate.phase import Phase
from klover.migrate.schema import bring_schema
from klover.policy.country import resolve
from klover.store.embedded import Server

EXAMPLE = Path(__file__).parents[2] / "examples" / "pagila" / "klover.yaml"
NAMED_EUROPEANS = 67
NewDatabase = Callable[[], str]


@pytest.fixture
def pagila(server: Server, new_database: NewDatabase, realdata: Path) -> World:
    script = realdata / "pagila" / "pagila.sql"
    if not script.is_file():
        pytest.skip("needs ../shared/realdata/pagila")
    world = World(
        source=server.dsn(new_database()),
        enclave=server.dsn(new_database()),
        policy=EXAMPLE.read_text(encoding="utf-8"),
    )
    command = [
        server.binaries.program("psql"),
        "--no-psqlrc",
        "--quiet",
        "--set",
        "ON_ERROR_STOP=1",
    ]
    command += ["--dbname", world.source, "--output", "/dev/null", "--file", str(script)]
    done = subprocess.run(command, check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return world


def test_pagila_moves_home(pagila: World, server: Server) -> None:
    assert (
        bring_schema(source=pagila.source, enclave=pagila.enclave, binaries=server.binaries) == ()
    )
    before = contents(pagila.source)
    plan = pagila.migration().plan()
    assert plan.problems == ()
    homes = plan.homes
    assert homes.inside + homes.outside == 599
    named = homes.inside - homes.undecided
    assert named == NAMED_EUROPEANS + 1, "French Guiana is in the EU and spelt as usual"
    (odd,) = homes.odd
    assert odd.subjects == homes.undecided == homes.unrecognised
    assert odd.name is None, "each of them is rare"
    assert odd.look is not None
    stands = {str(value) for value, _ in rows(pagila.source, odd.look)}
    unknown = {value for value in stands if resolve(value) is None}
    assert {"Runion", "Yugoslavia"} <= unknown
    assert unknown.isdisjoint({"French Polynesia", "Greenland", "Faroe Islands"})

    outcome = pagila.migration().run()
    assert outcome.phase is Phase.SWEPT
    assert outcome.rows_equal == outcome.rows_moved == plan.rows
    assert outcome.found_before > 0
    assert outcome.restricted_left == 0

    inside, outside_ = contents(pagila.enclave), contents(pagila.source)
    counts = {table.table: table for table in plan.tables}
    assert counts["customer"].inside == homes.inside
    for name, table in counts.items():
        assert len(inside[name]) == table.inside + table.guests if not table.shared else True
        assert len(outside_[name]) == table.rows - table.erased
        if not table.shared:
            assert len(set(before[name]) & set(inside[name])) >= table.inside
    emails = [
        row[0] for row in rows(pagila.enclave, "select email from customer where email <> ''")
    ]
    source = "\n".join(line for table in outside_.values() for line in table)
    assert len(emails) == homes.inside
    assert not [email for email in emails if email in source]
