"""Where a person lives: the part ``subjects.home`` of a policy, a list of evidence in order.

A plain path is a declared country; ``phone: users.phone_number`` names another kind. ``none`` says
that nothing tells where anybody lives. What each kind means stands in ``evidence``.
"""

from collections.abc import Collection

from klover.catalog import TableName
from klover.policy.document import Mapping, Node, Scalar
from klover.policy.model import Evidence, EvidenceKind, Forward
from klover.policy.path import PathError, read_path
from klover.policy.reading import Reader, nearest

_WHAT = "`subjects.home`"


def read_homes(node: Node, reader: Reader, tables: Collection[TableName]) -> tuple[Evidence, ...]:
    """Read evidence for homes in order; a plain ``none`` says that there is none."""
    if isinstance(node, Scalar) and node.plain and node.text == "none":
        return ()
    found: list[Evidence] = []
    for item in reader.items(node, _WHAT):
        evidence = _evidence(item, reader, tables)
        if evidence is None:
            continue
        if any(
            evidence.kind is other.kind and evidence.path.steps == other.path.steps
            for other in found
        ):
            reader.faults.add(f"{_WHAT} names {evidence.path.text!r} twice.", item.line)
        found.append(evidence)
    return tuple(found)


def _evidence(node: Node, reader: Reader, tables: Collection[TableName]) -> Evidence | None:
    if not isinstance(node, Mapping):
        return _of_kind(EvidenceKind.COUNTRY, node, reader, tables)
    words = [kind.value for kind in EvidenceKind]
    if len(node.entries) != 1:
        reader.faults.add(
            f"A piece of {_WHAT} names one kind of evidence ({', '.join(words)}) and its path; "
            "write a list for several.",
            node.line,
        )
        return None
    ((word, value),) = node.entries.items()
    if word not in words:
        reader.faults.add(
            f"{_WHAT} has no evidence of kind {word!r}{nearest(word, words)}", node.line
        )
        return None
    return _of_kind(EvidenceKind(word), value, reader, tables)


def _of_kind(
    kind: EvidenceKind, node: Node, reader: Reader, tables: Collection[TableName]
) -> Evidence | None:
    text = reader.text(node, _WHAT)
    if text is None:
        return None
    try:
        path = read_path(text, node.line, tables)
    except PathError as error:
        reader.faults.add(str(error), node.line)
        return None
    if not isinstance(path.steps[-1], Forward):
        reader.faults.add(
            f"The home path {text!r} has to end with the column that holds the {kind.words}.",
            node.line,
        )
    return Evidence(kind=kind, path=path)
