"""Reading nodes as what they have to be, and saying what to do where they are not.

Each reader returns a value, or None after noting a fault, so that one pass finds every fault.
Unknown keys and words are refused with the nearest known one.
"""

import difflib
from collections.abc import Iterable, Mapping as Map
from enum import StrEnum
from typing import TypeVar

from klover.policy import country
from klover.policy.countries import BUILT_IN, Countries
from klover.policy.document import Mapping, Node, Scalar, Sequence
from klover.policy.faults import Faults
from klover.policy.model import Region

_E = TypeVar("_E", bound=StrEnum)
_KINDS = {"flag": "true or false", "integer": "a number", "float": "a number", "null": "empty"}


def nearest(word: str, known: Iterable[str]) -> str:
    """Tell the nearest known word as the end of a sentence, or all of them if they are few."""
    words = sorted(known)
    close = difflib.get_close_matches(word, words, n=1)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; known are {', '.join(words)}." if 0 < len(words) <= 12 else "."  # noqa: PLR2004 - a line


def _nearest_place(word: str, known: Iterable[str]) -> str:
    """Tell the nearest word, group or country; the words and groups where none is near."""
    close = difflib.get_close_matches(word, [*known, *country.names()], n=1)
    return f"; did you mean {close[0]!r}?" if close else nearest(word, known)


class Reader:
    """Reads the nodes of one file and collects its faults."""

    def __init__(self, faults: Faults, countries: Countries = BUILT_IN) -> None:
        """``faults`` collects; the caller settles it. ``countries`` tells the groups."""
        self.faults = faults
        self.countries = countries

    def mapping(
        self,
        node: Node,
        what: str,
        *,
        required: tuple[str, ...] = (),
        optional: tuple[str, ...] = (),
    ) -> Map[str, Node]:
        """Read a mapping with these keys; unknown ones are refused, missing ones too."""
        entries = self.entries(node, what)
        known = (*required, *optional)
        for key in entries:
            if key not in known and isinstance(node, Mapping):
                self.faults.add(f"{what} has no key {key!r}{nearest(key, known)}", node.lines[key])
        for key in required:
            if key not in entries and isinstance(node, Mapping):
                self.faults.add(f"{what} needs `{key}:`.", node.line)
        return {key: entry for key, entry in entries.items() if key in known}

    def entries(self, node: Node, what: str) -> Map[str, Node]:
        """Read a mapping whose keys are names of the author's."""
        if not isinstance(node, Mapping):
            self.faults.add(f"{what} has to be a mapping (`key: value`).", node.line)
            return {}
        if not node.entries:
            self.faults.add(f"{what} is empty; fill it or leave it out.", node.line)
        return node.entries

    def text(self, node: Node, what: str) -> str | None:
        """Read a text that is not empty."""
        if not isinstance(node, Scalar):
            self.faults.add(f"{what} has to be a text.", node.line)
        elif node.kind in _KINDS:
            hint = "write a text" if node.kind == "null" else "put quotes around it if it is a text"
            self.faults.add(
                f"{what} has to be a text, this is {_KINDS[node.kind]}; {hint}.", node.line
            )
        elif not node.text.strip():
            self.faults.add(f"{what} is empty.", node.line)
        else:
            return node.text
        return None

    def texts(self, node: Node, what: str, *, empty: bool = False) -> tuple[str, ...] | None:
        """Read one text or a list of texts, without duplicates."""
        found: list[str] = []
        for item in self.items(node, what, empty=empty):
            value = self.text(item, what)
            if value is None:
                return None
            if value in found:
                self.faults.add(f"{what} names {value!r} twice.", item.line)
            found.append(value)
        return tuple(found)

    def items(self, node: Node, what: str, *, empty: bool = False) -> list[Node]:
        """Read a list, or take a single node as a list of one."""
        if not isinstance(node, Sequence):
            return [node]
        if not node.items and not empty:
            self.faults.add(f"{what} is an empty list; fill it or leave it out.", node.line)
        return node.items

    def flag(self, node: Node, what: str) -> bool | None:
        """Read true or false."""
        if isinstance(node, Scalar) and node.kind == "flag":
            return node.text.casefold() == "true"
        self.faults.add(f"{what} has to be `true` or `false`.", node.line)
        return None

    def integer(self, node: Node, what: str, *, low: int, high: int) -> int | None:
        """Read a decimal number from ``low`` to ``high``."""
        if isinstance(node, Scalar) and node.kind == "integer" and node.text.isdecimal():
            digits = node.text.lstrip("0") or "0"
            if len(digits) < 10 and low <= int(digits) <= high:  # noqa: PLR2004 - no huge numbers
                return int(digits)
        self.faults.add(f"{what} has to be a number from {low} to {high}.", node.line)
        return None

    def choice(self, node: Node, what: str, kind: type[_E]) -> _E | None:
        """Read one of an enumeration's words."""
        word = self.text(node, what)
        if word is None:
            return None
        known = [member.value for member in kind]
        if word not in known:
            self.faults.add(f"{what} cannot be {word!r}{nearest(word, known)}", node.line)
            return None
        return kind(word)

    def choices(
        self, node: Node, what: str, kind: type[_E], *, empty: bool = False
    ) -> frozenset[_E]:
        """Read one or several of an enumeration's words."""
        found = [self.choice(item, what, kind) for item in self.items(node, what, empty=empty)]
        return frozenset(member for member in found if member is not None)

    def country(self, node: Node, what: str) -> str | None:
        """Read a country in any usual spelling; None after a fault."""
        word = self.text(node, what)
        if word is None:
            return None
        code = country.resolve(word)
        if code is None:
            close = difflib.get_close_matches(word, country.names(), n=1)
            hint = f"; did you mean {close[0]!r}?" if close else "; write its code or English name."
            self.faults.add(f"{what}: {word!r} is no country that is known here{hint}", node.line)
        return code

    def region(self, node: Node, what: str) -> Region | None:
        """Read ``any``, ``not …``, one name, or a list of groups and countries."""
        if isinstance(node, Mapping):
            inner = self.mapping(node, what, required=("not",))
            return self._named(inner["not"], what, negated=True) if "not" in inner else None
        if isinstance(node, Scalar) and node.kind == "text":
            if node.text == "any":
                return Region(everywhere=True, line=node.line)
            if node.text.startswith("not "):
                word = Scalar(text=node.text[4:].strip(), kind="text", plain=True, line=node.line)
                return self._named(word, what, negated=True)
        return self._named(node, what, negated=False)

    def countries_named(self, node: Node, what: str) -> Region | None:
        """Read countries and groups by name, neither ``any`` nor ``not …``."""
        return self._named(node, what, negated=False, words=())

    def _named(
        self,
        node: Node,
        what: str,
        *,
        negated: bool,
        words: tuple[str, ...] = ("any", "not …"),
    ) -> Region | None:
        names = []
        for item in self.items(node, what):
            word = self.text(item, what)
            if word is None:
                continue
            code = word if country.is_group(word, self.countries) else country.resolve(word)
            if code is None:
                known = (*self.countries.groups, *words)
                self.faults.add(
                    f"{what}: {word!r} is no country or group of countries"
                    f"{_nearest_place(word, known)}",
                    item.line,
                )
            elif code in names:
                self.faults.add(f"{what} names {word!r} twice.", item.line)
            else:
                names.append(code)
        return Region(names=tuple(names), negated=negated, line=node.line) if names else None
