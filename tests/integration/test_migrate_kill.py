"""A migration killed with SIGKILL at any named point and started again ends the same.

The child is a fork of the test: it runs the real migration and kills itself when told a point. The
same rows, stubs, guests and sequences have to stand on both sides in the end, and every step has
to be on record, whatever was killed where.
"""

import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from psycopg import sql

from doubles.databases import copy_database
from doubles.small_world import World, contents, rows
from klover.migrate.outcome import Outcome
from klover.migrate.phase import STEPS, Phase
from klover.store.connect import connect
from klover.store.embedded import Server

pytestmark = pytest.mark.timeout(600)  # ten seconds on an idle host
NewDatabase = Callable[[], str]
Copies = Callable[[], World]
_NUMBERS = count()
INSIDE_STEPS: Mapping[str, tuple[str, ...]] = {
    "copy": ("copy:people", "copy:videos"),
    "separate": ("separate:people_id_seq", "separate-source-done:people_id_seq"),
    "retire": (
        "retire:locked",
        "retire:compared",
        "retire:people",
        "retire:videos",
        "retire:before-source-commit",
        "retire:source-committed",
    ),
}


@pytest.fixture(scope="module")
def templates(server: Server) -> Iterator[tuple[str, str]]:
    """Fill one world, to be copied for each kill."""
    names = "kill_source", "kill_enclave"
    with connect(server.dsn(), what="the test server") as connection:
        for name in names:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        World(source=server.dsn(names[0]), enclave=server.dsn(names[1])).fill()
        yield names
        for name in names:
            connection.execute(
                sql.SQL("drop database {} with (force)").format(sql.Identifier(name))
            )


@contextmanager
def copying(server: Server, templates: tuple[str, str]) -> Iterator[Copies]:
    """Tell what makes a world like the filled one; all of them go afterwards."""
    made: list[str] = []

    def copy() -> World:
        number = next(_NUMBERS)
        names = [f"{template}_{number}_{os.getpid()}" for template in templates]
        with connect(server.dsn(), what="the test server") as connection:
            for name, template in zip(names, templates, strict=True):
                copy_database(connection, template, name)
        made.extend(names)
        return World(source=server.dsn(names[0]), enclave=server.dsn(names[1]))

    yield copy
    with connect(server.dsn(), what="the test server") as connection:
        for name in made:
            connection.execute(
                sql.SQL("drop database {} with (force)").format(sql.Identifier(name))
            )


@pytest.fixture
def copies(server: Server, templates: tuple[str, str]) -> Iterator[Copies]:
    with copying(server, templates) as copy:
        yield copy


@pytest.fixture(scope="module")
def expected(server: Server, templates: tuple[str, str]) -> tuple[Any, ...]:
    """Tell what stands after a migration that nobody disturbed."""
    with copying(server, templates) as copy:
        undisturbed = copy()
        return final(undisturbed, undisturbed.migration().run())


def final(world: World, outcome: Outcome) -> tuple[Any, ...]:
    sequences = "select sequencename, last_value, increment_by from pg_sequences order by 1"
    return (
        outcome.to_json(),
        contents(world.source),
        contents(world.enclave),
        rows(world.source, sequences),
        rows(world.enclave, sequences),
        rows(world.enclave, "select relation, key from klover.migration_guest order by 1, 2"),
        rows(world.enclave, "select key from klover.migration_subject order by 1"),
        rows(world.enclave, "select * from klover.subject_home order by key"),
        rows(world.enclave, "select * from klover.home_evidence order by evidence"),
    )


def subjects_noted_are_the_subjects_inside(world: World) -> bool:
    """Hold the notes on people against the people, whatever was killed in between."""
    if rows(world.enclave, "select to_regclass('klover.migration_subject')") == [(None,)]:
        return rows(world.enclave, "select id from people") == []
    guests = "select key from klover.migration_guest where relation = 'people'"
    there = rows(world.enclave, f"select id::text from people where id::text not in ({guests})")
    noted = rows(world.enclave, "select key from klover.subject_home where inside")
    assert sorted(noted) == sorted(rows(world.enclave, "select key from klover.migration_subject"))
    known = "select count(*) from klover.subject_home s left join klover.home_evidence e "
    lost = "using (source, cell, evidence) where s.country is not null and e.path is null"
    return sorted(there) == sorted(noted) and rows(world.enclave, known + lost) == [(0,)]


def killed_at(world: World, point: str) -> bool:
    """Run the migration in a child that kills itself at ``point``; tell whether it got there."""
    child = os.fork()
    if child == 0:
        status = 3

        def die(reached: str) -> None:
            if reached == point:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            world.at = die
            world.migration().run()
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WIFSIGNALED(status)


@pytest.mark.parametrize("step", [step.value for step in STEPS])
def test_a_killed_migration_ends_the_same(
    step: str, copies: Copies, expected: tuple[Any, ...]
) -> None:
    points = [f"{step}:{moment}" for moment in ("begun", "before-commit", "committed", "recorded")]
    for point in [*points, *INSIDE_STEPS.get(step, ())]:
        world = copies()
        assert killed_at(world, point), point
        assert subjects_noted_are_the_subjects_inside(world), point
        outcome = world.migration().run()
        assert outcome.phase is Phase.SWEPT
        assert final(world, outcome) == expected, point
        missing = "select step from klover.migration_step where done is not null and not on_record"
        assert rows(world.enclave, missing) == []


def test_two_migrations_do_not_run_at_once(copies: Copies) -> None:
    world = copies()
    world.migration().run(Phase.PLANNED)
    seen: list[str] = []

    def watch(point: str) -> None:
        if point == "check:begun":
            query = (
                "select count(*) from pg_locks where locktype = 'advisory' and granted and database"
                " = (select oid from pg_database where datname = current_database())"
            )
            seen.extend(str(row[0]) for row in rows(world.enclave, query))

    world.at = watch
    world.migration().run(Phase.CHECKED)
    assert seen == ["1"]
