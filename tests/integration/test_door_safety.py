"""What doors must leave alone, and what they must survive: others' tables, strange names, drift."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from doubles.demo_doors import TODAY, compiled, load_application, open_doors, resolve
from klover import door
from klover.door import naming
from klover.errors import PolicyError, StoreError
from klover.store.connect import Connection, connect


@pytest.fixture
def application(database: Connection) -> Iterator[Connection]:
    load_application(database)
    yield database
    # Roles belong to the cluster: the next test of this module has doors in another database.
    database.execute("reset role")


def _in_schema(connection: Connection) -> list[tuple[object, ...]]:
    return connection.execute("select count(*) from door_bell.rings").fetchall()


def test_an_applications_own_table_in_a_schema_like_a_doors_stays(application: Connection) -> None:
    doors = compiled(application, resolve(application))
    application.execute(
        "create schema door_bell; create table door_bell.rings (at timestamptz);"
        "insert into door_bell.rings values (now())"
    )
    with pytest.raises(PolicyError, match=r"door_bell\.rings"):
        resolve(application)  # nobody said whose data it is
    with pytest.raises(StoreError, match="door_bell is not Klover"):
        door.plan(application, doors)
    with pytest.raises(StoreError, match="door_bell is not Klover"):
        open_doors(application, doors)
    assert _in_schema(application) == [(1,)]


def test_what_everybody_could_read_the_applications_still_can(application: Connection) -> None:
    application.execute("grant select, insert on public.languages to public")
    application.execute("grant usage on sequence public.videos_id_seq to public")
    open_doors(application, compiled(application, resolve(application)))
    can = application.execute(
        """select has_table_privilege('klover_application', 'public.languages', 'select'),
                  has_table_privilege('klover_application', 'public.languages', 'insert'),
                  has_sequence_privilege('klover_application', 'public.videos_id_seq', 'usage')"""
    ).fetchone()
    assert can == (True, True, True)
    assert not door.plan(application, compiled(application, resolve(application)))


HALF = (
    "drop schema door_engineering_abroad cascade",
    "drop table klover.door_view",
    "drop view door_support_europe.accounts",
    "drop owned by klover_owner_support_europe cascade",
    "drop table klover_pseudonym.key",
    "drop function klover_pseudonym.keep__accounts() cascade",
    "revoke select on klover_pseudonym.key from klover_keeper",
    "drop owned by klover_keeper cascade; drop role klover_keeper",
    'drop trigger "{trigger}" on public.likes',
    "alter table public.likes drop column {stored} cascade",
    "alter table public.likes drop constraint {stored}",
    "drop schema klover_pseudonym cascade",
    "drop owned by klover_s_support_europe_01; drop role klover_s_support_europe_01",
    "revoke connect on database {database} from klover_door_support_europe",
)


@pytest.mark.parametrize("half", HALF)
def test_a_door_that_was_half_removed_is_whole_again(application: Connection, half: str) -> None:
    doors = compiled(application, resolve(application))
    open_doors(application, doors)
    likes = next(each for each in doors.keepers if each.table.name == "likes")
    names = {
        "database": application.info.dbname,
        "trigger": naming.trigger(likes.table, "update"),
        "stored": likes.stored[0].name,
    }
    for word, name in names.items():
        half = half.replace(f"{{{word}}}", name)
    application.execute(half.encode())
    assert door.plan(application, doors)
    open_doors(application, doors)
    assert not door.plan(application, doors)
    assert not door.prove(application, resolve(application), TODAY).violations


def test_an_audience_that_goes_takes_its_open_sessions_along(
    application: Connection, dsn: str
) -> None:
    resolved = resolve(application)
    open_doors(application, compiled(application, resolved))
    with connect(dsn, what="the test database") as session:
        session.execute("set session authorization klover_s_support_europe_01")
        session.execute("select from door_support_europe.accounts")
        rest = {k: v for k, v in resolved.policy.audiences.items() if k != "support-europe"}
        fewer = replace(resolved, policy=replace(resolved.policy, audiences=rest))
        open_doors(application, compiled(application, fewer))
        with pytest.raises(Exception, match=r"does not exist|permission denied"):
            session.execute("select from door_support_europe.accounts")
    assert not door.prove(application, fewer, TODAY).violations
