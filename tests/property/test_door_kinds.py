"""Random policies over every kind of column: no door shows more, or less, than ``see`` decides.

What a session reads is held against a model in Python: HMAC from the standard library, the
reference of coarse values, and a walk through documents. Rows are all public here; that they hang
off others is the business of ``test_door_schemas``.
"""

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings, strategies as st

from doubles.databases import own_database
from doubles.demo_doors import TODAY, compiled, open_doors, resolve
from doubles.door_world import ROWS, SCHEMA, key_of, pseudonym, seen
from klover import door
from klover.catalog import TableName
from klover.policy.coarsen import coarse
from klover.policy.resolved import ColumnSight, NamedRow, PartSight, Show
from klover.policy.sight import see
from klover.store.connect import Connection
from klover.store.embedded import Server

pytestmark = pytest.mark.timeout(600)  # ten seconds on an idle host
CLASSES = st.sampled_from(["restricted", "interoperable", "public"])
SEES = st.sampled_from(["[public]", "[interoperable]", "[interoperable, public]"])
COLUMNS = {
    "accounts": ("id", "handle", "country"),
    "statuses": ("id", "account_id", "body"),
    "notes": ("id", "account_id", "about_id", "about_type"),
    "chats": ("id", "member_ids"),
    "teams": ("region", "number", "account_id"),
    "players": ("id", "region", "team"),
}
RULES = {
    "accounts": "",
    "statuses": "subject: account_id",
    "notes": "subject: [account_id, 'about_id(Status).account_id', 'about_id(Person)']\n"
    "    references: {about_id: {by: about_type, Status: statuses.id, Person: accounts.id}}",
    "chats": 'subject: "member_ids[]"\n    references: {"member_ids[]": accounts.id}',
    "teams": "subject: account_id",
    "players": "subject: (region, team).account_id",
}
COARSE = {"country": ["region", "first 1"], "handle": ["first 2"], "body": ["first 1"]}
PATHS = ("theme", "mail", "mail.to", "mail.daily")


@st.composite
def policies(draw: st.DrawFn) -> str:
    tables = ["  visits: {subject: account_id}", "  posts: {subject: account_id}"]
    for table, columns in COLUMNS.items():
        lines = [f"  {table}:", "    public_rows: true"]
        lines += [f"    {RULES[table]}"] if RULES[table] else []
        lines += ["    hangs_off: []", "    columns:"] if table != "accounts" else ["    columns:"]
        for column in columns:
            identifies = draw(st.sampled_from(["directly", "indirectly", '"no"']))
            rule = f"class: {draw(CLASSES)}, identifies: {identifies}"
            if identifies == "indirectly" and column in COARSE and draw(st.booleans()):
                rule += f", coarsen: {draw(st.sampled_from(COARSE[column]))}"
            lines.append(f"      {column}: {{{rule}}}")
        if table == "accounts":
            for column in ("settings", "raw"):
                chosen = draw(st.lists(st.sampled_from(PATHS), unique=True, min_size=1))
                paths = ", ".join(
                    f"{path}: {{class: {draw(CLASSES)}, identifies: {draw(NOBODY)}}}"
                    for path in sorted(chosen)
                )
                whole = draw(st.sampled_from(["restricted", "interoperable"]))
                rule = f"class: {whole}, identifies: {draw(NOBODY)}, paths: {{{paths}}}"
                lines.append(f"      {column}: {{{rule}}}")
        tables.append("\n".join(lines))
    listed = "\n".join(tables)
    return f"""klover: 1
enclave: europe
rests_in: [EEA]
subjects: {{table: accounts, key: id, home: none, inside: [EEA]}}
tables:
{listed}
audiences:
  inside:
    who: {{groups: [i], located: [EEA]}}
    sees: [restricted, interoperable, public]
    identifiers: {draw(st.sampled_from(["clear", "pseudonymised"]))}
    requires: {{purpose: [abuse]}}
  outside: {{who: {{groups: [o], located: any}}, sees: {draw(SEES)}}}
"""


NOBODY = st.sampled_from(["directly", '"no"'])


@pytest.fixture(scope="module")
def world(server: Server) -> Iterator[Connection]:
    with own_database(server, "klover_test_kinds") as connection:
        connection.execute(SCHEMA.encode())
        connection.execute(ROWS.encode())
        yield connection


@given(text=policies())
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_doors_show_what_the_decision_says_of_any_column(world: Connection, text: str) -> None:
    resolved = resolve(world, text)
    with world.transaction(force_rollback=True):
        open_doors(world, compiled(world, resolved, 1))
        assert not door.prove(world, resolved, TODAY).violations
        for audience in resolved.policy.audiences.values():
            for table in COLUMNS:
                sight = see(resolved, audience)[TableName("public", table)]
                wanted = _expected(world, audience.name, table, sight.shown())
                query = f"select to_jsonb(v) from {table} v"
                try:
                    found = [row[0] for row in seen(world, audience.name, query)]
                except psycopg.errors.UndefinedTable:
                    assert not sight.shown()
                    continue
                assert sorted(map(_text, found)) == sorted(map(_text, wanted)), (table, audience)


def _text(row: Any) -> str:
    return json.dumps(row, sort_keys=True, default=str)


def _expected(
    connection: Connection, audience: str, table: str, shown: tuple[ColumnSight, ...]
) -> list[dict[str, Any]]:
    rows = connection.execute(f"select to_jsonb(t) from public.{table} t".encode()).fetchall()
    keyed = any(each.show is Show.PSEUDONYM for each in shown)
    key = key_of(connection, audience) if keyed else b""
    return [{each.column: _value(key, row, each) for each in shown} for (row,) in rows]


def _value(key: bytes, row: Mapping[str, Any], each: ColumnSight) -> Any:
    value = row[each.column]
    if each.show is Show.CLEAR or value is None:
        return value
    if each.show is Show.COARSE:
        assert each.coarsen is not None
        return coarse(each.coarsen, "text", value)
    if each.show is Show.PARTS:
        return _parts(each.parts, value)
    for named in each.names:
        if named.when is None or row[named.when[0]] == named.when[1]:
            return _pseudonym(key, row, named)
    return None


def _pseudonym(key: bytes, row: Mapping[str, Any], named: NamedRow) -> Any:
    def one(*parts: object) -> uuid.UUID | None:
        if any(part is None for part in parts):
            return None
        # Numeric keys count without the zeros at their end.
        texts = [str(int(p)) if isinstance(p, float) and p == int(p) else str(p) for p in parts]
        return pseudonym(key, named.entity.name, *texts)

    if named.element:
        return [one(element) for element in row[named.columns[0]]]
    return one(*(row[column] for column in named.columns))


def _parts(sights: tuple[PartSight, ...], value: Any) -> Any:
    said = {sight.path: sight.shown for sight in sights}

    def look(path: tuple[str, ...], at: Any, *, above: bool) -> Any:
        here = said.get(path, above)
        deeper = [p for p in said if p != path and p[: len(path)] == path]
        if here and all(said[p] for p in deeper):
            return at
        if not isinstance(at, dict) or not (here or any(said[p] for p in deeper)):
            return ...
        found = {name: look((*path, name), one, above=here) for name, one in at.items()}
        kept = {name: one for name, one in found.items() if one is not ...}
        return kept if kept or here or not path else ...

    told = look((), value, above=False)
    return None if told is ... else told
