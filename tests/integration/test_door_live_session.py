"""A session open on the standby while doors change: it sees the old door or the new, no other."""

from collections.abc import Iterator

import psycopg
import pytest

from conftest import NewDatabase
from doubles.demo_doors import open_doors
from doubles.enclave import log_in
from doubles.servers import set_for_now
from doubles.tiny_doors import POLICY, make_tables, tiny_doors
from klover.store.connect import Connection, connect
from klover.store.embedded import Server
from klover.store.replay import flushed_position, wait_replayed

STRICTER = POLICY.replace("      body: {class: public", "      body: {class: restricted").replace(
    "    public_rows: seen\n", "    public_rows: score > 4\n"
)


@pytest.fixture
def primary(server: Server, new_database: NewDatabase) -> Iterator[Connection]:
    with connect(server.dsn(new_database()), what="the primary") as connection:
        make_tables(connection)
        open_doors(connection, tiny_doors(connection))
        yield connection


@pytest.fixture
def impatient(standby: Server) -> Iterator[Server]:
    """Let the standby wait half a second for a statement that holds up its replay."""
    with set_for_now(standby, "max_standby_streaming_delay", "500ms"):
        yield standby


def catch_up(primary: Connection, standby: Server) -> None:
    with connect(standby.dsn(), what="the standby") as replayed:
        wait_replayed(replayed, flushed_position(primary))


def at_door(primary: Connection, standby: Server, *, autocommit: bool = True) -> Connection:
    catch_up(primary, standby)
    session = log_in(standby.dsn(primary.info.dbname, "klover_s_abroad_01"))
    session.execute("set search_path = door_abroad")
    session.autocommit = autocommit
    return session


def test_an_idle_session_finds_the_new_door_under_the_old_names(
    primary: Connection, standby: Server
) -> None:
    with at_door(primary, standby) as session:
        query = "select score from posts"
        assert session.execute(query, prepare=True).fetchall() == [(3,)]
        assert session.execute("select body from posts").fetchall() == [("hello",)]
        open_doors(primary, tiny_doors(primary, STRICTER))
        catch_up(primary, standby)
        assert session.execute(query, prepare=True).fetchall() == [(5,)]  # prepared on the old view
        with pytest.raises(psycopg.errors.UndefinedColumn):
            session.execute("select body from posts")


def test_an_apply_does_not_wait_for_a_session_and_the_session_does_not_keep_the_old_door(
    primary: Connection, impatient: Server
) -> None:
    with at_door(primary, impatient, autocommit=False) as session:
        assert session.execute("select body from posts").fetchall() == [("hello",)]
        open_doors(primary, tiny_doors(primary, STRICTER))  # the primary knows nothing of it
        catch_up(primary, impatient)  # its lock was taken from it
        with pytest.raises((psycopg.OperationalError, psycopg.errors.UndefinedColumn)):
            session.execute("select body from posts")
    with at_door(primary, impatient) as session:
        assert session.execute("select score from posts").fetchall() == [(5,)]


def test_until_the_change_is_replayed_a_session_sees_the_whole_old_door(
    primary: Connection, standby: Server
) -> None:
    with at_door(primary, standby) as session, connect(standby.dsn(), what="the standby") as owner:
        owner.execute("select pg_wal_replay_pause()")
        try:
            open_doors(primary, tiny_doors(primary, STRICTER))
            rows = session.execute("select body, score from posts").fetchall()
            assert rows == [("hello", 3)]
        finally:
            owner.execute("select pg_wal_replay_resume()")
        catch_up(primary, standby)
        assert session.execute("select score from posts").fetchall() == [(5,)]
