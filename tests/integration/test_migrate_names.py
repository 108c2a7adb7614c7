"""Columns named as Klover's are, and keys that a collation calls equal: nothing is passed over."""

from collections.abc import Callable

import psycopg
import pytest

from doubles.small_world import World, rows, run_sql
from klover.errors import PolicyError
from klover.migrate.phase import Phase
from klover.store.embedded import Server

NewDatabase = Callable[[], str]
POLICY = """
klover: 1
enclave: europe
rests_in: [EEA]
stays_outside: [interoperable, public]
subjects: {table: people, key: id, home: country, inside: [EEA]}
tables:
  people: {columns: {id: interoperable, country: interoperable}}
  notes: {subject: author, columns: {id: interoperable, author: interoperable}}
audiences:
  staff: {who: {groups: [staff], located: [EEA]}, sees: [interoperable, public]}
"""


@pytest.fixture
def world(server: Server, new_database: NewDatabase) -> World:
    return World(
        source=server.dsn(new_database()), enclave=server.dsn(new_database()), policy=POLICY
    )


def test_a_column_that_only_begins_like_klovers_comes_home_and_leaves_nothing(
    world: World,
) -> None:
    """It was in no catalog: neither copied nor compared nor erased, and nobody was told."""
    world.fill(
        "create table people (id int primary key, country text);"
        "create table notes (id int primary key, author int not null references people,"
        " klover_p_secret text, klover_p_a_b_0123456789ab text unique)",
        "insert into people values (1, 'NO'), (2, 'US');"
        "insert into notes values (1, 1, 'of kari', 'kari'), (2, 2, 'of bob', 'bob')",
    )
    assert world.migration().run().phase is Phase.SWEPT
    told = "select id, klover_p_secret, klover_p_a_b_0123456789ab from notes order by 1"
    assert rows(world.enclave, told) == [(1, "of kari", "kari")]
    assert rows(world.source, told) == [(2, "of bob", "bob")]


def test_a_table_in_a_schema_of_klovers_name_is_no_table_nobody_asks_about(world: World) -> None:
    run_sql(
        world.source,
        "create table people (id int primary key, country text);"
        "create table notes (id int primary key, author int references people);"
        "create schema klover; create table klover.letters (id int primary key, body text)",
    )
    with pytest.raises(PolicyError, match=r"klover\.letters"):
        world.resolved()


def test_rows_follow_their_person_under_a_collation_that_calls_keys_equal(world: World) -> None:
    """``KARI`` refers to ``kari``: the note is hers, inside, however it writes her."""
    lenient = (
        "create collation lenient"
        " (provider = icu, locale = 'und-u-ks-level2', deterministic = false);"
    )
    try:
        for dsn in (world.source, world.enclave):
            run_sql(dsn, lenient)
    except psycopg.errors.FeatureNotSupported:
        pytest.skip("needs a Postgres with ICU: KLOVER_TEST_POSTGRES=15")
    world.fill(
        "create table people (id text collate lenient primary key, country text);"
        "create table notes (id int primary key,"
        " author text collate lenient not null references people, body text)",
        "insert into people values ('kari', 'NO'), ('Bob', 'US');"
        "insert into notes values (1, 'KARI', 'of kari'), (2, 'bob', 'of bob'), (3, 'kArI', 'too')",
    )
    assert world.migration().run().phase is Phase.SWEPT
    told = "select id, author, body from notes order by 1"
    assert rows(world.enclave, told) == [(1, "KARI", "of kari"), (3, "kArI", "too")]
    assert rows(world.source, told) == [(2, "bob", "of bob")]
