"""What a diff by rules alone says of columns that no entry names, and of tables come or gone."""

import pytest

from doubles.catalogs import catalog, table
from klover.catalog import TableKind
from klover.cli.policy_diff import as_objects, show
from klover.policy.diff import diff, diff_resolved
from klover.policy.difference import Direction, overall
from klover.policy.model import Policy
from klover.policy.parse import parse
from klover.policy.trace import trace

LOOSENS, TIGHTENS, SAME = Direction.LOOSENS, Direction.TIGHTENS, Direction.SAME
POLICY = """\
klover: 1
enclave: europe
rests_in: [EEA]
subjects: {table: users, key: id, home: none, inside: [EEA]}
defaults:
  tables: {"*_types": shared}
  columns:
    "*_at": {class: public, identifies: no}
    "*.locale": {class: interoperable, identifies: indirectly, coarsen: first 2}
tables: {users: {public_rows: true}}
audiences:
  abroad:
    who: {groups: [g], located: any}
    sees: [public]
stays_outside: interoperable
"""
CATALOG = catalog(
    table("users", "id bigint pk", "seen_at date", "locale text"),
    table("event_types", "id bigint pk", "made_at date", "locale text"),
)
SEES, OUTSIDE = "sees: [public]", "stays_outside: interoperable"
ALL = "sees: [public, interoperable]"


def changed(before: str, after: str, text: str = POLICY) -> Policy:
    assert text.count(before) == 1, before
    return parse(text.replace(before, after), "k.yaml")


@pytest.mark.parametrize(
    ("before", "after", "direction", "words"),
    [
        (SEES, ALL, LOOSENS, "see columns like *.locale of any table coarse (first 2)"),
        (f"{SEES}\n", f"{ALL}\n    identifiers: clear\n", LOOSENS, "*.locale of any"),
        (SEES, "sees: [interoperable]", LOOSENS, "no longer see columns like *_at of any table"),
        (OUTSIDE, "stays_outside: [public, interoperable]", LOOSENS,
         "values of columns like *_at of any table may stay outside"),
        (OUTSIDE, "stays_outside: []", TIGHTENS,
         "values of columns like *.locale of any table may no longer stay outside"),
        ("rests_in: [EEA]", "rests_in: EEA", SAME, ""),
    ],
    ids=["a class", "in clear", "another class", "what may stay", "what may not", "nothing"],
)  # fmt: skip
def test_what_a_pattern_opens_or_closes_is_told(
    before: str, after: str, direction: Direction, words: str
) -> None:
    old, new = parse(POLICY, "k.yaml"), changed(before, after)
    by_rules = diff(old, new)
    assert overall(by_rules) is direction
    assert overall(diff_resolved(trace(old, CATALOG), trace(new, CATALOG))) is direction
    assert any(words in one.text for one in by_rules) or (not words and not by_rules)


def test_a_table_cannot_be_named_like_one_that_stands_for_others() -> None:
    text = POLICY.replace("{users: {public_rows: true}}", "{'any table': {subject: user_id}}")
    opened = changed(SEES, ALL, text)
    assert overall(diff(parse(text, "k.yaml"), opened)) is LOOSENS
    found = [one for one in diff(parse(text, "k.yaml"), opened) if "of any table" in one.text]
    assert [one["table"] for one in as_objects(found)["differences"]] == [None] * len(found) != []


def test_a_restricted_column_that_a_view_may_be_made_from_counts() -> None:
    """`v.band` is shown as `users.income` identifies, and no rule says that it is made from it."""
    view = (
        "{users: {columns: {income: {class: restricted, identifies: directly}}},\n"
        "  v: {subject: id, key: id, references: {id: users.id}, columns: {band: public}}}"
    )
    text = POLICY.replace("{users: {public_rows: true}}", view)
    old = parse(text, "k.yaml")
    new = changed("income: {class: restricted, identifies: directly}",
                  "income: {class: restricted, identifies: no}", text)  # fmt: skip
    (found,) = diff(old, new)
    assert (found.direction, found.table is not None, found.column) == (LOOSENS, True, "income")
    assert [one.direction for one in diff(new, old)] == [TIGHTENS]
    made = catalog(
        table("users", "id uuid pk", "seen_at date", "locale text", "income bigint"),
        table("event_types", "id bigint pk", "made_at date", "locale text"),
        table("v", "id uuid", "band bigint", kind=TableKind.VIEW,
              reads=("users.id", "users.income")),
    )  # fmt: skip
    exact = diff_resolved(trace(old, made), trace(new, made))
    assert ("would newly see v.band in clear", LOOSENS) in [(o.text, o.direction) for o in exact]


def test_a_table_that_comes_or_goes_is_told() -> None:
    old = parse(POLICY, "k.yaml")
    new = changed(
        "users: {public_rows: true}", "users: {public_rows: true}, posts: {subject: a_id}"
    )
    (found,) = diff(old, new)
    assert found.text == "table posts has a rule now: its rows are people's, by a_id"
    assert found.direction is TIGHTENS
    (found,) = diff(new, old)
    assert found.text == "table posts has no rule any more"
    shared = changed("users: {public_rows: true}", "users: {public_rows: true}, posts: shared")
    assert overall(diff(old, shared)) is LOOSENS, "its columns are public"


@pytest.mark.parametrize(
    ("entry", "direction"),
    [
        ("posts: {subject: id, public_rows: true}", LOOSENS),
        ("posts: {subject: id, public_rows: n > 1, hangs_off: []}", LOOSENS),
        ("posts: {subject: id, columns: {a: restricted}}", TIGHTENS),
    ],
)
def test_public_rows_of_a_new_table_show_what_patterns_classify(
    entry: str, direction: Direction
) -> None:
    """Nobody saw a row of it, and now everybody abroad sees when each was made."""
    old = parse(POLICY, "k.yaml")
    before = "users: {public_rows: true}"
    assert overall(diff(old, changed(before, f"{before}, {entry}"))) is direction
    assert overall(diff(changed(before, f"{before}, {entry}"), old)) is TIGHTENS
    text = POLICY.replace('"*_at": {class: public, identifies: no}', '"users.*_at": public')
    text = text.replace("*.locale", "users.locale")
    new = changed(before, f"{before}, {entry}", text)
    assert overall(diff(parse(text, "k.yaml"), new)) is TIGHTENS, "no pattern fits it"


def test_columns_that_change_alike_are_all_named(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for several columns names each, also beside one that stands for the rest."""
    word = "{class: public, identifies: no}"
    words = f"tables: {{words: {{shared: true, columns: {{word: {word}, zone: {word}}}}}, users"
    text = POLICY.replace("tables: {users", words)
    new = parse(text.replace("  abroad:", "  near:").replace("[g]", "[h]"), "k.yaml")
    show(diff(parse(text, "k.yaml"), new))
    out = capsys.readouterr().out
    for words in ("words.word, zone in clear", "any other column of words as its"):
        assert f"would newly see {words}" in out
