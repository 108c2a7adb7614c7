"""A table that somebody keeps locked: whoever only looks waits briefly, and is told which it is."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql
from typer.testing import CliRunner

from doubles.configured import write_config
from doubles.demo_doors import TODAY, open_doors, resolve
from doubles.tiny_doors import POLICY, SOUND, make_tables, tiny_doors
from klover import assemble, door
from klover.cli.groups import doors as doors_app, policy as policy_app
from klover.errors import StoreError
from klover.store import locks
from klover.store.connect import Connection, connect
from klover.store.inspect import read_catalog

HELD = "holds a lock on public.people, so the database"
RUN = CliRunner()


@pytest.fixture
def tiny(database: Connection) -> Connection:
    make_tables(database)
    database.execute("alter table public.people alter column birth set default 'unknown'")
    open_doors(database, tiny_doors(database))
    return database


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "SECONDS", 0.2)


@pytest.fixture
def locked(tiny: Connection, dsn: str) -> Iterator[Connection]:
    with connect(dsn, what="a migration", autocommit=False) as other:
        other.execute("lock table public.people in access exclusive mode")
        yield tiny


def timeout(connection: Connection) -> object:
    row = connection.execute("select current_setting('lock_timeout')").fetchone()
    return row[0] if row else None


def test_a_catalog_is_not_waited_for(locked: Connection) -> None:
    with pytest.raises(StoreError, match=HELD) as told:
        read_catalog(locked)
    assert told.value.exit_code == 1
    assert "run the same command again" in str(told.value)
    assert timeout(locked) == "0"


def test_what_looks_at_doors_is_not_either(tiny: Connection, dsn: str) -> None:
    doors, resolved = tiny_doors(tiny), resolve(tiny, POLICY)
    looks: list[Callable[[], object]] = [
        lambda: door.prove(tiny, resolved, TODAY),
        lambda: door.plan(tiny, doors),
        lambda: door.preparation(tiny, doors, small=-1),
        lambda: assemble.refused_conditions(dsn, seen_by_name),
    ]
    seen_by_name = resolve(tiny, POLICY.replace("public_rows: true", "public_rows: name = 'x'"))
    with connect(dsn, what="a migration", autocommit=False) as other:
        other.execute("lock table public.people in access exclusive mode")
        for look in looks:
            with pytest.raises(StoreError, match="holds a lock on"):
                look()
            assert timeout(tiny) == "0"


def test_limits_for_the_applications_statements_do_not_end_a_look(
    tiny: Connection, dsn: str
) -> None:
    """A catalog of many tables takes longer than a page of a website may."""
    name = sql.Identifier(tiny.info.dbname)
    tiny.execute(sql.SQL("alter database {} set statement_timeout = '59s'").format(name))
    with connect(dsn, what="the store") as owner:
        told = limits_of_looks(owner)
        resolved = resolve(owner, POLICY)
        assert len(told) > 5
        assert not door.prove(owner, resolved, TODAY).violations
        assert len(told) > 50
        with owner.transaction():
            read_catalog(owner)
            (left,) = owner.execute("show statement_timeout").fetchone() or ("",)
    assert set(told) == {"0"}
    assert left == "59s"


def limits_of_looks(connection: Connection) -> list[str]:
    """Note under which limit each statement runs from here on that reads a catalog."""
    told: list[str] = []
    execute = connection.execute

    def noting(query: Any, *rest: Any, **more: Any) -> Any:
        text = query.as_string(None) if isinstance(query, sql.Composable) else str(query)
        if "from pg_" in text:
            told.append(str((execute("show statement_timeout").fetchone() or ("",))[0]))
        return execute(query, *rest, **more)

    connection.execute = noting  # type: ignore[method-assign]
    return told


@pytest.mark.usefixtures("locked")
def test_commands_end_with_1_and_the_tables_name(dsn: str, tmp_path: Path) -> None:
    policy = tmp_path / "klover.yaml"
    policy.write_text(SOUND)
    config = write_config(tmp_path, primary=dsn, log=str(tmp_path))
    for app, words in (
        (policy_app, ["check", str(policy), "--dsn", dsn]),
        (doors_app, ["plan", "--config", str(config)]),
        (doors_app, ["prove", "--config", str(config)]),
        (doors_app, ["status", "--config", str(config)]),
        (doors_app, ["apply", "--config", str(config)]),
    ):
        refused = RUN.invoke(app, words)
        assert isinstance(refused.exception, StoreError), refused.output
        assert refused.exception.exit_code == 1
        assert HELD in str(refused.exception)


def test_a_limit_that_is_set_already_stays(tiny: Connection) -> None:
    with tiny.transaction():
        read_catalog(tiny)
        assert timeout(tiny) == "0"
        tiny.execute("set local lock_timeout = '7s'")
        read_catalog(tiny)
        assert timeout(tiny) == "7s"
    assert timeout(tiny) == "0"
