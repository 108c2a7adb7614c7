"""What is made from somebody's key is not shown in clear, and whoever declares it so is asked."""

from dataclasses import replace
from datetime import date

import pytest

from doubles.catalogs import catalog, table
from klover.catalog import Catalog, Column, TableKind, TableName
from klover.policy.check import check
from klover.policy.finding import Finding, Severity
from klover.policy.model import DataClass
from klover.policy.parse import parse
from klover.policy.resolved import Show
from klover.policy.sight import see
from klover.policy.trace import trace

ON = date(2026, 11, 27)
POLICY = """\
klover: 1
enclave: europe
rests_in: [EEA]
subjects: {table: users, key: id, home: none, inside: [EEA]}
tables:
  users: {columns: {id: public, born: {class: public, identifies: indirectly, coarsen: year}}}
  logins:
    subject: user_id
    public_rows: true
    columns: {id: public, user_id: public, copy: public, age: public, day: public}
  seen:
    subject: owner
    key: owner
    references: {owner: users.id}
    columns: {owner: public, user_id: public, renamed: public, day: public, born: public}
audiences:
  abroad: {who: {groups: [g], located: any}, sees: [interoperable, public]}
"""


def _generated(name: str, ordinal: int, default: str) -> Column:
    return Column(
        name=name,
        ordinal=ordinal,
        type="bigint",
        type_kind="b",
        base_type="bigint",
        generated=True,
        default=default,
    )


LOGINS = table("logins", "id bigint pk", "user_id bigint -> users.id", "day date")
LOGINS = replace(
    LOGINS,
    columns=(*LOGINS.columns, _generated("copy", 4, "(user_id * 2)"), _generated("age", 5, "1")),
)
CATALOG = catalog(
    table("users", "id bigint pk", "born date"),
    LOGINS,
    table(
        "seen",
        "owner bigint",
        "user_id bigint",
        "renamed integer",
        "day date",
        "born date",
        kind=TableKind.VIEW,
        reads=("logins.user_id", "logins.day", "users.born"),
    ),
)


def shown(text: str, name: str, found: Catalog = CATALOG) -> dict[str, Show]:
    resolved = trace(parse(text, "k.yaml"), found)
    sight = see(resolved, resolved.policy.audiences["abroad"])[TableName.parse(name)]
    return {column.column: column.show for column in sight.columns}


def told(text: str, words: str) -> list[Finding]:
    return [one for one in check(parse(text, "k.yaml"), CATALOG, ON) if words in one.message]


def test_a_copy_of_a_key_is_not_shown_where_the_key_is_veiled() -> None:
    assert shown(POLICY, "logins") == {
        "id": Show.PSEUDONYM,
        "user_id": Show.PSEUDONYM,
        "day": Show.CLEAR,
        "copy": Show.ABSENT,  # computed from a reference
        "age": Show.CLEAR,
    }
    assert shown(POLICY, "seen") == {
        "owner": Show.PSEUDONYM,  # stated
        "user_id": Show.ABSENT,
        "renamed": Show.ABSENT,  # some number that the view reads
        "day": Show.CLEAR,
        "born": Show.ABSENT,  # coarse in its table, and nothing says how here
    }


def test_it_is_told_and_can_be_said_otherwise() -> None:
    for column in ("logins.copy", "seen.user_id", "seen.renamed", "seen.born"):
        (found,) = told(POLICY, f"Column {column} is or may be made from ")
        assert found.severity is Severity.NOTE
        assert found.line > 0
    text = POLICY.replace("renamed: public", "renamed: {class: public, identifies: no}")
    assert shown(text, "seen")["renamed"] is Show.CLEAR
    (found,) = told(text, "seen.renamed is or may be made from logins.user_id, which identifies")
    assert found.severity is Severity.WARNING


NO = "{class: public, identifies: no}"


def test_a_reference_declared_harmless_is_asked_about() -> None:
    words = "logins.user_id is a reference to rows of users and declared to identify nobody"
    text = POLICY.replace("user_id: public, copy", f"user_id: {NO}, copy", 1)
    (found,) = told(text, words)
    assert found.severity is Severity.WARNING
    assert told(POLICY, words) == []


def test_a_pattern_that_takes_the_veil_off_keys_is_asked_about() -> None:
    text = POLICY.replace("id: public, user_id: public, copy", "copy").replace(
        "tables:\n", f'defaults: {{columns: {{"*": {NO}}}}}\ntables:\n', 1
    )
    (found,) = told(text, "The pattern '*' declares")
    assert found.severity is Severity.WARNING
    assert "2 of them hold keys, text or the like: logins.id, logins.user_id" in found.message


def test_part_of_a_key_declared_harmless_is_asked_about() -> None:
    pairs = table(
        "pairs",
        "tenant bigint -> tenants.id",
        "number bigint",
        "day date",
        "user_id bigint -> users.id",
        key=("tenant", "number", "day"),
    )
    found = catalog(*CATALOG.tables.values(), pairs, table("tenants", "id bigint pk"))
    text = POLICY.replace(
        "audiences:",
        f"  tenants: shared\n  pairs: {{subject: user_id, columns: {{tenant: {NO}, number: {NO}, "
        f"day: {NO}}}}}\naudiences:",
    )
    asked = [
        one.message
        for one in check(parse(text, "k.yaml"), found, ON)
        if "declared to identify nobody" in one.message
    ]
    assert len(asked) == 1
    assert "pairs.number is part of the row key" in asked[0]


def test_shared_rows_that_say_whose_they_are_are_asked_about() -> None:
    start, _, rest = POLICY.partition("  logins:\n")
    text = start + "  logins: shared\n" + rest[rest.index("  seen:\n") :]
    (found,) = told(text, "Table logins is shared, so everybody sees all of its rows, but user_id")
    assert found.severity is Severity.WARNING
    assert text.splitlines()[found.line - 1] == "  logins: shared"


@pytest.mark.parametrize(
    ("default", "severity", "words"),
    [
        ('"*": shared', Severity.WARNING, "makes 1 table nobody's data: logins, and every table"),
        ("log*: shared", Severity.NOTE, "makes 1 table nobody's data: logins."),
        ("log*: {subject: user_id, public_rows: true}", Severity.NOTE, "lets 1 table hold public"),
        ("log*: {subject: user_id}", None, "The pattern 'log*'"),
    ],
)
def test_what_a_pattern_opens_is_told(default: str, severity: Severity | None, words: str) -> None:
    start, _, rest = POLICY.partition("tables:\n")
    text = f"{start}defaults: {{tables: {{{default}}}}}\ntables:\n{rest}"
    text = text[: text.index("  logins:\n")] + text[text.index("  seen:\n") :]
    found = told(text, words)
    assert [one.severity for one in found] == ([severity] if severity else [])


def test_what_people_declared_restricted_is_left_alone() -> None:
    text = POLICY.replace("renamed: public", "renamed: restricted")
    resolved = trace(parse(text, "k.yaml"), CATALOG)
    rule = resolved.tables[TableName.parse("seen")].columns["renamed"]
    assert rule.data_class is DataClass.RESTRICTED
    assert told(text, "seen.renamed") == []
