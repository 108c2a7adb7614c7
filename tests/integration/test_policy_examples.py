"""The policies in examples/ fit the schemas they were written for, loaded with their data."""

import re
import subprocess
from datetime import date
from pathlib import Path

import psycopg
from psycopg import sql

from klover.policy.check import check
from klover.policy.country import resolve
from klover.policy.finding import Severity
from klover.policy.parse import parse
from klover.policy.resolved import Resolved, RowsShown
from klover.policy.sight import see
from klover.policy.trace import trace
from klover.store.binaries import Binaries
from klover.store.inspect import read_catalog

EXAMPLES = Path(__file__).parents[2] / "examples"
Database = psycopg.Connection[tuple[object, ...]]


def resolved(database: Database, example: str) -> Resolved:
    file = EXAMPLES / example / "klover.yaml"
    return trace(parse(file.read_text(), str(file)), read_catalog(database))


def homes(database: Database, traced: Resolved) -> list[str | None]:
    """Read every subject's home text over the one way that the policy gives."""
    (evidence,) = traced.home
    hops, column = evidence.lineage, evidence.column
    tables = [traced.policy.subjects.table, *(hop.target for hop in hops)]
    joins = [
        sql.SQL("left join {} as {} on {}").format(
            sql.Identifier(hop.target.schema, hop.target.name),
            sql.Identifier(f"t{number}"),
            sql.SQL(" and ").join(
                sql.SQL("{} = {}").format(
                    sql.Identifier(f"t{number - 1}", source), sql.Identifier(f"t{number}", target)
                )
                for source, target in zip(hop.source_columns, hop.target_columns, strict=True)
            ),
        )
        for number, hop in enumerate(hops, 1)
    ]
    query = sql.SQL("select {} from {} as t0 {}").format(
        sql.Identifier(f"t{len(hops)}", column),
        sql.Identifier(tables[0].schema, tables[0].name),
        sql.SQL(" ").join(joins),
    )
    return [None if row[0] is None else str(row[0]) for row in database.execute(query)]


def test_the_pagila_policy_fits_and_its_odd_names_stay_undecided(
    dsn: str, database: Database, binaries: Binaries, realdata: Path
) -> None:
    psql = binaries.program("psql")
    dump = realdata / "pagila" / "pagila.sql"
    subprocess.run(
        [psql, "-qX", "-v", "ON_ERROR_STOP=1", "-f", str(dump), dsn],
        check=True,
        capture_output=True,
    )
    traced = resolved(database, "pagila")
    found = homes(database, traced)
    assert len(found) == 599
    undecided = {text for text in found if resolve(text) is None}
    assert undecided == {"Runion", "Yugoslavia", "Holy See (Vatican City State)"}
    assert len(traced.tables) == 15


def test_the_ldbc_files_load_and_the_policy_fits(database: Database, realdata: Path) -> None:
    schema = (EXAMPLES / "ldbc" / "schema.sql").read_text()
    database.execute("set search_path = public")
    database.execute(schema)
    files = {
        re.sub(r"_0_0$", "", file.stem).lower(): file
        for folder in ("static", "dynamic")
        for file in (realdata / "ldbc_snb" / folder).glob("*.csv")
    }
    tables = re.findall(r"CREATE TABLE (\w+)", schema)
    assert sorted(tables) == sorted(files)
    rows = 0
    for table in tables:
        _, _, body = files[table].read_bytes().partition(b"\n")
        copy = sql.SQL("copy {} from stdin (format text, delimiter '|', null '')")
        with database.cursor() as cursor:
            with cursor.copy(copy.format(sql.Identifier(table))) as stream:
                stream.write(body)
            rows += cursor.rowcount
    assert rows == 105_577
    traced = resolved(database, "ldbc")
    found = homes(database, traced)
    assert len(found) == 222
    assert None not in [resolve(text) for text in found]


def test_the_lessons_policy_fits_on_a_page_and_holds(database: Database) -> None:
    file = EXAMPLES / "lessons" / "klover.yaml"
    assert len(file.read_text().splitlines()) <= 80
    database.execute("set search_path = public")
    database.execute((EXAMPLES / "lessons" / "schema.sql").read_text())
    traced = resolved(database, "lessons")
    found = check(traced.policy, traced.catalog, date(2026, 11, 27))
    told = [str(one) for one in found if one.severity is not Severity.NOTE]
    assert [line for line in told if "nobody classified" not in line] == []
    ways = {
        name.name: sorted(path.text for path in table.rule.subjects)
        for name, table in traced.tables.items()
        if table.rule.by
    }
    assert ways == {
        "audit_exports": ["user_id"],
        "audit_logins": ["user_id"],
        "languages": [],
        "report_types": [],
        "subject_types": [],
    }
    abroad = see(traced, traced.policy.audiences["engineering-abroad"])
    shown = {
        name.name: [f"{one.column} {one.show}" for one in sight.shown()]
        for name, sight in abroad.items()
        if sight.rows is not RowsShown.NONE
    }
    assert shown["reviews"] == ["id pseudonym", "lesson_id pseudonym", "author_id pseudonym",
                                "stars clear", "created_at clear"]  # fmt: skip
    assert sorted(set(shown) - {"languages", "report_types", "subject_types"}) == [
        "lessons", "profiles", "reviews", "users"
    ]  # fmt: skip
