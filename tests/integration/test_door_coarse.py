"""Coarse values through doors: whatever the column's type and wherever that lives, and proved."""

import psycopg
import pytest

from doubles.demo_doors import TODAY, compiled, open_doors, resolve
from klover import door
from klover.errors import StoreError
from klover.store.connect import Connection, connect
from klover.store.embedded import Server

SCHEMA = """
create domain public.price as numeric(12,4) check (value > 5);
create table public.people (
  id int primary key, country text, zip char(10), born date, height smallint, paid public.price,
  balance numeric, sign_up inet, seen timestamptz, nick varchar(40));
insert into public.people values
  (1, ' éire ', '1234 AB', '0044-03-15 BC', -32768, 123.4567, 123.45, '::ffff:10.1.2.3',
   'infinity', 'żółwik'),
  (2, null, null, null, null, null, null, null, null, null);
"""
COLUMNS = {
    "country": "region",
    "zip": "first 4",
    "born": "year",
    "height": "round 5",
    "paid": "round 100",
    "balance": "round 10",
    "sign_up": "network",
    "seen": "month",
    "nick": "first 3",
}


def policy(columns: dict[str, str]) -> str:
    coarse = "\n".join(
        f"      {name}: {{class: interoperable, identifies: indirectly, coarsen: {way}}}"
        for name, way in columns.items()
    )
    return f"""
klover: 1
enclave: europe
rests_in: [EEA]
subjects: {{table: people, key: id, home: none, inside: [EEA]}}
tables:
  people:
    public_rows: true
    columns:
      id: {{class: public, identifies: "no"}}
{coarse}
audiences:
  abroad:
    who: {{groups: [abroad], located: any}}
    sees: [interoperable, public]
"""


def shown(database: Connection, columns: dict[str, str]) -> list[tuple[object, ...]]:
    """Open the doors, have them proved, and read the view as its texts."""
    resolved = resolve(database, policy(columns))
    open_doors(database, compiled(database, resolved))
    assert door.prove(database, resolved, TODAY, on_standby=False).violations == ()
    texts = ", ".join(f"{name}::text" for name in columns)
    return database.execute(
        f"select {texts} from door_abroad.people order by id".encode()
    ).fetchall()


def test_each_type_at_its_edge(database: Connection) -> None:
    database.execute(SCHEMA.encode())
    database.execute("set timezone to 'UTC'")
    first, second = shown(database, COLUMNS)
    assert first == (
        "Europe", "1234", "0044-01-01 BC", "-32768", "100", "120", "::/48", "infinity", "żół",
    )  # fmt: skip
    assert set(second) == {None}


def test_a_type_of_an_extension_lives_where_that_was_installed(database: Connection) -> None:
    database.execute("create schema tools")
    try:
        database.execute("create extension citext schema tools")
    except psycopg.errors.FeatureNotSupported:
        pytest.skip("needs citext, which the embedded server lacks")
    database.execute("create domain public.nation as tools.citext")
    database.execute(
        "create table public.people (id int primary key, country public.nation, nick tools.citext)"
    )
    database.execute("insert into public.people values (1, 'IRELAND', 'ÄBC')")
    assert shown(database, {"country": "region", "nick": "first 2"}) == [("Europe", "ÄB")]


def test_a_collation_that_takes_others_for_equal_is_no_hindrance(database: Connection) -> None:
    try:
        database.execute(
            "create collation public.alike (provider = icu, locale = 'und-u-ks-level1',"
            " deterministic = false)"
        )
    except psycopg.errors.FeatureNotSupported:
        pytest.skip("needs ICU, which the embedded server lacks")
    database.execute(
        "create table public.people (id int primary key, country text collate public.alike,"
        " nick varchar(9) collate public.alike)"
    )
    database.execute("insert into public.people values (1, 'IRELAND', 'ÄBC'), (2, 'nowhere', '')")
    seen = shown(database, {"country": "region", "nick": "first 2"})
    assert seen == [("Europe", "ÄB"), (None, "")]


def test_doors_of_a_database_in_another_encoding_are_refused(
    server: Server, database: Connection
) -> None:
    """``normalize`` works in UTF-8 only: a view would fail at every query."""
    name = f"{database.info.dbname}_latin"
    database.execute(
        f"create database {name} encoding 'LATIN1' locale 'C' template template0".encode()
    )
    try:
        with connect(server.dsn(name), what="the test database") as latin:
            latin.execute("create table public.people (id int primary key, country text)")
            resolved = resolve(latin, policy({"country": "region"}))
            doors = compiled(latin, resolved)
            for change in (door.plan, open_doors):
                with pytest.raises(StoreError, match="is encoded in LATIN1"):
                    change(latin, doors)
    finally:
        database.execute(f"drop database {name} with (force)".encode())
