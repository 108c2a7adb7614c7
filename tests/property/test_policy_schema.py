"""The schema and the parser: never stricter than it, and as strict in what an editor can see."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from doubles.documents import FULL, value
from klover.errors import PolicyError
from klover.policy.document import load
from klover.policy.parse import parse
from klover.policy.parse.countries import named_file
from klover.policy.schema import schema, text

ROOT = Path(__file__).parents[2]
SCHEMA = schema()
VALIDATOR = Draft202012Validator(SCHEMA)
EXAMPLES = sorted((ROOT / "examples").glob("*/*.yaml")) + sorted(
    (ROOT / "src" / "klover" / "demo").glob("*.yaml")
)


def fits(yaml: str) -> bool:
    return VALIDATOR.is_valid(value(load(yaml, "k.yaml")))


def parses(document: Any) -> bool:
    """Tell whether the parser takes a document, written as JSON (which is YAML)."""
    try:
        parse(json.dumps(document), "k.yaml")
    except PolicyError:
        return False
    return True


def test_the_schema_is_a_schema_and_is_the_one_published() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert (ROOT / "docs" / "klover.schema.json").read_text(encoding="utf-8") == text()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_every_example_fits(path: Path) -> None:
    yaml = path.read_text(encoding="utf-8")
    named = named_file(yaml, path.name)
    parse(yaml, path.name, (path.parent / named).read_text() if named else None)
    errors = [error.message for error in VALIDATOR.iter_errors(value(load(yaml, path.name)))]
    assert errors == []


def test_a_policy_with_most_of_the_language_fits() -> None:
    parse(FULL, "k.yaml")
    assert fits(FULL)


FAULTS = [
    ("unknown key", ("colour",), "red"),
    ("unknown key of a table", ("tables", "videos", "colour"), "red"),
    ("unknown key of a column", ("tables", "accounts", "columns", "id", "colour"), "red"),
    ("unknown key of an audience", ("audiences", "finance-europe", "colour"), "red"),
    ("unknown key of who", ("audiences", "finance-europe", "who", "colour"), "red"),
    ("unknown key of requires", ("audiences", "finance-europe", "requires", "colour"), "red"),
    ("unknown key of signing", ("signing", "colour"), "red"),
    ("unknown key of a signer", ("signing", "signers", "anna", "colour"), "red"),
    ("unknown key of a place", ("places", "media-bucket", "colour"), "red"),
    ("unknown key of never", ("never", 0, "colour"), "red"),
    ("unknown key of defaults", ("defaults", "rows"), {"a": "public"}),
    ("unknown kind of evidence", ("subjects", "home"), [{"shoe_size": "country"}]),
    ("two kinds in one piece", ("subjects", "home"), [{"ip": "a", "phone": "b"}]),
    ("wrong version", ("klover",), 2),
    ("a number for a text", ("enclave",), 5),
    ("a flag for a text", ("subjects", "table"), True),
    ("a text for a flag", ("tables", "languages"), {"shared": "yes"}),
    ("a list for a mapping", ("tables",), ["accounts"]),
    ("a mapping for a text", ("subjects", "table"), {"name": "accounts"}),
    ("an empty list", ("rests_in",), []),
    ("an empty mapping", ("tables", "videos"), {}),
    ("an empty text", ("subjects", "table"), " "),
    ("nothing", ("audiences",), None),
    ("a wrong word for a table", ("tables", "languages"), "sharde"),
    ("a wrong class", ("tables", "videos", "columns", "id"), "secret"),
    ("a wrong class in the long form", ("tables", "accounts", "columns", "id", "class"), "x"),
    ("a wrong identifies", ("tables", "accounts", "columns", "id", "identifies"), "maybe"),
    ("a wrong way to see identifiers", ("audiences", "finance-europe", "identifiers"), "plain"),
    ("restricted stays outside", ("stays_outside",), ["restricted"]),
    ("a wrong state", ("places", "media-bucket", "state"), "lost"),
    ("too many approvals", ("audiences", "finance-europe", "requires", "approvals"), 6),
    ("no span", ("audiences", "finance-europe", "requires", "expires"), "soon"),
    ("the same text twice", ("audiences", "finance-europe", "who", "groups"), ["a", "a"]),
    ("a pair without `by`", ("tables", "videos", "references"), {"a": {"B": "c.id"}}),
    ("one signature", ("signing", "need"), 1),
    ("no key", ("signing", "overseer"), "olga"),
    ("a name in capitals", ("enclave",), "Europe"),
    ("a never that forbids nothing", ("never",), [{"located": "any"}]),
]


def put(document: Any, way: tuple[str | int, ...], what: object) -> Any:
    """Put ``what`` at the end of a way."""
    made = copy.deepcopy(document)
    at = made
    for step in way[:-1]:
        at = at[step]
    at[way[-1]] = what
    return made


WHOLE = value(load(FULL, "k.yaml"))


@pytest.mark.parametrize(("name", "way", "what"), FAULTS, ids=[fault[0] for fault in FAULTS])
def test_a_fault_of_structure_is_refused_by_both(
    name: str, way: tuple[str | int, ...], what: object
) -> None:
    assert VALIDATOR.is_valid(WHOLE)
    assert parses(WHOLE)
    wrong = put(WHOLE, way, what)
    assert not VALIDATOR.is_valid(wrong), name
    assert not parses(wrong), name


REQUIRED = [
    ("klover",),
    ("subjects",),
    ("subjects", "inside"),
    ("audiences", "finance-europe", "who"),
    ("audiences", "finance-europe", "who", "located"),
    ("tables", "accounts", "columns", "id", "class"),
    ("signing", "delay"),
    ("signing", "signers", "anna", "key"),
    ("places", "media-bucket", "state"),
    ("never", 0, "located"),
]


@pytest.mark.parametrize("way", REQUIRED, ids=lambda way: ".".join(map(str, way)))
def test_what_is_missing_is_missed_by_both(way: tuple[str | int, ...]) -> None:
    wrong = copy.deepcopy(WHOLE)
    at: Any = wrong
    for step in way[:-1]:
        at = at[step]
    del at[way[-1]]
    assert not VALIDATOR.is_valid(wrong)
    assert not parses(wrong)


def ways(document: Any, way: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """List the way to everything in a document."""
    found = [way] if way else []
    entries = (
        document.items()
        if isinstance(document, dict)
        else enumerate(document)
        if isinstance(document, list)
        else ()
    )
    for key, entry in entries:
        found += ways(entry, (*way, key))
    return found


WORDS = st.sampled_from(
    [
        "public",
        "restricted",
        "shared",
        "any",
        "none",
        "EEA",
        "id",
        "8h",
        "no",
        "clear",
        "",
        " ",
        "x",
    ]
)
SCALARS = st.one_of(WORDS, st.booleans(), st.integers(-1, 7), st.none(), st.floats(0, 1))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=2),
        st.dictionaries(
            st.sampled_from(["not", "class", "identifies", "columns", "shared", "by", "x", "ip"]),
            inner,
            max_size=2,
        ),
    ),
    max_leaves=4,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ways(WHOLE)), VALUES)
def test_what_the_schema_refuses_the_parser_refuses(
    way: tuple[str | int, ...], what: object
) -> None:
    mutated = put(WHOLE, way, what)
    if parses(mutated):
        assert VALIDATOR.is_valid(mutated), [e.message for e in VALIDATOR.iter_errors(mutated)]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(ways(WHOLE)))
def test_what_is_left_out_is_judged_alike_or_more_mildly(way: tuple[str | int, ...]) -> None:
    mutated = copy.deepcopy(WHOLE)
    at: Any = mutated
    for step in way[:-1]:
        at = at[step]
    del at[way[-1]]
    if parses(mutated):
        assert VALIDATOR.is_valid(mutated)


def test_the_command_prints_it() -> None:
    from typer.testing import CliRunner

    from klover.cli.groups import policy as app

    assert json.loads(CliRunner().invoke(app, ["schema"]).stdout) == SCHEMA


def test_an_editor_reads_the_same_document() -> None:
    """What editors make of the text (YAML 1.2, as ruamel reads it) is what is validated here."""
    assert YAML(typ="safe", pure=True).load(FULL) == WHOLE
