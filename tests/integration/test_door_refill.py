"""Pseudonyms computed anew before suspended doors open: in batches, beside others, killed anywhere.

While every door is suspended no trigger stands, so nobody knows what was written meanwhile.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from doubles.configured import write_config
from doubles.demo_doors import NOW, TODAY, open_doors, resolve
from doubles.door_world import POLICY, ROWS, SCHEMA, key_of, pseudonym, seen
from doubles.memory_recorder import MemoryRecorder
from doubles.servers import without_autovacuum
from doubles.tiny_doors import SOUND, make_tables, views
from klover import door
from klover.catalog import TableName
from klover.cli.groups import doors as app
from klover.door import Applied, Doors, Phase, naming, online
from klover.errors import CheckFailed, InputError, StoreError
from klover.store.binaries import Binaries
from klover.store.connect import Connection, connect
from klover.store.embedded import Server

STATUSES = TableName("public", "statuses")
MORE = """
insert into public.accounts (id, handle) select g, 'h' || g from generate_series(100, 699) g;
insert into public.statuses (id, account_id, body) select g, g, repeat('x', 300)
  from generate_series(100, 699) g;
insert into public.chats select g, array[g, null, g + 1] from generate_series(100, 699) g;
insert into public.visits select '2025-02-01', g from generate_series(100, 699) g;
insert into public.posts select g, g from generate_series(100, 699) g;
insert into public.films select g, g - 600, 90 from generate_series(700, 1299) g;
"""
MEANWHILE = """
update public.statuses set account_id = account_id + 1 where id % 7 = 0;
insert into public.statuses (id, account_id) values (9000, 3);
update public.visits set at = '2025-03-01', account_id = account_id - 200 where account_id > 650;
update public.films set account_id = account_id + 1 where id % 9 = 0;
update public.posts set account_id = account_id - 1 where id % 8 = 0 and account_id > 100;
update public.chats set member_ids = '{3}' where id % 5 = 0;
alter table public.statuses alter column body type varchar(400);
"""
"""What an application does while doors are suspended."""


@pytest.fixture(scope="module")
def server(binaries: Binaries) -> Iterator[Server]:
    """Run the server of this file where pages and places of rows are a test's alone."""
    with without_autovacuum(binaries) as running:
        yield running


@pytest.fixture
def world(database: Connection) -> Connection:
    database.execute(SCHEMA.encode())
    database.execute(ROWS.encode())
    database.execute(MORE.encode())
    open_doors(database, compiled(database))
    door.suspend(database, [], MemoryRecorder(), NOW)
    database.execute(MEANWHILE.encode())
    name = naming.stored("abroad", STATUSES, "account_id", 1)
    database.execute(f"update public.statuses set {name} = gen_random_uuid()".encode())
    return database


def compiled(connection: Connection, text: str = POLICY) -> Doors:
    return door.compile_doors(
        resolve(connection, text),
        database=connection.info.dbname,
        sessions=1,
        epochs=door.read_epochs(connection),
    )


def prepare(connection: Connection, text: str = POLICY, **more: object) -> door.Prepared:
    doors = compiled(connection, text)
    return door.prepare(connection, doors, resuming=True, small=0, pages=4, **more)  # type: ignore[arg-type]


def resume(connection: Connection, *audiences: str, text: str = POLICY) -> Applied:
    resolved = resolve(connection, text)
    return door.resume(
        connection,
        compiled(connection, text),
        audiences,
        MemoryRecorder(),
        NOW,
        prove=lambda: door.prove(connection, resolved, TODAY),
    )


def plainly(value: object) -> str:
    """Write a key as all its equals are written."""
    return f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)


def is_right(connection: Connection, least: int = 600) -> None:
    """Every pseudonym of every row is the one it has to be, and nothing is left to do."""
    wrong = []
    for audience in ("abroad", "research"):
        key = key_of(connection, audience)
        for table, column, entity in (
            ("accounts", "id", "accounts"),
            ("statuses", "id", "statuses"),
            ("statuses", "account_id", "accounts"),
            ("visits", "account_id", "accounts"),
            ("posts", "id", "posts"),
            ("posts", "account_id", "accounts"),
            ("films", "account_id", "accounts"),
        ):
            name = naming.stored(audience, TableName("public", table), column, 1)
            query = f"select {column}, {name} from public.{table}"
            rows = connection.execute(query.encode()).fetchall()
            assert len(rows) >= min(least, 600)
            wrong += [
                (table, column, value)
                for value, stands in rows
                if stands != pseudonym(key, entity, plainly(value))
            ]
        name = naming.stored(audience, TableName("public", "chats"), "member_ids", 1)
        for members, stands in connection.execute(
            f"select member_ids, {name} from public.chats where member_ids is not null".encode()
        ).fetchall():
            asked = [pseudonym(key, "accounts", str(m)) if m is not None else None for m in members]
            wrong += [] if stands == asked else [("chats", "member_ids", members)]
    assert not wrong
    doors = compiled(connection)
    assert not door.preparation(connection, doors, small=0).steps
    assert not door.plan(connection, doors)
    assert not door.prove(connection, resolve(connection, POLICY), TODAY).violations


def fills(steps: tuple[door.Step, ...]) -> list[str]:
    return [step.sql for step in steps if step.phase is Phase.FILL]


def test_what_is_computed_anew_before_leaves_little_to_the_resume(world: Connection) -> None:
    doors = compiled(world)
    planned = door.preparation(world, doors, small=0)
    assert STATUSES in planned.tables
    assert not fills(door.plan(world, doors, planned.tables))
    assert fills(door.plan(world, doors))
    seen_pages: dict[TableName, list[int]] = {}
    done = prepare(
        world, progress=lambda table, page, _: seen_pages.setdefault(table, []).append(page)
    )
    assert set(done.tables) == planned.tables
    assert done.rows > 2400
    assert len(seen_pages[STATUSES]) > 5
    applied = resume(world)
    assert not fills(applied.steps)
    is_right(world)
    left = world.execute("select count(*) from klover.door_refill").fetchone()
    assert left == (0,)


def test_without_it_a_resume_computes_all_in_its_one_transaction(world: Connection) -> None:
    assert fills(resume(world).steps)
    is_right(world)


def test_one_door_is_resumed_after_another(world: Connection) -> None:
    prepare(world)
    assert not fills(resume(world, "abroad").steps)
    world.execute("update public.statuses set account_id = 2 where id = 300")
    prepare(world)
    assert not fills(resume(world).steps)
    is_right(world)


def test_a_stale_row_that_moves_meanwhile_is_computed(world: Connection, dsn: str) -> None:
    """It is written anew where pages are done: only a trigger for each update sees it there."""
    moved: list[int] = []
    with connect(dsn, what="the application") as busy:

        def advance(table: TableName, done: int, _: int) -> None:
            if table != STATUSES or moved:
                return
            busy.execute("delete from public.statuses where ctid < %s::tid", (f"({done},0)",))
            busy.execute("vacuum public.statuses")
            busy.execute(
                "update public.statuses set body = 'moved' where id in"
                " (select id from public.statuses order by ctid desc limit 150)"
            )
            moved.extend(
                row[0]
                for row in busy.execute(
                    "select id from public.statuses where body = 'moved' and ctid < %s::tid",
                    (f"({done},0)",),
                )
            )

        prepare(world, progress=advance)
    assert len(moved) > 20
    resume(world)
    is_right(world, 100)


def test_a_table_that_is_written_anew_between_batches_is_begun_again(
    world: Connection, dsn: str
) -> None:
    """Its rows lie on other pages then, the stale ones where all seemed done."""
    rewritten: list[int] = []
    with connect(dsn, what="the application") as busy:

        def rewrite(table: TableName, done: int, _: int) -> None:
            if table == STATUSES and done >= 8 and not rewritten:
                rewritten.append(done)
                busy.execute(
                    "create index on public.statuses ((-id));"
                    " cluster public.statuses using statuses_expr_idx"
                )

        with pytest.raises(StoreError, match=r"wrote statuses anew .* run the same command again"):
            prepare(world, progress=rewrite)
    assert rewritten
    prepare(world)
    assert not fills(resume(world).steps)
    is_right(world)


KILLED = """
import os, signal, sys
from doubles.demo_doors import resolve
from doubles.door_world import POLICY
from klover import door
from klover.store.connect import connect
wanted, at = sys.argv[2], int(sys.argv[3])
with connect(sys.argv[1], what="the store") as connection:
    resolved = resolve(connection, POLICY)
    doors = door.compile_doors(
        resolved, database=connection.info.dbname, sessions=1, epochs=door.read_epochs(connection)
    )
    count = 0
    execute = connection.execute
    def counted(query, *rest, **more):
        global count
        text = query if isinstance(query, str) else (
            query.decode() if isinstance(query, bytes) else query.as_string(None))
        count += wanted in text
        if wanted in text and count == at:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(query, *rest, **more)
    connection.execute = counted
    door.prepare(connection, doors, small=0, pages=4, resuming=True)
"""
POINTS = {
    "while triggers come back": [
        ("create table if not exists klover.door_refill", 1),
        ("enable always trigger", 3),
        ("insert into klover.door_refill", 1),
        ("update only", 1),
        ("update only", 3),
        ("update klover.door_refill", 2),
    ],
    "between tables": [
        ("insert into klover.door_refill", 4),
        ("update only", 17),
        ("update klover.door_refill", 9),
        ("validate constraint", 1),
        ("validate constraint", 6),
        ("pg_advisory_unlock", 1),
    ],
}


@pytest.mark.parametrize("points", POINTS.values(), ids=POINTS.keys())
def test_killed_anywhere_and_again_it_goes_on(
    world: Connection, dsn: str, points: list[tuple[str, int]]
) -> None:
    for number, (wanted, at) in enumerate(points):
        kill(world, dsn, wanted, at)
        world.execute("insert into public.statuses values (%s, 1, 'between')", (9001 + number,))
        world.execute("update public.statuses set body = 'touched' where id %% 11 = %s", (number,))
        world.execute("update public.statuses set account_id = 2 where id %% 13 = %s", (number,))
    prepare(world)
    assert not fills(resume(world).steps)
    is_right(world)


def kill(world: Connection, dsn: str, wanted: str, at: int) -> None:
    tests = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, dsn, wanted, str(at)],
        check=False,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": f"{tests.parent / 'src'}:{tests}"},
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    world.execute("select pg_advisory_lock(hashtext('klover doors'))")  # the other server is gone
    world.execute("select pg_advisory_unlock(hashtext('klover doors'))")


def pages_done(connection: Connection) -> dict[tuple[str, str], tuple[int, int]]:
    """Tell by keeper and relation which page is next, and how many there are."""
    rows = connection.execute(
        "select keeper, relation::regclass::text, next, pages from klover.door_refill"
    )
    return {(keeper, name): (done, pages) for keeper, name, done, pages in rows.fetchall()}


def test_it_goes_on_from_the_page_that_was_next(world: Connection, dsn: str) -> None:
    kill(world, dsn, "update klover.door_refill", 9)
    before = pages_done(world)
    done = sum(page for page, _ in before.values())
    assert done == 8 * 4
    later: list[tuple[str, int]] = []
    prepare(world, progress=lambda table, page, _: later.append((f"public.{table.name}", page)))
    (busy,) = [of for of, (page, pages) in before.items() if 0 < page < pages]
    first = next(page for name, page in later if name == busy[1])
    assert first > before[busy][0]


@pytest.mark.parametrize(
    "change",
    [
        "cluster public.statuses using statuses_pkey",
        "drop trigger {trigger} on public.statuses",
        "alter table public.statuses alter column account_id type integer",
    ],
    ids=["written anew", "without its trigger", "of another type"],
)
def test_what_makes_the_pages_done_worthless_begins_anew(
    world: Connection, dsn: str, change: str
) -> None:
    kill(world, dsn, 'update only "public"."statuses"', 4)
    done, pages = pages_done(world)["keep__statuses", "public.statuses"]
    assert 0 < done < pages
    trigger = f'"{naming.trigger(STATUSES, "update")}"'
    world.execute(change.replace("{trigger}", trigger).encode())
    pages_seen: list[int] = []

    def note(table: TableName, page: int, _: int) -> None:
        if table == STATUSES:
            pages_seen.append(page)

    prepare(world, progress=note)
    assert pages_seen[0] == 4
    resume(world)
    is_right(world)


@pytest.mark.parametrize("lost", ["table klover.door_refill", "schema klover cascade"])
def test_pages_that_nobody_noted_are_not_taken_for_done(
    world: Connection, dsn: str, lost: str
) -> None:
    """Its triggers stand then, and most rows were computed while none did."""
    kill(world, dsn, 'update only "public"."statuses"', 2)
    world.execute(f"drop {lost}".encode())
    prepare(world)
    if "schema" in lost:
        open_doors(world, compiled(world))  # that they were suspended is lost, too
    else:
        resume(world)
    is_right(world)


def test_a_second_suspension_takes_back_what_a_resume_began(world: Connection, dsn: str) -> None:
    """Else its triggers and checks would stand in the way of the application's next change."""
    kill(world, dsn, "pg_advisory_unlock", 1)
    with pytest.raises((psycopg.errors.FeatureNotSupported, psycopg.errors.InvalidColumnReference)):
        world.execute("alter table public.statuses alter column account_id type integer")
    again = door.suspend(world, [], MemoryRecorder(), NOW)
    assert not again.closed
    assert again.steps
    assert not pages_done(world)
    assert not door.suspend(world, [], MemoryRecorder(), NOW).steps
    world.execute("alter table public.statuses alter column account_id type integer")
    world.execute("update public.statuses set account_id = 3 where id < 400")
    prepare(world)
    assert not fills(resume(world).steps)
    is_right(world)


@pytest.mark.parametrize(("wanted", "at"), [("validate constraint", 1), ("pg_advisory_unlock", 1)])
def test_partitions_that_come_and_go_meanwhile(
    world: Connection, dsn: str, wanted: str, at: int
) -> None:
    """Before or after it was computed: no trigger stood while it was away."""
    kill(world, dsn, wanted, at)
    world.execute("alter table public.visits detach partition public.visits_2025")
    world.execute(
        "update public.visits_2025 set at = at + 100, account_id = 799 - account_id"
        " where account_id > 99"
    )
    world.execute(
        "alter table public.visits attach partition public.visits_2025"
        " for values from ('2025-01-01') to ('2026-01-01')"
    )
    prepare(world)
    resume(world)
    is_right(world)


def test_a_table_and_what_inherits_from_it_are_each_done_on_their_own(
    world: Connection, dsn: str
) -> None:
    """Both have columns in the rows of the one that inherits, computed by two functions."""
    kill(world, dsn, 'update only "public"."posts"', 2)
    prepare(world)
    assert not fills(resume(world).steps)
    is_right(world)


def test_while_one_door_is_open_nothing_is_computed_beside_it(database: Connection) -> None:
    """What an open door shows is computed in the transaction in which it changes."""
    database.execute(SCHEMA.encode())
    database.execute(ROWS.encode())
    database.execute(MORE.encode())
    open_doors(database, compiled(database))
    door.suspend(database, ["research"], MemoryRecorder(), NOW)
    trigger = naming.trigger(STATUSES, "update")
    database.execute(f'alter table public.statuses disable trigger "{trigger}"'.encode())
    assert STATUSES not in door.preparation(database, compiled(database), small=0).tables
    assert not prepare(database).tables
    assert fills(resume(database).steps)
    is_right(database)


def test_nothing_is_begun_that_a_resume_would_refuse(world: Connection) -> None:
    wrong = POLICY.replace("public_rows: true", "public_rows: handle", 1)
    with pytest.raises(InputError, match="boolean"):
        prepare(world, wrong)
    assert world.execute("select to_regclass('klover.door_refill')").fetchone() == (None,)


def test_a_table_that_is_locked_is_told(
    world: Connection, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(online, "_PATIENCE", "200ms")
    with connect(dsn, what="another", autocommit=False) as other:
        other.execute("lock table public.statuses in access exclusive mode")
        with pytest.raises(StoreError, match="holds a lock"):
            prepare(world)
    monkeypatch.undo()
    prepare(world)
    resume(world)
    is_right(world)


def test_the_command_makes_ready_what_is_large(dsn: str, tmp_path: Path) -> None:
    with connect(dsn, what="the enclave") as connection:
        make_tables(connection)
        connection.execute(
            "insert into public.posts select g, 1 + g % 2, true, repeat('x', 400), 1"
            " from generate_series(100, 20000) g"
        )
    (tmp_path / "klover.yaml").write_text(SOUND)
    with tempfile.TemporaryDirectory(prefix="klover-log-") as log:
        option = ["--config", str(write_config(tmp_path, primary=dsn, log=log))]

        def run(*words: str) -> str:
            return CliRunner().invoke(app, [*words, *option], catch_exceptions=False).stdout

        run("apply")
        run("suspend")
        with connect(dsn, what="the application") as connection:
            connection.execute("update public.posts set author = 3 - author where id < 5000")
        planned = run("plan")
        assert planned.count("some pages at a time") == 1
        steps = json.loads(run("resume", "--json"))["steps"]
        with connect(dsn, what="the enclave") as connection:
            version = connection.execute(
                "select statements from klover.door_version order by number desc limit 1"
            ).fetchone()
            assert version == (steps,)
            joined = (
                "select p.name, b.id % 2, count(*) from posts b join people p on p.id = b.author"
                " where b.id < 5000 and b.id > 99 group by 1, 2"
            )
            rows = seen(connection, "abroad", joined)
            assert sorted(rows) == [("Jane", 0, 2450), ("Kari", 1, 2450)]
        assert "Nothing to do" in run("plan")


BIG = """
insert into public.posts select g, 1 + g % 2, true, repeat('x', 400), 1
  from generate_series(100, 20000) g;
"""
TINY_POSTS = TableName("public", "posts")


@pytest.fixture
def tampered(dsn: str, tmp_path: Path) -> Iterator[list[str]]:
    """Make a large table with wrong pseudonyms behind open doors; tells its commands' option."""
    (tmp_path / "klover.yaml").write_text(SOUND)
    with tempfile.TemporaryDirectory(prefix="klover-log-") as log:
        option = ["--config", str(write_config(tmp_path, primary=dsn, log=log))]
        with connect(dsn, what="the enclave") as connection:
            make_tables(connection)
            connection.execute(BIG.encode())
            invoked(option, "apply")
            tamper(connection)
        yield option


def tamper(connection: Connection) -> None:
    """Write rows while nothing computes, and leave a function that computes nothing."""
    trigger = f'"{naming.trigger(TINY_POSTS, "update")}"'
    connection.execute(
        f"""
        alter table public.posts disable trigger {trigger};
        update public.posts set author = 3 - author where id between 100 and 5000;
        alter table public.posts enable always trigger {trigger};
        create or replace function klover_pseudonym.keep__posts() returns trigger
          language plpgsql as $$begin return new; end$$
        """.encode()
    )


def invoked(option: list[str], *words: str) -> str:
    done = CliRunner().invoke(app, [*words, *option])
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


def open_views(connection: Connection) -> set[str]:
    return {name.split(".")[0] for name in views(connection)}


def is_mended(connection: Connection) -> bool:
    """Tell whether every row's pseudonym is its author's own."""
    stored = naming.stored("abroad", TINY_POSTS, "author", 1)
    named = naming.stored("abroad", TableName("public", "people"), "id", 1)
    found = connection.execute(
        f"select count(*) from public.posts p join public.people q on q.id = p.author"
        f" where p.{stored} is distinct from q.{named}".encode()
    ).fetchone()
    return found == (0,)


def test_a_large_table_that_was_tampered_with_is_computed_behind_closed_doors(
    dsn: str, tampered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    batches: list[set[str]] = []
    fill = online.fill_pages

    def filled(connection: Connection, step: door.Step) -> int:
        batches.append(open_views(connection))
        return fill(connection, step)

    monkeypatch.setattr(online, "fill_pages", filled)
    planned = invoked(tampered, "plan")
    assert "-- Closed while large tables are made ready: abroad\n" in planned
    assert planned.count("some pages at a time") == 1
    assert 'update "public"."posts" set' not in planned
    with connect(dsn, what="the enclave") as connection:
        assert not is_mended(connection)
        told = invoked(tampered, "apply")
        assert "closed meanwhile: abroad" in told
        assert len(batches) > 2
        assert all(shown == {"door_home"} for shown in batches), "the other door stays open"
        assert is_mended(connection)
        assert open_views(connection) == {"door_abroad", "door_home"}
        assert "Nothing to do" in invoked(tampered, "plan")
        assert "Nothing to do" in invoked(tampered, "apply")


def test_other_commands_do_not_compute_it_in_one_transaction(dsn: str, tampered: list[str]) -> None:
    for words in (["rotate", "abroad"], ["rotate", "abroad", "--finish"], ["drop", "home"]):
        done = CliRunner().invoke(app, [*words, *tampered])
        assert isinstance(done.exception, CheckFailed), done.output
        assert "`klover doors apply` does it" in str(done.exception)
    with connect(dsn, what="the enclave") as connection:
        assert open_views(connection) == {"door_abroad", "door_home"}
        assert not is_mended(connection)


KILLED_APPLY = """
import os, signal, sys
from klover.door import online
from klover.cli import main
left = [int(sys.argv[1])]
fill = online.fill_pages
def counted(connection, step):
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
    left[0] -= 1
    return fill(connection, step)
online.fill_pages = counted
sys.argv[1:] = sys.argv[2:]
main()
"""


def killed(batch: int, *words: str) -> None:
    """Run a command in a process that is killed before it fills so many batches and one more."""
    tests = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", KILLED_APPLY, str(batch), *words],
        check=False,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": f"{tests.parent / 'src'}:{tests}"},
        timeout=240,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("batch", [0, 2])
def test_killed_meanwhile_the_doors_stay_closed_and_a_resume_goes_on(
    dsn: str, tampered: list[str], batch: int
) -> None:
    killed(batch, "doors", "apply", *tampered)
    with connect(dsn, what="the enclave") as connection:
        connection.execute("select pg_advisory_lock(hashtext('klover doors'))")
        connection.execute("select pg_advisory_unlock(hashtext('klover doors'))")
        assert open_views(connection) == {"door_home"}
        refused = CliRunner().invoke(app, ["apply", *tampered])
        assert isinstance(refused.exception, InputError)
        assert "`klover doors resume`" in str(refused.exception)
        if batch:
            assert pages_done(connection)["keep__posts", "public.posts"][0] > 0
        invoked(tampered, "resume")
        assert is_mended(connection)
        assert open_views(connection) == {"door_abroad", "door_home"}
        assert "Nothing to do" in invoked(tampered, "plan")


RENAMED = SOUND.replace("  abroad:\n", "  elsewhere:\n").replace("[abroad]", "[elsewhere]")


def test_an_audience_takes_the_place_of_another_while_the_application_writes(
    dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = tmp_path / "klover.yaml"
    policy.write_text(SOUND)
    batches: list[set[str]] = []
    fill = online.fill_pages

    def filled(connection: Connection, step: door.Step) -> int:
        batches.append(open_views(connection))
        with connect(dsn, what="the application") as busy:
            row = (30000 + len(batches),)
            busy.execute("insert into public.posts values (%s, 1, true, 'new', 1)", row)
        return fill(connection, step)

    with (
        tempfile.TemporaryDirectory(prefix="klover-log-") as log,
        connect(dsn, what="the enclave") as connection,
    ):
        option = ["--config", str(write_config(tmp_path, primary=dsn, log=log))]
        make_tables(connection)
        connection.execute(BIG.encode())
        invoked(option, "apply")
        policy.write_text(RENAMED)
        monkeypatch.setattr(online, "fill_pages", filled)
        assert "-- Closed while large tables are made ready: abroad\n" in invoked(option, "plan")
        refused = CliRunner().invoke(app, ["rotate", "elsewhere", *option])
        assert isinstance(refused.exception, CheckFailed)
        assert "closed meanwhile: abroad" in invoked(option, "apply")
        assert len(batches) > 2
        assert all(shown == {"door_home"} for shown in batches), "what is not right is not shown"
        assert open_views(connection) == {"door_elsewhere", "door_home"}
        assert "Nothing to do" in invoked(option, "plan")
        found = seen(connection, "elsewhere", "select count(*), count(author) from posts")
        assert found == [(19902 + len(batches),) * 2]  # one is hidden


def test_killed_while_one_takes_the_place_of_another_it_goes_on(dsn: str, tmp_path: Path) -> None:
    policy = tmp_path / "klover.yaml"
    policy.write_text(SOUND)
    with (
        tempfile.TemporaryDirectory(prefix="klover-log-") as log,
        connect(dsn, what="the enclave") as connection,
    ):
        option = ["--config", str(write_config(tmp_path, primary=dsn, log=log))]
        make_tables(connection)
        connection.execute(BIG.encode())
        invoked(option, "apply")
        policy.write_text(RENAMED)
        killed(1, "doors", "apply", *option)
        connection.execute("select pg_advisory_lock(hashtext('klover doors'))")
        connection.execute("select pg_advisory_unlock(hashtext('klover doors'))")
        assert open_views(connection) == {"door_home"}
        connection.execute("insert into public.posts values (30000, 1, true, 'new', 1)")
        connection.execute("update public.posts set author = 3 - author where id = 101")
        invoked(option, "resume")
        assert open_views(connection) == {"door_elsewhere", "door_home"}
        assert "Nothing to do" in invoked(option, "plan")
        joined = "select p.name from posts o join people p on p.id = o.author where o.id = 30000"
        assert seen(connection, "elsewhere", joined) == [("Kari",)]


def test_what_an_open_door_shows_leaves_no_table_that_is_made_ready(database: Connection) -> None:
    make_tables(database)
    open_doors(
        database, door.compile_doors(resolve(database, SOUND), database=database.info.dbname)
    )
    doors = door.compile_doors(
        resolve(database, RENAMED),
        database=database.info.dbname,
        epochs=door.read_epochs(database),
    )
    with pytest.raises(StoreError, match="door_abroad shows pseudonyms in people"):
        door.prepare(database, doors, small=0)
    database.execute("insert into public.posts values (12, 1, true, 'x', 1)")
    assert door.to_close(database, doors, small=0) == ("abroad",)


def test_only_what_was_tampered_with_is_computed_where_all_doors_close(
    dsn: str, tampered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A door is the only one here: what computes in other tables stays where it is."""
    invoked(tampered, "apply")
    with connect(dsn, what="the enclave") as connection:
        connection.execute(
            "insert into public.people select g, repeat('n', 400), 'NO', '1990'"
            " from generate_series(3, 25000) g"
        )
        policy = Path(tampered[1]).with_name("klover.yaml")
        policy.write_text(SOUND.partition("  home:\n")[0] + "    requires: {purpose: [help]}\n")
        invoked(tampered, "apply")
        tamper(connection)
        filled: list[str] = []
        fill = online.fill_pages

        def noted(connection: Connection, step: door.Step) -> int:
            filled.append(step.sql)
            return fill(connection, step)

        monkeypatch.setattr(online, "fill_pages", noted)
        invoked(tampered, "apply")
        assert is_mended(connection)
    assert filled
    assert all('"public"."posts"' in step for step in filled)
