"""Ids kept as text while the keys are numbers and uuids, as frameworks keep those of pairs.

A text means the row whose key is written exactly so. Any other means nobody: its row is restricted,
and nothing in any door or trigger ever fails at it, since an error would say it.
"""

import uuid
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from doubles.demo_doors import TODAY, compiled, open_doors, resolve
from klover import door
from klover.catalog import TableName
from klover.door import naming
from klover.migrate.pieces import public, rows_of
from klover.policy.resolved import Resolved
from klover.store.connect import Connection, connect

DOC = uuid.UUID("5f0c7d1e-9a4b-4c3d-8e2f-0123456789ab")
NOBODY = (
    "017", "+17", " 17", "17 ", "17.0", "1e1", "-0", "--1", "", "x", "NaN", "0x11", "1_7", "\u0661",
    "9223372036854775808", "-9223372036854775809", "99999999999999999999999999999999",
    str(DOC).upper(), f"{{{DOC}}}", DOC.hex, f"{DOC}x", f"{DOC}\n", "17\n",
)  # fmt: skip
"""Texts that are the text of no key here, though some cast would take them for one."""
SCHEMA = """
set search_path = public;
create table people (id bigint primary key, name text);
create table docs (id uuid primary key, who int references people_of (n), open boolean);
create table versions (id int primary key, item_type text, item_id varchar(60), note text);
create index on versions (item_id);
create table marks (id int primary key, person text, docs text[], at int);
create view latest as select id, item_type, item_id, note from versions;
create view marked as select id, person, docs from marks;
""".replace("int references people_of (n)", "bigint references people (id)")
ROWS = f"""
insert into people values (17, 'Kari'), (9223372036854775807, 'Max'), (-9223372036854775808, 'Min'),
  (0, 'Nil'), (-5, 'Neg');
insert into docs values ('{DOC}', 17, true), ('{uuid.UUID(int=7)}', 17, false);
insert into versions values (1, 'Person', '17', 'a'), (2, 'Doc', '{DOC}', 'b'),
  (3, 'Doc', '{uuid.UUID(int=7)}', 'hidden'), (4, 'Person', '9223372036854775807', 'c'),
  (5, 'Person', '-9223372036854775808', 'd'), (6, 'Person', null, 'e'), (7, 'Person', '0', 'f'),
  (8, 'Person', '{DOC}', 'hidden'), (9, 'Doc', '17', 'hidden'), (10, 'Other', '17', 'hidden');
insert into marks values (1, '17', array['{DOC}'], 1), (2, '-5', array['{uuid.UUID(int=7)}'], 2),
  (3, '18', '{{}}', 3), (4, '0', array['{DOC}', null], 4), (5, '17', array['x'], 5);
"""
POLICY = """
klover: 1
enclave: europe
rests_in: [EEA]
subjects: {table: people, key: id, home: none, inside: [EEA]}
defaults:
  columns: {"*": interoperable}
tables:
  people: {public_rows: id > -9223372036854775807 or true}
  docs: {subject: who, public_rows: open}
  versions: &PAIR
    subject: [item_id(Person), item_id(Doc).who]
    public_rows: true
    references:
      item_id: {by: item_type, Person: people.id, Doc: docs.id}
    columns: {item_type: {class: public, identifies: no}, note: {class: public, identifies: no}}
  marks: &MARK
    subject: [person, "docs[].who"]
    public_rows: true
    references: {person: people.id, "docs[]": docs.id}
  latest:
    key: id
    subject: [item_id(Person), item_id(Doc).who]
    public_rows: true
    references:
      id: versions.id
      item_id: {by: item_type, Person: people.id, Doc: docs.id}
    columns: {item_type: {class: public, identifies: no}, note: {class: public, identifies: no}}
  marked:
    key: id
    subject: [person, "docs[].who"]
    public_rows: true
    references: {id: marks.id, person: people.id, "docs[]": docs.id}
audiences:
  abroad:
    who: {groups: [engineering], located: any}
    sees: [interoperable, public]
""".replace(" &PAIR", "").replace(" &MARK", "")


@pytest.fixture
def world(dsn: str) -> Iterator[tuple[Connection, Resolved]]:
    with connect(dsn, what="the enclave") as connection:
        connection.execute(SCHEMA.encode())
        connection.execute(ROWS.encode())
        for at, text in enumerate(NOBODY, 100):
            for kind in ("Person", "Doc"):
                connection.execute(
                    "insert into versions values (%s, %s, %s, 'nobody')",
                    (at + (100 if kind == "Doc" else 0), kind, text),
                )
            connection.execute("insert into marks values (%s, %s, array[%s], 0)", (at, text, text))
        resolved = resolve(connection, POLICY)
        open_doors(connection, compiled(connection, resolved, 1))
        yield connection, resolved


def seen(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    """Ask as a session of the door."""
    with connection.transaction(force_rollback=True):
        role = sql.Identifier(naming.session_roles("abroad", 1)[0])
        connection.execute(sql.SQL("set local session authorization {}").format(role))
        connection.execute("set local search_path = door_abroad")
        return connection.execute(query.encode()).fetchall()


def test_the_proof_holds(world: tuple[Connection, Resolved]) -> None:
    connection, resolved = world
    assert not door.prove(connection, resolved, TODAY).violations


@pytest.mark.parametrize("view", ["versions", "latest"])
def test_a_pair_shows_where_the_row_it_means_does(
    world: tuple[Connection, Resolved], view: str
) -> None:
    connection, _ = world
    assert seen(connection, f"select note from {view} order by 1") == [
        ("a",), ("b",), ("c",), ("d",), ("e",), ("f",)
    ]  # fmt: skip


@pytest.mark.parametrize("view", ["marks", "marked"])
def test_a_plain_reference_and_elements_do_too(
    world: tuple[Connection, Resolved], view: str
) -> None:
    connection, _ = world
    assert seen(connection, f"select count(*) from {view}") == [(2,)]
    joined = f"select count(*) from {view} m join people p on p.id = m.person"
    assert seen(connection, joined) == [(2,)]
    pinned = f"select count(*) from {view} m, unnest(m.docs) d join docs on docs.id = d"
    assert seen(connection, pinned) == [(2,)]


@pytest.mark.parametrize("view", ["versions", "latest"])
def test_pseudonyms_join_wherever_the_keys_did(
    world: tuple[Connection, Resolved], view: str
) -> None:
    connection, _ = world
    people = f"select v.note, p.name from {view} v join people p on p.id = v.item_id order by 1"
    assert [note for note, _ in seen(connection, people.replace("p.name", "1"))] == list("acdf")
    docs = f"select v.note from {view} v join docs on docs.id = v.item_id"
    assert seen(connection, docs) == [("b",)]
    assert seen(connection, f"select note from {view} where item_id is null") == [("e",)]


def test_a_text_that_is_no_keys_has_no_row_and_no_ones_pseudonym(
    world: tuple[Connection, Resolved],
) -> None:
    connection, _ = world
    column = naming.stored("abroad", TableName("public", "versions"), "item_id", 1)
    own = naming.stored("abroad", TableName("public", "people"), "id", 1)
    query = "select count(*) from public.versions v join public.people p on p.{} = v.{}"
    text = query.format(own, column) + " where v.note = 'nobody'"
    assert connection.execute(text.encode()).fetchone() == (0,)


def test_whatever_is_written_is_taken_and_says_nothing(
    world: tuple[Connection, Resolved],
) -> None:
    """Neither the application's write nor a look through the door fails at a text."""
    connection, _ = world
    for text in NOBODY:
        connection.execute("update public.versions set item_id = %s where id = 1", (text,))
        connection.execute("update public.marks set person = %s where id = 1", (text,))
        assert ("a",) not in seen(connection, "select note from versions")
        for view in ("versions", "latest", "marks", "marked"):
            seen(connection, f"select * from {view}")
            with pytest.raises(psycopg.errors.InvalidTextRepresentation) as caught:
                seen(connection, f"select 1 from {view} where (id::text || 'x')::int = 0")
            said = str(caught.value).replace('x"', '"')
            assert not any(f'"{each}"' in said for each in NOBODY if each)


def test_a_migration_calls_the_same_rows_public(world: tuple[Connection, Resolved]) -> None:
    connection, resolved = world
    for name in ("versions", "marks", "latest", "marked"):
        traced = resolved.tables[TableName("public", name)]
        query = sql.SQL("select count(*) from {} as t where {}").format(
            rows_of(traced), public(resolved, traced, "t")
        )
        (count,) = seen(connection, f"select count(*) from {name}")
        assert connection.execute(query).fetchone() == count, name


def test_a_row_is_looked_up_by_indexes(world: tuple[Connection, Resolved]) -> None:
    """By its pseudonym here, and by its key there: the text is what becomes another type."""
    connection, _ = world
    connection.execute(
        "insert into public.people select n, 'x' from generate_series(1000, 9000) n;"
        "insert into public.versions select n, 'Person', n::text, 'x'"
        " from generate_series(1000, 9000) n; analyze public.people, public.versions"
    )
    column = naming.stored("abroad", TableName("public", "versions"), "item_id", 1)
    (one,) = connection.execute(
        f"select {column} from public.versions where id = 1234".encode()
    ).fetchone() or ("",)
    query = f"select note from versions where item_id = '{one}'"
    assert seen(connection, query) == [("x",)]
    plan = "\n".join(str(row[0]) for row in seen(connection, f"explain {query}"))
    assert "Seq Scan on versions" not in plan, plan
    assert "Seq Scan on people" not in plan, plan
