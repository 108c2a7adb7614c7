"""Classes for parts of a JSON column: ``paths`` of a column's rule.

A path is the keys on the way, with dots between them and quotes around odd ones. Rules may nest: a
path's own ``paths`` go on from it. What no path covers has the class of the column. A part whose
``identifies`` is left open identifies directly: nobody knows what stands there.
"""

from collections.abc import Callable

from klover.catalog import dotted
from klover.policy.document import Mapping, Node
from klover.policy.model import ColumnRule, PathRule
from klover.policy.reading import Reader

ReadRule = Callable[[Node, str, int, Reader], ColumnRule]
"""Reads a column's rule; a part is said in the same words."""

OF_COLUMNS = ("unique", "stub", "coarsen", "coarse_of")
"""What a part cannot say."""


def read_parts(
    node: Node | None, what: str, reader: Reader, read: ReadRule
) -> tuple[PathRule, ...]:
    """Read the parts of one column, outer ones first."""
    if node is None:
        return ()
    found: dict[tuple[str, ...], PathRule] = {}
    for text, entry in reader.entries(node, f"{what}: `paths`").items():
        line = node.lines[text] if isinstance(node, Mapping) else node.line
        path = dotted(text)
        if not path:
            reader.faults.add(
                f"{what}: `paths` has {text!r}, which is no path; write keys with dots between "
                "them, odd ones in double quotes.",
                line,
            )
            continue
        for part in _part(path, entry, f"{what}, path {text}", line, reader, read):
            if part.path in found:
                reader.faults.add(f"{what}: the path {part.text} stands here twice.", line)
            found[part.path] = part
    return tuple(sorted(found.values(), key=lambda part: (len(part.path), part.path)))


def _part(
    path: tuple[str, ...], node: Node, what: str, line: int, reader: Reader, read: ReadRule
) -> list[PathRule]:
    if isinstance(node, Mapping):
        for key in OF_COLUMNS:
            if key in node.entries:
                reader.faults.add(
                    f"{what}: `{key}` is for whole columns; take it out.", node.lines[key]
                )
    rule = read(node, what, line, reader)
    inner = [PathRule(path=(*path, *part.path), rule=part.rule) for part in rule.paths]
    own = ColumnRule(
        data_class=rule.data_class,
        identifies=rule.identifies,
        identifies_stated=rule.identifies_stated,
        category=rule.category,
        declared=True,
        line=line,
    )
    return [PathRule(path=path, rule=own), *inner]
