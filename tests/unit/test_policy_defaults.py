"""Rules by pattern: who wins, what fits, and what inherits."""

from datetime import date

import pytest
from hypothesis import given, strategies as st

from doubles.catalogs import catalog, table
from klover.catalog import Catalog, TableKind, TableName
from klover.errors import PolicyError
from klover.policy.model import DataClass
from klover.policy.parse import parse
from klover.policy.pattern import fits_column, fits_table
from klover.policy.resolved import Resolved
from klover.policy.trace import trace

ON = date(2026, 11, 27)
HEAD = """\
klover: 1
enclave: europe
rests_in: [EEA]
subjects: {table: accounts, key: id, home: none, inside: [EEA]}
audiences: {a: {who: {groups: [g], located: any}, sees: [interoperable, public]}}
"""
DEFAULTS = """\
defaults:
  tables:
    "*_types": shared
    "audit_*": {subject: account_id, references: {account_id: accounts.id}}
    "*": {subject: account_id}
  columns:
    "audit_*.at": restricted
    "*_at": public
    "at": public
    "s.*.at": interoperable
"""
CATALOG = catalog(
    table("accounts", "id bigint pk", "made_at date"),
    table("event_types", "id bigint pk", "at date"),
    table("audit_logins", "id bigint pk", "account_id bigint", "at date", "made_at date"),
    table("posts", "id bigint pk", "account_id bigint -> accounts.id", "at date", "made_at date"),
    table("s.posts", "id bigint pk", "account_id bigint -> accounts.id", "at date"),
)
TABLES = "tables:\n  posts: {columns: {made_at: restricted}}\n  s.posts: {subject: account_id}\n"


def name(text: str) -> TableName:
    return TableName.parse(text)


def resolve(text: str, found: Catalog = CATALOG) -> Resolved:
    return trace(parse(HEAD + text, "k.yaml"), found)


def refused(text: str, found: Catalog = CATALOG) -> str:
    with pytest.raises(PolicyError) as caught:
        resolve(text, found)
    return str(caught.value)


def test_the_first_pattern_that_fits_decides_and_an_entry_wins() -> None:
    tables = resolve(DEFAULTS + TABLES).tables
    assert tables[name("event_types")].rule.shared
    assert tables[name("event_types")].rule.by == "*_types"
    audit = tables[name("audit_logins")]
    assert (audit.rule.by, audit.rule.line) == ("audit_*", 9)
    assert [hop.target for hop in audit.lineages[0]] == [name("accounts")]
    assert (audit.columns["at"].data_class, audit.columns["at"].by) == (
        DataClass.RESTRICTED,
        "audit_*.at",
    )
    assert (audit.columns["made_at"].by, audit.columns["made_at"].line) == ("*_at", 13)
    posts = tables[name("posts")]
    assert (posts.rule.by, posts.rule.line) == ("*", 17)  # traced by the pattern, its line its own
    assert (posts.columns["made_at"].data_class, posts.columns["made_at"].by) == (
        DataClass.RESTRICTED,
        None,
    )
    assert tables[name("s.posts")].columns["at"].by == "at"  # the first of the two that fit
    assert tables[name("accounts")].columns["made_at"].by == "*_at"


def test_a_pattern_opens_no_rows_of_a_table_that_has_an_entry() -> None:
    open_all = DEFAULTS.replace('"*": {', '"*": {public_rows: true, ')
    tables = resolve(open_all + TABLES).tables
    assert tables[name("posts")].rule.public_rows.value == "none"


ANY = '"*": {subject: account_id}'


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        (ANY, '"*": {subject: a, columns: {id: public}}', 10, "defaults.columns"),
        (ANY, '"*": {key: id}', 10, "has to be `shared` or"),
        ('"*_at"', '"a.b.c.d"', 13, "too many parts"),
        ('"*_at"', "'\"a'", 13, "no name"),
        ('"*_at": public', '"*_at": secret', 13, "cannot be 'secret'"),
    ],
)
def test_patterns_that_are_none_are_refused(old: str, new: str, line: int, words: str) -> None:
    told = refused(DEFAULTS.replace(old, new) + TABLES)
    assert f"k.yaml:{line}: " in told
    assert words in told


def test_without_a_schema_a_pattern_is_about_public() -> None:
    assert fits_table("audit_*", name("audit_x"))
    assert not fits_table("audit_*", name("s.audit_x"))
    assert fits_table("public.audit_*", name("audit_x"))
    assert fits_table("s.*", name("s.audit_x"))
    assert fits_column("*.locale", name("users"), "locale")
    assert not fits_column("*.locale", name("s.users"), "locale")
    assert fits_column("*.*.locale", name("s.users"), "locale")
    assert fits_column('"odd.name".?', name('"odd.name"'), "x")
    assert not fits_column("a[bc]", name("users"), "ab")


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
def test_a_pattern_fits_as_a_regular_expression_would(pattern: str, word: str) -> None:
    import re

    form = "".join({"*": ".*", "?": "."}.get(sign, sign) for sign in pattern)
    fits = bool(pattern) and fits_column(pattern, name("t"), word)
    assert fits == (bool(pattern) and re.fullmatch(form, word) is not None)


def test_a_pattern_of_many_stars_is_quick() -> None:
    assert not fits_column("*a" * 200 + "b", name("t"), "a" * 5000)


PARENT = table("posts", "id bigint pk", "account_id bigint -> accounts.id", "title text")
CHILD = table(
    "old_posts", "id bigint", "account_id bigint", "title text", "why text", inherits=("posts",)
)
OLDER = table(
    "older", "id bigint", "account_id bigint", "title text", "why text", inherits=("old_posts",)
)
FAMILY = (table("accounts", "id bigint pk"), PARENT, CHILD, OLDER)
FAR = table("far", "id bigint", "account_id bigint", kind=TableKind.FOREIGN)
NEAR = table("near", "id bigint pk", "account_id bigint -> accounts.id", inherits=("far",))
POSTS = """\
tables:
  posts: {subject: account_id, public_rows: true, columns: {id: public, title: public}}
"""


def test_a_table_that_inherits_follows_its_parent() -> None:
    tables = resolve(POSTS + "  old_posts: {columns: {why: public}}\n", catalog(*FAMILY)).tables
    for child in ("old_posts", "older"):
        traced = tables[name(child)]
        assert traced.key == ("id",)
        assert [[hop.target for hop in way] for way in traced.lineages] == [[name("accounts")]]
        assert traced.rule.public_rows.value == "all"
        assert traced.columns["title"].data_class is DataClass.PUBLIC
        assert traced.columns["why"].data_class is DataClass.PUBLIC
    plain = resolve(POSTS, catalog(*FAMILY)).tables[name("old_posts")]
    assert plain.columns["why"].data_class is DataClass.RESTRICTED


def test_an_heir_whose_name_comes_first_follows_too() -> None:
    """Its entry tells of a column only; whose rows they are it has from far above."""
    columns = ("id bigint", "account_id bigint", "title text", "why text", "own date")
    family = catalog(*FAMILY, table("a", *columns, inherits=("old_posts",)))
    traced = resolve(POSTS + "  a: {columns: {own: public}}\n", family).tables[name("a")]
    assert [[hop.target for hop in way] for way in traced.lineages] == [[name("accounts")]]
    classes = [traced.columns[column].data_class for column in ("title", "why", "own")]
    assert classes == [DataClass.PUBLIC, DataClass.RESTRICTED, DataClass.PUBLIC]


def test_a_row_of_a_child_is_a_row_of_its_parent() -> None:
    from klover.policy.named import rows_named

    resolved = resolve(POSTS, catalog(*FAMILY))
    (named,) = rows_named(resolved, resolved.tables[name("older")], "id")
    assert named.entity == name("posts")


@pytest.mark.parametrize(
    ("more", "tables", "words"),
    [
        ("  old_posts: {public_rows: false, subject: account_id}\n", FAMILY, "take `subject` out"),
        ("  old_posts: {columns: {title: restricted}}\n", FAMILY, "take title out"),
        ("  old_posts: shared\n", FAMILY, "take `shared` out"),
        ("", (*FAMILY, table("both", "id bigint", inherits=("posts", "older"))), "several tables"),
        ("", (*FAMILY, table("vips", "id bigint", inherits=("accounts",))), "subjects' table"),
        ("", (*FAMILY, FAR, NEAR), "near inherits from far, a foreign table"),
        ("  near: {subject: account_id}\n", (*FAMILY, FAR, NEAR), "from far, a foreign table"),
    ],
)
def test_what_inheritance_cannot_mean_is_refused(
    more: str, tables: tuple[object, ...], words: str
) -> None:
    found = catalog(*tables)  # type: ignore[arg-type]
    assert words in refused(POSTS + more, found)
