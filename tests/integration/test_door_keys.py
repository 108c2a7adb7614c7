"""Keys of which equal values are written differently: one person must not become two, unseen."""

from dataclasses import replace

import psycopg
import pytest
from psycopg import sql

from conftest import VERSION
from doubles.demo_doors import TODAY, compiled, open_doors, resolve
from doubles.door_world import POLICY, ROWS, SCHEMA, key_of, pseudonym, seen
from klover import door
from klover.catalog import Column, TableName
from klover.door.keys import _ALONE, _KINDS, kind, misfit, unfit
from klover.door.stored import canonical
from klover.errors import PolicyError
from klover.store.connect import Connection
from klover.store.inspect import read_catalog

SAMPLES: dict[str, list[str]] = {
    "smallint": ["1", "01", "-0", "0"],
    "integer": ["1", "01", "-0", "0"],
    "bigint": ["1", "01", "-0", "0"],
    "numeric": ["1", "1.0", "1.00", "1e0", "100", "1e2", "-0", "0", "0.00", "NaN", "Infinity"],
    "oid": ["1", "01"],
    "text": ["a", "A", "a ", "\u00e9", "e\u0301"],
    "character varying": ["a", "A", "a ", "\u00e9", "e\u0301"],
    "character": ["a", "A", "a "],
    "bpchar": ["a", "a ", "a  "],
    "name": ["a", "A", "a "],
    "inet": ["10.0.0.1", "10.0.0.1/32", "10.0.0.1/24", "::1", "::1/128", "0:0:0:0:0:0:0:1"],
    "cidr": ["10.0.0.1", "10.0.0.1/32", "10.0.0.0/24", "::1", "::1/128"],
    "bit": ["1", "0"],
    "bit varying": ["1", "01", "001"],
    "boolean": ["t", "true", "yes", "on", "1", "f"],
    "bytea": ["\\x61", "a", "\\x6100"],
    "date": ["2026-01-01", "20260101", "January 1, 2026", "infinity", "0044-03-15 BC"],
    "macaddr": ["08:00:2b:01:02:03", "08002b010203", "08-00-2B-01-02-03"],
    "macaddr8": ["08:00:2b:01:02:03", "08:00:2b:ff:fe:01:02:03"],
    "time with time zone": ["12:00+00", "13:00+01", "12:00Z", "24:00+00"],
    "time without time zone": ["12:00", "12:00:00", "24:00", "00:00", "12:00:00.000"],
    "timestamp with time zone": ["2026-01-01 12:00+00", "2026-01-01 13:00+01", "infinity"],
    "timestamp without time zone": ["2026-01-01", "2026-01-01 00:00:00", "2026-01-01T00:00:00.0"],
    "uuid": ["A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "{a0eebc999c0b4ef8bb6d6bb9bd380a11}"],
}
TOLD_APART: dict[str, list[str]] = {
    "real": ["0", "-0"],
    "double precision": ["0", "-0"],
    "interval": ["24 hours", "1 day"],
    "jsonb": ["1", "1.0"],
    "numrange": ["[1.0,2)", "[1.00,2)"],
    "nummultirange": ["{[1.0,2)}", "{[1.00,2)}"],
    "numeric[]": ["{1.0}", "{1.00}"],
}
"""Equal, and written differently."""


def column(kind: str) -> Column:
    base = {"character": "character(9)"}.get(kind, kind)
    return Column(name="v", ordinal=1, type=base, type_kind="b", base_type=base)


def apart(connection: Connection, kind: str, values: list[str]) -> list[tuple[object, ...]]:
    """Tell the pairs that are equal and have two texts."""
    query = sql.SQL(
        "with v as (select x::{kind} as v from unnest(%s::text[]) x)"
        " select a.v::text, b.v::text from v a join v b on a.v = b.v where {one} <> {other}"
    ).format(
        kind=sql.SQL({"character": "character(9)", "bit": "bit(1)"}.get(kind, kind)),
        one=canonical(sql.SQL("a.v"), kind),
        other=canonical(sql.SQL("b.v"), kind),
    )
    connection.execute("set timezone = 'UTC'")
    return connection.execute(query, (values,)).fetchall()


@pytest.mark.parametrize("kind", sorted({*_KINDS, *_ALONE} - {"citext"}))
def test_equal_values_of_a_key_have_one_text(database: Connection, kind: str) -> None:
    assert unfit(column(kind)) == ""
    equals = sql.SQL(
        "with v as (select x::{} as v from unnest(%s::text[]) x)"
        " select count(*) from v a join v b on a.v = b.v"
    ).format(sql.SQL({"character": "character(9)", "bit": "bit(1)"}.get(kind, kind)))
    assert database.execute(equals, (SAMPLES[kind],)).fetchone() != (0,)
    assert not apart(database, kind, SAMPLES[kind])


@pytest.mark.parametrize("kind", TOLD_APART)
def test_a_type_whose_equals_are_told_apart_is_no_key(database: Connection, kind: str) -> None:
    assert apart(database, kind, TOLD_APART[kind])
    assert "of which equal values" in unfit(column(kind))


@pytest.mark.parametrize("kind", ["money", "xml", "public.mood", "integer[]", "json", "int4range"])
def test_what_nobody_looked_at_is_no_key_either(kind: str) -> None:
    assert "of which equal values" in unfit(column(kind))


def test_across_types_only_what_is_written_alike_refers(database: Connection) -> None:
    """Postgres takes a foreign key from a day to a moment, and writes the two differently."""
    database.execute("create table public.moments (at timestamp primary key)")
    database.execute("create table public.days (day date references public.moments)")
    assert kind(column("date")) != kind(column("timestamp without time zone"))
    told = misfit(column("date"), column("timestamp without time zone"))
    assert told == (
        "is of type date and refers to a key of type timestamp without time zone, written in "
        "another way"
    )
    for one, other in (("integer", "numeric"), ("cidr", "inet"), ("character", "text")):
        assert misfit(column(one), column(other)) == ""
    for one, other in (("text", "numeric"), ("citext", "bigint"), ("text", "citext"),
                       ("bigint", "text"), ("text", "date"), ("name", "uuid")):  # fmt: skip
        assert "written in another way" in misfit(column(one), column(other))


def test_a_text_may_spell_a_number_or_a_uuid() -> None:
    for one in ("text", "character varying(40)", "character(36)"):
        for other in ("smallint", "integer", "bigint", "uuid"):
            assert misfit(column(one), column(other)) == ""
    several = replace(column("text[]"), element_type="text")
    assert misfit(several, column("uuid"), element=True) == ""


def around(tables: str) -> str:
    """Write a policy of these tables, for people abroad."""
    return f"{POLICY[: POLICY.index('tables:')]}{tables}{POLICY[POLICY.index('audiences:') :]}"


TWO = """tables:
  accounts: {public_rows: true, columns: {id: interoperable}}
  statuses: {subject: account_id, public_rows: true, columns: {account_id: interoperable}}
"""


def test_a_reference_of_another_type_is_refused(database: Connection) -> None:
    database.execute(
        "create table public.accounts (id timestamp primary key, country text);"
        "create table public.statuses (id bigint primary key,"
        " account_id date references public.accounts)"
    )
    with pytest.raises(PolicyError, match=r"statuses\.account_id is of type date and refers to"):
        compiled(database, resolve(database, around(TWO)), 1)


def test_a_key_that_nobody_is_shown_is_looked_at_where_others_refer_to_it(
    database: Connection,
) -> None:
    """It has pseudonyms all the same, and its own inserts would fail."""
    schema = SCHEMA.replace(
        "create table public.accounts (id bigint primary key",
        "create table public.accounts (n bigint, id bigint generated always as (n) stored"
        " primary key",
    )
    database.execute(schema.encode())
    policy = POLICY.replace("      id: interoperable\n      country", "      country")
    with pytest.raises(PolicyError, match=r"accounts\.id is a generated column"):
        compiled(database, resolve(database, policy), 1)


@pytest.fixture
def lenient(database: Connection) -> Connection:
    """Make a collation that calls texts equal that differ in case only."""
    try:
        database.execute(
            "create collation public.lenient"
            " (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
        )
    except psycopg.errors.FeatureNotSupported:
        pytest.skip("needs a Postgres with ICU: KLOVER_TEST_POSTGRES=15")
    return database


def test_keys_that_a_collation_calls_equal_are_refused(lenient: Connection) -> None:
    """Postgres takes ``KARI`` for ``kari``; two pseudonyms would make two people of one."""
    lenient.execute(
        "create table public.accounts (id text collate public.lenient primary key, country text);"
        "create table public.statuses (id bigint primary key,"
        " account_id text collate public.lenient references public.accounts);"
        "insert into public.accounts values ('kari', 'NO');"
        "insert into public.statuses values (1, 'KARI')"
    )
    tables = read_catalog(lenient).tables
    for name, at in (("accounts", 0), ("statuses", 1)):
        assert not tables[TableName("public", name)].columns[at].deterministic
    with pytest.raises(PolicyError, match=r"accounts\.id has a collation by which texts"):
        compiled(lenient, resolve(lenient, around(TWO)), 1)
    hidden = TWO.replace("columns: {id: interoperable}", "columns: {country: restricted}")
    with pytest.raises(PolicyError, match=r"statuses\.account_id has a collation|accounts\.id has"):
        compiled(lenient, resolve(lenient, around(hidden)), 1)
    withheld = hidden.replace("account_id: interoperable", "account_id: restricted")
    resolved = resolve(lenient, around(withheld))
    open_doors(lenient, compiled(lenient, resolved, 1))
    assert door.prove(lenient, resolved, TODAY).holds


def test_a_type_column_follows_its_collation_everywhere(lenient: Connection) -> None:
    """A pair whose type is written ``STATUS`` names the status, in triggers, checks and views."""
    schema = SCHEMA.replace("about_type varchar(20)", "about_type text collate public.lenient")
    lenient.execute(schema.encode())
    lenient.execute(ROWS.encode())
    resolved = resolve(lenient, POLICY)
    open_doors(lenient, compiled(lenient, resolved, 1))
    lenient.execute("update public.notes set about_type = 'STATUS' where about_id = 10")
    lenient.execute(
        "insert into public.notes (account_id, about_id, about_type) values (2, 11, 'sTATUS')"
    )
    assert not door.prove(lenient, resolved, TODAY).violations
    key = key_of(lenient, "abroad")
    for table in ("notes", "recent"):
        found = seen(
            lenient,
            "abroad",
            f"select about_type, about_id from {table} where about_type = 'Status'",
        )
        told = {(kind, about) for kind, about in found if about is not None}
        assert ("STATUS", pseudonym(key, "statuses", "10")) in told
        assert ("sTATUS", pseudonym(key, "statuses", "11")) in told


@pytest.mark.skipif(VERSION != 15, reason="needs citext: KLOVER_TEST_POSTGRES=15")
def test_a_citext_has_one_pseudonym_however_its_column_is_collated(database: Connection) -> None:
    database.execute(
        "create extension citext schema public;"
        'create table public.accounts (id public.citext collate "C" primary key, country text);'
        "create table public.statuses (id bigint primary key,"
        " account_id public.citext references public.accounts);"
        "insert into public.accounts values ('Åse', 'NO');"
        "insert into public.statuses values (1, 'åSE')"
    )
    resolved = resolve(database, around(TWO))
    open_doors(database, compiled(database, resolved, 1))
    assert not door.prove(database, resolved, TODAY).violations
    joined = "select count(*) from accounts a join statuses s on s.account_id = a.id"
    assert seen(database, "abroad", joined) == [(1,)]
