"""YAML read as plain nodes with line numbers, and nothing that YAML can do beyond that.

Strict YAML 1.2 core schema: ``NO`` is Norway, ``12:30`` is text. Refused: anchors, aliases, tags,
directives, several documents, duplicate keys, keys that are not text, control characters, and
files beyond 1 MiB or 32 levels. What a node has to mean is decided in ``reading``.
https://yaml.org/spec/1.2.2/#103-core-schema
"""

import re
from collections.abc import Iterator, Mapping as Map
from dataclasses import dataclass, field, replace
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from klover.errors import PolicyError

MAX_CHARACTERS = 1 << 20
MAX_DEPTH = 32

_NULL = re.compile(r"(null|Null|NULL|~|)\Z")
_FLAG = re.compile(r"(true|True|TRUE|false|False|FALSE)\Z")
_INTEGER = re.compile(r"([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)\Z")
_FLOAT = re.compile(
    r"([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))\Z"
)
_ARRAY = re.compile(r"[\[{,][^\S\n]*[\w.]+\[\]")
"""A name with brackets as an item of a list or mapping in brackets, without quotes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scalar:
    """One value. ``kind`` is text, flag, integer, float or null; ``plain`` means unquoted."""

    text: str
    kind: str
    plain: bool
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """A list."""

    items: list["Node"] = field(default_factory=list)
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """Keys (always text) with their nodes; ``lines`` holds the line of each key."""

    entries: dict[str, "Node"] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    line: int


Node = Scalar | Sequence | Mapping


def load(text: str, file: str, *, what: str = "A policy", begins: str = "klover: 1") -> Mapping:
    """Read the file's one mapping. Raises PolicyError with the line at fault."""
    if len(text) > MAX_CHARACTERS:
        raise PolicyError(f"The file has more than {MAX_CHARACTERS} characters.", file=file)
    try:
        root = _build(_events(text), file)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark is not None else 0
        hint = " A name with `[]` needs quotes inside a list." if _ARRAY.search(text) else ""
        raise PolicyError(
            f"This is not YAML: {error.problem}.{hint}", file=file, line=line
        ) from error
    except YAMLError as error:
        raise PolicyError("This is not YAML: it holds a forbidden character.", file=file) from error
    if not isinstance(root, Mapping):
        raise PolicyError(f"{what} is a mapping; it begins with `{begins}`.", file=file, line=1)
    return root


def _events(text: str) -> Iterator[Any]:
    yaml = YAML(typ="safe", pure=True)
    yield from yaml.parse(text)


def _build(events: Iterator[Any], file: str) -> Node | None:
    building = _Building(file)
    documents = 0
    for event in events:
        kind = type(event).__name__
        line = event.start_mark.line + 1
        if kind == "DocumentStartEvent":
            documents += 1
            _refuse_document(event, documents, file, line)
        elif kind in {"MappingEndEvent", "SequenceEndEvent"}:
            building.end()
        elif kind in {"ScalarEvent", "MappingStartEvent", "SequenceStartEvent", "AliasEvent"}:
            _refuse_cleverness(event, kind, file, line)
            building.add(_node(event, kind, line))
    return building.root


class _Building:
    """Nodes under construction, on a stack of our own: depth costs no call of the interpreter."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Node | None = None
        self._stack: list[Sequence | Mapping] = []
        self._keys: list[tuple[str, int] | None] = []
        """For each node of the stack, the key that waits for its value."""

    def add(self, node: Node) -> None:
        """Put ``node`` where it belongs: the root, an item, a key or a value."""
        parent = self._stack[-1] if self._stack else None
        waiting = self._keys[-1] if self._keys else None
        if parent is None:
            self.root = node
        elif isinstance(parent, Sequence):
            parent.items.append(node)
        elif waiting is None:
            self._keys[-1] = _key(parent, node, self.file)
            return
        else:
            name, line = waiting
            if isinstance(node, Scalar) and node.plain and not node.text:
                node = replace(node, line=line)  # an absent value begins nowhere
            parent.entries[name], parent.lines[name] = node, line
            self._keys[-1] = None
        if not isinstance(node, Scalar):
            if len(self._stack) >= MAX_DEPTH:
                raise PolicyError("This is nested too deeply.", file=self.file, line=node.line)
            self._stack.append(node)
            self._keys.append(None)

    def end(self) -> None:
        """Close the innermost list or mapping."""
        self._stack.pop()
        self._keys.pop()


def _node(event: Any, kind: str, line: int) -> Node:
    if kind == "MappingStartEvent":
        return Mapping(line=line)
    if kind == "SequenceStartEvent":
        return Sequence(line=line)
    plain = event.style is None and bool(event.implicit[0])
    return Scalar(text=event.value, kind=_scalar(event.value, plain=plain), plain=plain, line=line)


def _scalar(text: str, *, plain: bool) -> str:
    if not plain:
        return "text"
    kinds: Map[str, re.Pattern[str]] = {
        "null": _NULL,
        "flag": _FLAG,
        "integer": _INTEGER,
        "float": _FLOAT,
    }
    return next((kind for kind, pattern in kinds.items() if pattern.match(text)), "text")


def _key(parent: Mapping, node: Node, file: str) -> tuple[str, int]:
    if not isinstance(node, Scalar) or node.kind != "text" or not node.text.strip():
        raise PolicyError(
            "A key has to be a word; put quotes around it.", file=file, line=node.line
        )
    if node.text in parent.entries:
        first = parent.lines[node.text]
        raise PolicyError(
            f"The key {node.text!r} stands here twice (first on line {first}); remove one.",
            file=file,
            line=node.line,
        )
    return node.text, node.line


def _refuse_document(event: Any, documents: int, file: str, line: int) -> None:
    if documents > 1:
        raise PolicyError("A policy is one YAML document; remove `---`.", file=file, line=line)
    if event.version is not None or event.tags:
        raise PolicyError("YAML directives (%) are not allowed here.", file=file, line=line)


def _refuse_cleverness(event: Any, kind: str, file: str, line: int) -> None:
    if kind == "AliasEvent" or event.anchor is not None:
        raise PolicyError(
            "YAML anchors (&) and aliases (*) are not allowed: write it out.", file=file, line=line
        )
    tag = getattr(event, "ctag", None)
    if tag is not None and str(tag) not in {"", "None"}:
        raise PolicyError("YAML tags (!) are not allowed here.", file=file, line=line)
