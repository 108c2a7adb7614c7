"""Who sees it: the parts ``audiences`` and ``never`` of a policy.

``located`` is never optional. An audience that says nothing of identifiers sees them
pseudonymised. Two audiences may not share a door's name. ``entry`` reads who is let in and
when, ``limits`` how much may be taken out.
"""

import re
from collections.abc import Mapping as Map

from klover.policy.document import Mapping, Node
from klover.policy.form import refuse_form
from klover.policy.model import (
    Audience,
    DataClass,
    Identifiers,
    Never,
    Region,
    Requires,
)
from klover.policy.parse.entry import read_hours, read_lines, read_who
from klover.policy.parse.limits import read_limits
from klover.policy.reading import Reader
from klover.policy.span import read_span

MAX_APPROVALS = 5
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}\Z")


def read_audiences(node: Node | None, reader: Reader) -> Map[str, Audience]:
    """Read ``audiences``, one value per name."""
    if node is None:
        return {}
    found: dict[str, Audience] = {}
    for name, entry in reader.entries(node, "`audiences`").items():
        line = node.lines[name] if isinstance(node, Mapping) else node.line
        if not _NAME.match(name):
            reader.faults.add(
                f"The audience {name!r} needs a short name: a-z, 0-9 and -, at most 40.", line
            )
        found[name] = _audience(name, entry, line, reader)
    return found


def _audience(name: str, node: Node, line: int, reader: Reader) -> Audience:
    what = f"Audience {name}"
    parts = reader.mapping(
        node, what, required=("who", "sees"), optional=("identifiers", "requires", "limits")
    )
    who = read_who(parts.get("who"), what, reader)
    sees = reader.choices(parts["sees"], f"{what}: `sees`", DataClass) if "sees" in parts else None
    word = parts.get("identifiers")
    identifiers = (
        reader.choice(word, f"{what}: `identifiers`", Identifiers) if word is not None else None
    )
    return Audience(
        name=name,
        groups=who.groups,
        claims=who.claims,
        located=who.located,
        networks=who.networks,
        sees=sees or frozenset(),
        identifiers=identifiers or Identifiers.PSEUDONYMISED,
        requires=_requires(parts.get("requires"), what, reader),
        limits=read_limits(parts.get("limits"), what, reader),
        line=line,
        lines=read_lines(node, parts.get("who"), parts.get("requires")),
    )


def _requires(node: Node | None, what: str, reader: Reader) -> Requires:
    if node is None:
        return Requires()
    keys = ("purpose", "reference", "approvals", "expires", "hours")
    parts = reader.mapping(node, f"{what}: `requires`", optional=keys)
    purposes: tuple[str, ...] | None = None
    if "purpose" in parts:
        purposes = reader.texts(parts["purpose"], f"{what}: `purpose`")
    approvals = 0
    if "approvals" in parts:
        number = reader.integer(
            parts["approvals"], f"{what}: `approvals`", low=0, high=MAX_APPROVALS
        )
        approvals = number if number is not None else 0
    reference = _reference(parts.get("reference"), what, reader)
    if reference is not None and not purposes:
        reader.faults.add(f"{what}: a `reference` goes with a `purpose`; name one.", node.line)
    return Requires(
        purposes=purposes or (),
        reference=reference,
        approvals=approvals,
        expires=read_span(parts.get("expires"), f"{what}: `expires`", reader),
        hours=read_hours(parts.get("hours"), what, reader),
    )


def _reference(node: Node | None, what: str, reader: Reader) -> str | None:
    pattern = reader.text(node, f"{what}: `reference`") if node is not None else None
    refused = refuse_form(pattern) if pattern is not None else None
    if node is not None and refused is not None:
        reader.faults.add(f"{what}: `reference` {refused}.", node.line)
        return None
    return pattern


def read_nevers(node: Node | None, reader: Reader) -> tuple[Never, ...]:
    """Read ``never``: each forbids classes, a way of showing identifiers, or both."""
    if node is None:
        return ()
    found = []
    for item in reader.items(node, "`never`"):
        parts = reader.mapping(
            item, "A `never`", required=("located",), optional=("sees", "identifiers")
        )
        if isinstance(item, Mapping) and "sees" not in parts and "identifiers" not in parts:
            reader.faults.add("A `never` has to say `sees:` or `identifiers:`.", item.line)
        region = reader.region(parts["located"], "`located`") if "located" in parts else None
        sees = reader.choices(parts["sees"], "`sees`", DataClass) if "sees" in parts else None
        word = parts.get("identifiers")
        shown = reader.choice(word, "`identifiers`", Identifiers) if word is not None else None
        found.append(
            Never(
                located=region or Region(),
                sees=sees or frozenset(),
                identifiers=shown,
                line=item.line,
            )
        )
    return tuple(found)
