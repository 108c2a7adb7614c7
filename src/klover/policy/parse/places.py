"""Where data and people are: the parts ``networks``, ``applications`` and ``places``.

A network lies in a country in any usual spelling, or somewhere in a group; ranges may lie in one
another, the narrowest counts. A place whose jurisdiction nobody knows says ``unknown``.
"""

from collections.abc import Mapping as Map

from klover.policy.document import Mapping, Node
from klover.policy.model import Application, Network, Place, Region
from klover.policy.ranges import Range, read_range
from klover.policy.reading import Reader, nearest

STATES = ("declared", "unknown")


def read_networks(node: Node | None, reader: Reader) -> tuple[Network, ...]:
    """Read ``networks``: address ranges whose country is known."""
    found: dict[Range, Network] = {}
    for text, entry in _entries(node, "`networks`", reader):
        line = _line(node, text)
        where = reader.countries_named(entry, f"Network {text}")
        addresses = read_range(text)
        if isinstance(addresses, str):
            reader.faults.add(f"{text!r} is no address range; {addresses}.", line)
            continue
        if addresses in found:
            reader.faults.add(f"The network {text} stands here twice; remove one.", line)
        found[addresses] = Network(range=addresses, where=where or Region(), line=line)
    return tuple(found.values())


def read_applications(node: Node | None, reader: Reader) -> Map[str, Application]:
    """Read ``applications``: the direct connections inside."""
    found = {}
    for name, entry in _entries(node, "`applications`", reader):
        what = f"Application {name}"
        parts = reader.mapping(entry, what, required=("certificate", "role", "hosts"))
        texts = {key: reader.text(part, f"{what}: `{key}`") or "" for key, part in parts.items()}
        found[name] = Application(
            name=name,
            certificate=texts.get("certificate", ""),
            role=texts.get("role", ""),
            hosts=texts.get("hosts", ""),
            line=_line(node, name),
        )
    return found


def read_places(node: Node | None, reader: Reader) -> Map[str, Place]:
    """Read ``places``: whatever else may hold data."""
    found = {}
    for name, entry in _entries(node, "`places`", reader):
        what = f"Place {name}"
        parts = reader.mapping(entry, what, required=("kind", "jurisdiction", "state"))
        texts = {key: reader.text(part, f"{what}: `{key}`") or "" for key, part in parts.items()}
        state = texts.get("state", "unknown")
        if state and state not in STATES:
            reader.faults.add(
                f"{what}: `state` cannot be {state!r}{nearest(state, STATES)}", parts["state"].line
            )
        jurisdiction = texts.get("jurisdiction", "unknown")
        if jurisdiction and jurisdiction != "unknown":
            region = reader.countries_named(parts["jurisdiction"], f"{what}: `jurisdiction`")
            names = region.names if region is not None else ("unknown",)
            if len(names) > 1:
                reader.faults.add(
                    f"{what}: `jurisdiction` names one country or group; write a place for each.",
                    parts["jurisdiction"].line,
                )
            jurisdiction = names[0]
        found[name] = Place(
            name=name,
            kind=texts.get("kind", ""),
            jurisdiction=jurisdiction,
            state=state,
            line=_line(node, name),
        )
    return found


def _entries(node: Node | None, what: str, reader: Reader) -> list[tuple[str, Node]]:
    return [] if node is None else list(reader.entries(node, what).items())


def _line(node: Node | None, key: str) -> int:
    return node.lines[key] if isinstance(node, Mapping) else 0
