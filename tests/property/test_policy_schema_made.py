"""Documents made from the published schema: what it lets pass has the structure the parser asks.

The parser may still refuse what only it knows (a path, a country, a name that stands twice), never
a key, a kind or a missing part.
"""

import json
import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st
from jsonschema import Draft202012Validator

from doubles.documents import FULL, value
from klover.errors import PolicyError
from klover.policy.document import load
from klover.policy.faults import PolicyErrors
from klover.policy.parse import parse
from klover.policy.schema import schema

SCHEMA = schema()
VALIDATOR = Draft202012Validator(SCHEMA)
WHOLE = value(load(FULL, "k.yaml"))
TEXTS = (
    "accounts", "id", "EEA", "IE", "a.b", "from videos.account_id", "8h", "10.0.0.0/8", "help",
    "members[]", "x y", "É", "10 MB", "Mon-Fri 08:00-18:00 UTC", "any", "none", "shared", "1d12h",
    "year", "round 10", "anna", "europe", '"odd.name".T', "*_at",
    "anna+3525c06b+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c",
    "bert+e2a5ff0b+AYE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU",
)  # fmt: skip
DEEP = 7
STRUCTURE = re.compile(
    r"has no key|needs `|has to be (a mapping|a text|true|`true|a number|`shared`|`table)"
    r"|is empty|empty list|cannot be '|names no type|has to be a short name|goes with"
    r"|is for whole columns|has to say|has to be a span|has to be year|has `columns:`"
    r"|has to be a size|to have a `subject:`|is shared, so it has no|cannot hold"
)
"""Words of the parser for what an editor can see."""


class Maker:
    """Makes values that a part of the schema lets pass, but for what its own parts ask together."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - a test's
        self._deep = 0

    def make(self, part: Mapping[str, Any]) -> Any:
        """Make one value."""
        ways: dict[str, Callable[[Any], Any]] = {
            "$ref": lambda to: self.make(SCHEMA["$defs"][to.rpartition("/")[2]]),
            "const": lambda only: only,
            "enum": self._random.choice,
            "type": lambda kind: self._of_type(kind, part),
            "anyOf": lambda each: self.make(self._random.choice(each)),
            "allOf": lambda each: self.make(each[0]),
        }
        return next(way(part[word]) for word, way in ways.items() if word in part)

    def _of_type(self, kind: str | list[str], part: Mapping[str, Any]) -> Any:
        self._deep += 1
        if isinstance(kind, list):
            kind = self._random.choice(kind)
        ways: dict[str, Callable[[Mapping[str, Any]], Any]] = {
            "object": self._object,
            "array": self._list,
            "boolean": lambda _: self._random.random() < 0.5,
            "number": lambda _: self._random.randrange(9),
            "integer": lambda of: self._random.randint(of.get("minimum", 0), of["maximum"]),
            "string": self._text,
        }
        found = ways[kind](part)
        self._deep -= 1
        return found

    def _object(self, part: Mapping[str, Any]) -> dict[str, Any]:
        found = {}
        for key, each in part.get("properties", {}).items():
            if key in part.get("required", ()) or self._again():
                found[key] = self.make(each)
        others = part.get("additionalProperties", False)
        least = part.get("minProperties", 0)
        while others is not False and (len(found) < least or self._again()):
            name = self._text(part.get("propertyNames", {}))
            found.setdefault(name, self.make(others))
        return found

    def _list(self, part: Mapping[str, Any]) -> list[Any]:
        found: list[Any] = []
        while len(found) < part.get("minItems", 0) or self._again():
            one = self.make(part["items"])
            if one not in found:
                found.append(one)
        return found

    def _text(self, part: Mapping[str, Any]) -> str:
        fitting = [text for text in TEXTS if re.search(part.get("pattern", ""), text)]
        return self._random.choice(fitting)

    def _again(self) -> bool:
        return self._random.random() < (0.4 if self._deep < DEEP else 0.0)


PARTS = sorted(set(SCHEMA["properties"]) - {"klover", "countries"})


@pytest.mark.parametrize("part", PARTS)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@example(seed=989)  # a pair that stands on the elements of an array
@given(seed=st.integers(0, 10**9))
def test_what_the_schema_lets_pass_has_no_fault_of_structure(part: str, seed: int) -> None:
    made = {part: Maker(seed).make(SCHEMA["properties"][part])}
    if VALIDATOR.is_valid(WHOLE | made):
        assert [one for one in faults(WHOLE | made) if STRUCTURE.search(one)] == [], made


@pytest.mark.parametrize("part", PARTS)
def test_most_of_what_is_made_is_looked_at(part: str) -> None:
    """The property is about something: most is valid, and of some parts the parser takes much."""
    made = [WHOLE | {part: Maker(seed).make(SCHEMA["properties"][part])} for seed in range(60)]
    valid = [VALIDATOR.is_valid(one) for one in made]
    assert sum(valid) > len(valid) // 5
    if part in {"applications", "stays_outside", "enclave", "audiences"}:
        assert any(not faults(one) for one in made)


def faults(document: Any) -> list[str]:
    """Tell what the parser says of a document."""
    try:
        parse(json.dumps(document), "k.yaml")
    except PolicyErrors as errors:
        return [one.message for one in errors.errors]
    except PolicyError as error:
        return [error.message]
    return []
