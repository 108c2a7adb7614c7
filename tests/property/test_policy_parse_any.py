"""Whatever the text is, the parser answers with a policy or a PolicyError, and nothing else."""

import contextlib
import re
from datetime import date

from hypothesis import given, settings, strategies as st

from doubles.catalogs import POLICY, videos
from klover.catalog import TableName, dotted, quoted
from klover.door.predicate import columns_used
from klover.errors import PolicyError
from klover.policy.check import check
from klover.policy.country import codes, name, resolve
from klover.policy.model import Backward, Forward
from klover.policy.parse import parse
from klover.policy.path import PathError, read_path
from klover.policy.predicate import refuse_predicate

RICH = """
defaults:
  tables: {"audit_*": {subject: account_id}, "*_types": shared}
  columns: {"*_at": public, "*.locale": {class: interoperable, identifies: indirectly}}
tables:
  '"odd.schema"."Odd Table"':
    subject: ['member_ids[].account_id', 'about_id("Web::Push")', "(tenant_id, user_id)"]
    references:
      member_ids[]: accounts.id
      about_id: {by: about_type, Status: statuses.id, "Web::Push": accounts.id}
      (tenant_id, user_id): users.(tenant_id, id)
    columns:
      settings: {class: restricted, paths: {a.b: public, '"x.y"': {class: public, identifies: no}}}
  accounts: {key: [tenant_id, id]}
"""
"""More of the language than the example holds."""

WORDS = st.sampled_from(
    [
        *sorted({word for word in POLICY.replace(",", " ").split() if len(word) < 30}),
        *"'\"{}[]|>#~@`\t\n\u2028\ufeff\x85\x00",
        *[
            "&a",
            "*a",
            "!!str",
            "<<:",
            "? ",
            "- ",
            "\n  ",
            "%YAML 1.1",
            "---",
            "...",
            "0x1",
            "1e999",
        ],
        *RICH.split(),
    ]
)


def answers(text: str) -> None:
    try:
        policy = parse(text, "any.yaml")
    except PolicyError as error:
        told = (error.file, error.line)
    else:
        told = ("any.yaml", 0)
        check(policy, videos(), date(2026, 11, 24))
    assert told[0] == "any.yaml"
    assert 0 <= told[1] <= len(text.splitlines()) + 1


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    answers(text)


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS, max_size=30))
def test_any_words(words: list[str]) -> None:
    answers(" ".join(words))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_policy_with_a_hole_or_a_foreign_body(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(POLICY)))
    end = data.draw(st.integers(start, min(start + 40, len(POLICY))))
    answers(POLICY[:start] + data.draw(st.one_of(WORDS, st.text(max_size=5))) + POLICY[end:])


RICH_POLICY = POLICY[: POLICY.index("tables:")] + RICH + POLICY[POLICY.index("audiences:") :]


def test_the_richer_policy_is_one() -> None:
    assert len(parse(RICH_POLICY, "any.yaml").tables) == 2


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_richer_policy_with_a_hole_or_a_foreign_body(data: st.DataObject) -> None:
    middle = RICH_POLICY.index("defaults:")
    start = data.draw(st.integers(middle, middle + len(RICH)))
    end = data.draw(st.integers(start, start + 20))
    new = data.draw(st.one_of(WORDS, st.text("()[]{}.,\"' *?abc:", max_size=5)))
    answers(RICH_POLICY[:start] + new + RICH_POLICY[end:])


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_a_policy_without_some_lines(data: st.DataObject) -> None:
    lines = POLICY.splitlines(keepends=True)
    kept = data.draw(st.lists(st.booleans(), min_size=len(lines), max_size=len(lines)))
    answers("".join(line for line, keep in zip(lines, kept, strict=True) if keep))


NAMES = st.text(st.characters(categories=["L", "N", "P", "Z"]), min_size=1, max_size=8)


@given(NAMES, NAMES, NAMES)
def test_quoted_names_of_any_kind_are_read_back(table: str, column: str, onward: str) -> None:
    def quoted(name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    path = read_path(f"from {quoted(table)}.{quoted(column)}.{quoted(onward)}", 1, ())
    assert [getattr(step, "column") for step in path.steps] == [column, onward]  # noqa: B009


@given(st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=8))
def test_a_tables_name_is_read_back(schema: str, table: str) -> None:
    name = TableName(schema, table)
    assert TableName.parse(str(name)) == name
    assert dotted(f"{quoted(schema)}.{quoted(table)}") == (schema, table)


@given(NAMES, NAMES, NAMES, NAMES)
def test_steps_of_every_kind_are_read_back(table: str, one: str, two: str, value: str) -> None:
    def whole(name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    path = read_path(
        f"{whole(one)}[].{whole(two)}({whole(value)})"
        f" from {whole(table)}.({whole(one)}, {whole(two)})",
        1,
        (),
    )
    assert path.steps == (
        Forward(column=one, element=True),
        Forward(column=two, value=value),
        Backward(table=TableName("public", table), column=one, more=(two,)),
    )


@given(st.text(max_size=30))
def test_any_path_text(text: str) -> None:
    with contextlib.suppress(PathError):
        assert read_path(text, 1, ()).steps


@given(st.text(max_size=60))
def test_no_accepted_predicate_holds_a_way_out(text: str) -> None:
    if refuse_predicate(text, {}) is None:
        plain = re.sub(r"""'(?:[^']|'')*'|"(?:[^"]|"")*\"""", "", text)
        assert columns_used(text, {}) == frozenset()  # the door's own reading agrees
        assert ";" not in plain
        assert "--" not in plain
        assert "/*" not in plain
        assert "$" not in plain
        assert plain.count("(") == plain.count(")")


@given(st.one_of(st.text(max_size=20), st.sampled_from(sorted(codes())).map(name)))
def test_resolving_twice_is_resolving_once(text: str) -> None:
    code = resolve(text)
    assert resolve(code) == code
    for other in (text.upper(), text.lower(), f" {text}\t", text.replace(" ", "_")):
        if code is not None and other.casefold() == text.casefold():
            assert resolve(other) == code
