"""Arrays, pairs, keys of several columns and parts of documents through doors, from the text on."""

from collections.abc import Iterator

import pytest
from psycopg import sql

from doubles.demo_doors import TODAY, compiled, open_doors, resolve
from klover import door
from klover.catalog import TableName
from klover.migrate.pieces import public, rows_of
from klover.policy.resolved import Resolved
from klover.store.connect import Connection, connect

SCHEMA = """
set search_path = public;
create table tenants (id int primary key, name text);
create table people (
  ten int not null references tenants, id bigint not null unique, name text not null,
  settings jsonb, primary key (ten, id));
create table orders (no int primary key, ten int, buyer bigint);
create table chats (id text primary key, members bigint[] not null, open boolean not null);
create table boards (id int primary key, pins bigint[]);
create table comments (id bigint primary key, who bigint not null references people (id),
  shown boolean, body text);
create table old_comments (why text) inherits (comments);
create table teams (id int primary key, mates bigint[]);
create table notices (id int primary key, about_id bigint, about_type text);
insert into tenants values (1, 'one');
insert into people values
  (1, 1, 'Kari', '{"theme": "dark", "mail": "kari@fjord.example", "deep": {"a": 1, "b": 2}}'),
  (1, 2, 'Bob', '["no object"]'), (1, 3, 'Nil', null);
insert into orders values (1, 1, 1), (2, 1, null);
insert into chats values ('a', '{1,null,2}', true), ('b', '{}', true), ('c', '{1}', false);
insert into comments values (1, 1, true, 'open'), (2, 2, false, 'hidden');
insert into old_comments values (3, 1, true, 'old', 'why');
insert into boards values (1, '{1}'), (2, '{1,2}'), (3, '{}'), (4, null), (5, '{1,null}'),
  (6, '{1,99}'), (7, '{3,1}');
insert into teams values (1, '{1,2}'), (2, '{1,99}');
insert into notices values (1, 1, 'Comment'), (2, 2, 'Comment'), (3, 3, 'Comment'),
  (4, 1, 'App::Person'), (5, 1, 'Other'), (6, 1, null), (7, null, 'Comment');
"""
POLICY = """
klover: 1
enclave: europe
rests_in: [EEA]
subjects: {table: people, key: [ten, id], home: none, inside: [EEA]}
defaults:
  columns: {"id": interoperable, "*_id": interoperable, "ten": interoperable}
tables:
  tenants: shared
  people:
    public_rows: true
    columns:
      settings:
        class: restricted
        paths:
          theme: {class: public, identifies: no}
          deep: {class: interoperable, identifies: no, paths: {b: restricted}}
  orders:
    subject: (ten, buyer)
    public_rows: true
    references: {"(ten, buyer)": "people.(ten, id)"}
    columns: {no: interoperable, buyer: interoperable}
  chats:
    subject: members[]
    public_rows: open
    references: {"members[]": people.id}
    columns: {members: interoperable, open: interoperable}
  comments:
    subject: who
    public_rows: shown
    columns: {who: interoperable, shown: interoperable}
  boards:
    subject: pins[].who
    public_rows: true
    references: {"pins[]": comments.id}
    columns: {pins: interoperable}
  teams:
    subject: mates[]
    public_rows: true
    hangs_off: mates
    references: {"mates[]": people.id}
    columns: {id: interoperable}
  notices:
    subject: [about_id(Comment).who, 'about_id("App::Person")']
    public_rows: true
    references:
      about_id: {by: about_type, Comment: comments.id, "App::Person": people.id}
    columns: {about_type: {class: public, identifies: no}}
audiences:
  abroad:
    who: {groups: [engineering], located: any}
    sees: [interoperable, public]
"""


@pytest.fixture
def applied(dsn: str) -> Iterator[tuple[Connection, Resolved]]:
    with connect(dsn, what="the enclave") as connection:
        connection.execute(SCHEMA)
        resolved = resolve(connection, POLICY)
        open_doors(connection, compiled(connection, resolved))
        connection.execute("set search_path = door_abroad")
        yield connection, resolved


def test_the_proof_holds(applied: tuple[Connection, Resolved]) -> None:
    connection, resolved = applied
    proof = door.prove(connection, resolved, TODAY)
    assert [str(one) for one in proof.violations] == []


def test_pseudonyms_join_wherever_the_keys_did(applied: tuple[Connection, Resolved]) -> None:
    connection, _ = applied

    def number(query: str) -> int:
        row = connection.execute(query.encode()).fetchone()
        return int(str(row[0])) if row else -1

    # A key of several columns stands in its last one, wherever it is written.
    assert number("select count(*) from orders o join people p on p.id = o.buyer") == 1
    assert number("select count(*) from orders where buyer is null") == 1
    # Each element that is shown is a row that is: the hidden comment's boards are not there.
    assert number("select count(*) from chats") == 2
    pinned = "select count(*) from boards b, unnest(b.pins) p join comments c on c.id = p"
    assert number(pinned) == 4
    assert number("select count(*) from boards where pins is null or cardinality(pins) = 0") == 2
    assert number("select count(*) from boards") == 5
    # An element that leads nowhere hides its row, even where every row it could mean is public.
    assert number("select count(*) from teams") == 1
    assert number("select count(*) from notices n join comments c on c.id = n.about_id") == 2


def test_a_row_of_a_pair_shows_only_where_the_row_it_is_about_does(
    applied: tuple[Connection, Resolved],
) -> None:
    connection, _ = applied
    found = connection.execute(
        "select about_type, about_id is null from notices order by 1, 2"
    ).fetchall()
    # Of an open comment, an old open one, a person, and of nothing; no other type, no hidden one.
    assert found == [
        ("App::Person", True), ("Comment", False), ("Comment", False), ("Comment", True)
    ]  # fmt: skip


def test_only_declared_parts_of_a_document_show(applied: tuple[Connection, Resolved]) -> None:
    connection, _ = applied
    found = connection.execute("select settings from people").fetchall()
    shown = [row[0] for row in found if row[0]]
    assert {"theme": "dark", "deep": {"a": 1}} in shown
    assert "fjord" not in str(found)
    assert "no object" not in str(found)


def test_a_migration_calls_the_same_rows_public(applied: tuple[Connection, Resolved]) -> None:
    """Doors and migrations write the condition apart from one another; they have to agree."""
    connection, resolved = applied
    for name in ("boards", "chats", "comments", "notices", "orders", "people", "teams"):
        traced = resolved.tables[TableName("public", name)]
        query = sql.SQL("select count(*) from {} as t where {}").format(
            rows_of(traced), public(resolved, traced, "t")
        )
        seen = sql.SQL("select count(*) from {}").format(sql.Identifier("door_abroad", name))
        assert connection.execute(query).fetchone() == connection.execute(seen).fetchone(), name
