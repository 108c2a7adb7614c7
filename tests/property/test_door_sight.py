"""Random small policies: no door shows more, or less, than the decision ``see`` says.

Three tables hang off one another. What each door shows is read by a session of it and held
against a model in Python: which columns, which rows, clear or as pseudonyms. The proof has to
agree each time.
"""

import hmac
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st
from psycopg import sql

from doubles.databases import own_database
from doubles.demo_doors import TODAY, compiled, open_doors, resolve
from klover import door
from klover.catalog import TableName
from klover.door import naming
from klover.policy.resolved import NamedRow, Resolved, RowsShown, Show, TableSight
from klover.policy.sight import see
from klover.store.connect import Connection
from klover.store.embedded import Server

TABLES = {
    "people": ("id", "name", "country", "pub"),
    "things": ("id", "owner_id", "body", "pub"),
    "notes": ("id", "thing_id", "body", "pub"),
}
PARENT = {"things": "owner_id", "notes": "thing_id"}
ABOVE = {"things": "people", "notes": "things"}
SCHEMA = """
create table public.people (id int primary key, name text, country text, pub boolean);
create table public.things (id int primary key, owner_id int not null references public.people,
                            body text, pub boolean);
create table public.notes (id int primary key, thing_id int references public.things, body text,
                           pub boolean);
"""
ROWS: dict[str, tuple[tuple[object, ...], ...]] = {
    "people": (
        (101, "name-1", "NO", True),
        (102, "name-2", "US", False),
        (103, "name-3", None, None),
    ),
    "things": tuple(
        (200 + n, 101 + n % 3, f"thing-{n}", (True, False, None)[n // 3]) for n in range(9)
    ),
    "notes": tuple(
        (300 + n, 200 + n if n < 9 else None, f"note-{n}", (True, False, None)[n % 3])
        for n in range(12)
    ),
}
CLASSES = st.sampled_from(["restricted", "interoperable", "public"])
IDENTIFIES = st.sampled_from(["directly", "indirectly", '"no"'])


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    text: str


@st.composite
def policies(draw: st.DrawFn) -> Drawn:
    tables = []
    for table, columns in TABLES.items():
        rows = draw(st.sampled_from(["", "public_rows: true", "public_rows: pub"]))
        subject = {
            "people": "",
            "things": "subject: owner_id",
            "notes": "subject: thing_id.owner_id",
        }
        rules = "\n".join(
            f"      {name}: {{class: {draw(CLASSES)}, identifies: {draw(IDENTIFIES)}}}"
            for name in columns
        )
        parts = [f"    {part}" for part in (rows, subject[table]) if part]
        tables.append("\n".join([f"  {table}:", *parts, "    columns:", rules]))
    identifiers = draw(st.sampled_from(["clear", "pseudonymised"]))
    sees = draw(st.sampled_from(["[public]", "[interoperable]", "[interoperable, public]"]))
    listed = "\n".join(tables)
    return Drawn(
        text=f"""klover: 1
enclave: europe
rests_in: [EEA]
subjects: {{table: people, key: id, home: country, inside: [EEA]}}
tables:
{listed}
audiences:
  inside:
    who: {{groups: [i], located: [EEA]}}
    sees: [restricted, interoperable, public]
    identifiers: {identifiers}
    requires: {{purpose: [abuse]}}
  outside:
    who: {{groups: [o], located: any}}
    sees: {sees}
    identifiers: {identifiers}
"""
    )


@pytest.fixture(scope="module")
def small(server: Server) -> Iterator[Connection]:
    with own_database(server, "klover_test_sight") as connection:
        connection.execute(SCHEMA.encode())
        for table, rows in ROWS.items():
            marks = ", ".join(["%s"] * len(rows[0]))
            connection.cursor().executemany(
                f"insert into public.{table} values ({marks})".encode(), rows
            )
        yield connection


@given(drawn=policies())
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_doors_show_what_the_decision_says(small: Connection, drawn: Drawn) -> None:
    resolved = resolve(small, drawn.text)
    with small.transaction(force_rollback=True):
        open_doors(small, compiled(small, resolved, 1))
        assert not door.prove(small, resolved, TODAY).violations
        keys = _keys(small)
        for audience in resolved.policy.audiences.values():
            sights = see(resolved, audience)
            with small.transaction(force_rollback=True):
                small.execute(
                    sql.SQL("set local session authorization {}").format(
                        sql.Identifier(naming.session_roles(audience.name, 1)[0])
                    )
                )
                for table in TABLES:
                    _compare(small, resolved, sights, audience.name, table, keys)


def _compare(
    connection: Connection,
    resolved: Resolved,
    sights: Mapping[TableName, TableSight],
    audience: str,
    table: str,
    keys: Mapping[str, bytes],
) -> None:
    sight = sights[TableName("public", table)]
    shown = sight.shown()
    query = sql.SQL("select * from {}").format(sql.Identifier(naming.schema(audience), table))
    try:
        with connection.transaction():
            cursor = connection.execute(query)
            found = cursor.fetchall()
            names = tuple(column.name for column in cursor.description or ())
    except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege):  # nor a schema
        assert not shown or sight.rows is RowsShown.NONE or not _visible(resolved, sight, table)
        return
    expected = [
        tuple(
            row[TABLES[table].index(column.column)] if column.show is Show.CLEAR else None
            for column in shown
        )
        for row in _visible(resolved, sight, table)
    ]
    assert names == tuple(column.column for column in shown)
    clear = [at for at, column in enumerate(shown) if column.show is Show.CLEAR]
    hidden = [at for at, column in enumerate(shown) if column.show is Show.PSEUDONYM]
    assert sorted(map(repr, _only(found, clear))) == sorted(map(repr, _only(expected, clear)))
    named = [
        tuple(
            _pseudonym(
                keys[audience], shown[at].names[0], row[TABLES[table].index(shown[at].column)]
            )
            for at in hidden
        )
        for row in _visible(resolved, sight, table)
    ]
    assert sorted(map(repr, _only(found, hidden))) == sorted(map(repr, named))


def _keys(connection: Connection) -> dict[str, bytes]:
    """Read the keys as only the store's owner can: the inner block is the key over 0x36."""
    rows = connection.execute("select audience, ipad from klover_pseudonym.key").fetchall()
    return {audience: bytes(each ^ 0x36 for each in block)[:32] for audience, block in rows}


def _pseudonym(key: bytes, named: NamedRow, value: object) -> uuid.UUID | None:
    """Compute a pseudonym with the standard library's HMAC."""
    if value is None:
        return None
    entity = f"{named.entity.schema}.{named.entity.name}"
    digest = hmac.digest(key, entity.encode() + b"\0" + str(value).encode(), "sha256").hex()
    return uuid.UUID(f"{digest[:12]}8{digest[13:16]}a{digest[17:32]}")


def _only(rows: list[tuple[object, ...]], at: list[int]) -> list[tuple[object, ...]]:
    return [tuple(row[index] for index in at) for row in rows]


def _visible(resolved: Resolved, sight: TableSight, table: str) -> list[tuple[object, ...]]:
    if sight.rows is RowsShown.ALL:
        return list(ROWS[table])
    return [row for row in ROWS[table] if _public(resolved, table, row)]


def _public(resolved: Resolved, table: str, row: tuple[object, ...]) -> bool:
    """Decide by hand whether a row, and all it hangs off, is not restricted."""
    traced = resolved.tables[TableName("public", table)]
    own = {"none": False, "all": True, "predicate": row[3] is True}[traced.rule.public_rows]
    if not own or not traced.parents:
        return own
    key = row[TABLES[table].index(PARENT[table])]
    if key is None:
        return True
    above = next(each for each in ROWS[ABOVE[table]] if each[0] == key)
    return _public(resolved, ABOVE[table], above)
