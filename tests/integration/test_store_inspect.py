"""The catalog of a live database: an application's own names are seen, Klover's are not."""

import psycopg

from klover.catalog import TableName
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
    found = read_catalog(database).tables
    assert TableName("door_opener", "people") in found
    assert TableName("klover_fields", "owners") in found
    assert TableName("klover", "notes") not in found
    people = found[TableName("door_opener", "people")]
    assert [column.name for column in people.columns] == ["id", "name"]
    assert people.primary_key is not None
