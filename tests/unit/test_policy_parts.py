"""Classes for parts of a JSON column, and what each audience sees of them."""

from datetime import date

import pytest

from doubles.catalogs import catalog, table
from klover.catalog import TableName
from klover.errors import PolicyError
from klover.policy.check import check, errors
from klover.policy.model import DataClass
from klover.policy.parse import parse
from klover.policy.resolved import ColumnSight, PartSight, Show
from klover.policy.sight import see
from klover.policy.trace import trace

POLICY = """\
klover: 1
enclave: europe
rests_in: [EEA]
subjects: {table: accounts, key: id, home: none, inside: [EEA]}
audiences:
  abroad: {who: {groups: [g], located: any}, sees: [interoperable, public]}
  clear: {who: {groups: [g], located: any}, sees: [public], identifiers: clear}
  inside: {who: {groups: [g], located: EEA}, sees: [restricted, interoperable, public],
           identifiers: clear, requires: {purpose: help}}
tables:
  accounts:
    columns:
      settings:
        class: CLASS
        paths:
          theme: {class: public, identifies: no}
          name: public
          notify:
            class: interoperable
            identifies: no
            paths: {email: restricted, '"at.all"': {class: public, identifies: no}}
"""
CATALOG = catalog(table("accounts", "id bigint pk", "settings jsonb", "note text"))


def seen(audience: str, data_class: str = "restricted") -> ColumnSight:
    resolved = trace(parse(POLICY.replace("CLASS", data_class), "k.yaml"), CATALOG)
    sight = see(resolved, resolved.policy.audiences[audience])[TableName("public", "accounts")]
    return sight.columns[1]


def parts(*told: str) -> tuple[PartSight, ...]:
    return tuple(
        PartSight(path=tuple(text.removeprefix("-").split("/")), shown=not text.startswith("-"))
        for text in told
    )


def test_a_part_is_shown_where_its_class_may_be_and_it_identifies_nobody() -> None:
    column = seen("abroad")
    assert column.show is Show.PARTS
    assert column.parts == parts("-name", "notify", "theme", "notify/at.all", "-notify/email")
    assert column.reason == "only notify, theme, notify.at.all"
    assert seen("clear").parts == parts(
        "name", "-notify", "theme", "notify/at.all", "-notify/email"
    )
    assert seen("inside").show is Show.CLEAR


def test_the_rest_of_a_shown_column_is_the_empty_path() -> None:
    column = seen("clear", "public")
    assert column.parts[0] == PartSight(path=(), shown=True)
    assert PartSight(path=("notify",), shown=False) in column.parts


def test_a_column_of_which_no_part_may_be_seen_is_absent() -> None:
    text = POLICY.replace("CLASS", "restricted").replace("class: public", "class: restricted")
    for part in ("name: public", "class: interoperable"):
        text = text.replace(part, f"{part.partition(':')[0]}: restricted")
    resolved = trace(parse(text, "k.yaml"), CATALOG)
    accounts = TableName("public", "accounts")
    sight = see(resolved, resolved.policy.audiences["abroad"])[accounts]
    assert sight.columns[1].show is Show.ABSENT


def test_a_column_is_as_strict_as_its_strictest_part() -> None:
    rule = parse(POLICY.replace("CLASS", "public"), "k.yaml").tables[
        TableName("public", "accounts")
    ]
    assert rule.columns["settings"].data_class is DataClass.PUBLIC
    assert rule.columns["settings"].strictest is DataClass.RESTRICTED


THEME = "theme: {class: public, identifies: no}"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("settings:", "note:", "only json and jsonb have parts"),
        (THEME, "theme: {class: public, unique: global}", "whole columns"),
        ("theme: {", "'\"theme': {", "no path"),
        ("paths: {email:", "paths: {'\"email\"': public, email:", "stands here twice"),
        ("class: interoperable", "klass: interoperable", "needs `class:`"),
    ],
)
def test_parts_that_cannot_be_are_refused(old: str, new: str, words: str) -> None:
    with pytest.raises(PolicyError) as caught:
        trace(parse(POLICY.replace("CLASS", "restricted").replace(old, new), "k.yaml"), CATALOG)
    assert words in str(caught.value)


def test_a_never_is_broken_by_a_part_of_a_document_that_is_shown_whole() -> None:
    """Public parts of shared tables are shown without a promise of theirs."""
    text = """\
klover: 1
enclave: europe
rests_in: [EEA]
subjects: {table: accounts, key: id, home: none, inside: [EEA]}
audiences:
  abroad: {who: {groups: [g], located: any}, sees: interoperable}
never:
  - {located: [CN], sees: public}
tables:
  accounts: {columns: {id: interoperable}}
  plans:
    shared: true
    columns:
      id: interoperable
      limits:
        class: interoperable
        identifies: no
        paths: {seats: {class: public, identifies: no}}
"""
    found = catalog(table("accounts", "id bigint pk"), table("plans", "id int pk", "limits jsonb"))
    policy = parse(text, "k.yaml")
    resolved = trace(policy, found)
    plans = see(resolved, policy.audiences["abroad"])[TableName("public", "plans")]
    assert plans.columns[1].show is Show.CLEAR
    messages = [one.message for one in errors(check(policy, found, date(2026, 11, 24)))]
    (message,) = messages
    assert message == (
        "This `never` does not hold: audience abroad (line 6) is shown plans.limits and may be "
        "located there."
    )
    harmless = text.replace("{class: public, identifies: no}", "interoperable")
    assert not errors(check(parse(harmless, "k.yaml"), found, date(2026, 11, 24)))
