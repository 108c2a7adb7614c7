"""The catalog of a live database: an application's own names are seen, Klover's are not."""

import re
from pathlib import Path

import psycopg
import pytest

import klover
from klover.catalog import OWN_TABLES, TableName
from klover.store.inspect import read_catalog


def test_schemas_that_only_look_like_klovers_are_seen(
    database: psycopg.Connection[tuple[object, ...]],
) -> None:
    database.execute("create schema door_opener")
    database.execute("create table door_opener.people (id int primary key, name text)")
    database.execute("create schema klover_fields")
    database.execute("create table klover_fields.owners (id int primary key)")
    database.execute("create schema klover")
    database.execute("create table klover.notes (id int)")
    database.execute("create table klover.door_version (number int)")
    database.execute("create schema klover_pseudonym")
    database.execute("create table klover_pseudonym.key (n int)")
    found = read_catalog(database).tables
    assert TableName("door_opener", "people") in found
    assert TableName("klover_fields", "owners") in found
    assert TableName("klover", "notes") in found
    assert TableName("klover", "door_version") not in found
    assert TableName("klover_pseudonym", "key") not in found
    people = found[TableName("door_opener", "people")]
    assert [column.name for column in people.columns] == ["id", "name"]
    assert people.primary_key is not None


OURS = "klover_p_abroad_id_0123456789ab"


@pytest.mark.parametrize(
    ("name", "kind", "seen"),
    [
        (OURS, "uuid", False),
        (OURS, "uuid[]", False),
        (OURS, "text", True),
        ("klover_p_points", "int", True),
        ("klover_p_", "uuid", True),
        ("klover_p_abroad_id_0123456789AB", "uuid", True),
        ("klover_p_abroad_id_0123456789abc", "uuid", True),
    ],
)
def test_a_column_that_only_begins_like_klovers_is_seen(
    database: psycopg.Connection[tuple[object, ...]], name: str, kind: str, *, seen: bool
) -> None:
    """It would else never be classified, copied home or compared, and nobody would know."""
    database.execute(
        f'create table public.people (id int primary key, "{name}" {kind} not null unique);'
        f"create view public.everybody as select * from public.people".encode()
    )
    found = read_catalog(database).tables
    for table in ("people", "everybody"):
        columns = [column.name for column in found[TableName("public", table)].columns]
        assert columns == (["id", name] if seen else ["id"])
    uniques = [key.columns for key in found[TableName("public", "people")].uniques]
    assert uniques == ([(name,)] if seen else [])


def test_an_index_that_only_begins_like_klovers_is_a_key(
    database: psycopg.Connection[tuple[object, ...]],
) -> None:
    database.execute("create table public.people (email text)")
    database.execute("create unique index klover_p_email on public.people (email)")
    (people,) = read_catalog(database).tables.values()
    assert [key.columns for key in people.uniques] == [("email",)]


def test_a_relation_that_a_role_of_a_door_came_to_own_is_seen(
    database: psycopg.Connection[tuple[object, ...]],
) -> None:
    with database.transaction(force_rollback=True):
        database.execute(
            "create role klover_owner_seen; create table public.people (id int);"
            "alter table public.people owner to klover_owner_seen; create schema door_seen;"
            "create table door_seen.kept (id int); alter table door_seen.kept owner to"
            " klover_owner_seen; create view door_seen.people as select 1 as id;"
            "alter view door_seen.people owner to klover_owner_seen"
        )
        found = set(read_catalog(database).tables)
    assert found == {TableName("public", "people"), TableName("door_seen", "kept")}


def test_every_table_of_klovers_is_known_as_its_own() -> None:
    """A table that is made and not listed would be taken for an application's."""
    sources = Path(klover.__file__).parent
    made = {
        name
        for pattern in ("*.sql", "*.py")
        for file in sources.rglob(pattern)
        for name in re.findall(
            r"create table (?:if not exists )?(klover(?:_pseudonym)?\.\w+)", file.read_text()
        )
    }
    assert made == set(OWN_TABLES)


def test_what_inherits_and_what_views_read(
    database: psycopg.Connection[tuple[object, ...]],
) -> None:
    database.execute("""
        set search_path = public;
        create table people (id int primary key, email text, name text);
        create table vips (perks text) inherits (people);
        create table events (id int, at date, who int) partition by range (at);
        create table events_1 partition of events default;
        create view plain as select id, upper(email) as mail from people;
        create materialized view onward as select p.mail, e.at from plain p join events_1 e on true;
        create view counted as select count(*) from people;
        create view whole as select to_jsonb(p) as row from people p;
    """)
    found = read_catalog(database).tables
    people, events = TableName("public", "people"), TableName("public", "events")
    assert found[TableName("public", "vips")].inherits == (people,)
    assert found[people].inherits == found[events].inherits == ()
    assert found[people].reads == ()
    reads = {name.name: table.reads for name, table in found.items() if table.is_view}
    assert reads["plain"] == ((people, "email"), (people, "id"))
    assert reads["onward"] == ((events, "at"), (people, "email"), (people, "id"))
    assert (
        reads["counted"]
        == reads["whole"]
        == tuple((people, name) for name in ("email", "id", "name"))
    )
