"""Who is let in and when: the parts ``who`` and ``hours`` of an audience.

Every form is exact: a network has no host bits, a window is days, hours and a zone
(``Mon-Fri 08:00-18:00 Europe/Dublin``), and a claim that Klover reads by itself has a key of its
own.
"""

import re
from dataclasses import dataclass, field

from klover.policy.admission import Claim, Window
from klover.policy.document import Mapping, Node
from klover.policy.model import Region
from klover.policy.ranges import Range, read_range
from klover.policy.reading import Reader, nearest
from klover.policy.zones import names

_KEYS_OF_THEIR_OWN = {"groups": "groups", "country": "located"}
_TAKEN = frozenset({"aud", "exp", "iat", "iss", "jti", "nbf"})
_MAX_TEXT = 256
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_WINDOW = re.compile(
    r"(?P<days>[A-Za-z]+(?:[-,][A-Za-z]+)*) "
    r"(?P<begins>[0-9]{2}:[0-9]{2})-(?P<ends>[0-9]{2}:[0-9]{2}) (?P<zone>\S+)\Z"
)
_FORM = "has to be days, hours and a zone, as `Mon-Fri 08:00-18:00 Europe/Dublin`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """What ``who`` says."""

    groups: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    located: Region = field(default_factory=Region)
    networks: tuple[Range, ...] = ()


def lines_of(node: Node | None) -> dict[str, int]:
    """Tell the line of each key of a mapping."""
    return dict(node.lines) if isinstance(node, Mapping) else {}


def read_who(node: Node | None, what: str, reader: Reader) -> Who:
    """Read ``who``."""
    if node is None:
        return Who()
    parts = reader.mapping(
        node, f"{what}: `who`", required=("groups", "located"), optional=("claims", "networks")
    )
    groups = reader.texts(parts["groups"], f"{what}: `groups`") if "groups" in parts else None
    located = reader.region(parts["located"], f"{what}: `located`") if "located" in parts else None
    return Who(
        groups=groups or (),
        claims=_claims(parts.get("claims"), what, reader),
        located=located or Region(),
        networks=_networks(parts.get("networks"), what, reader),
    )


def _claims(node: Node | None, what: str, reader: Reader) -> tuple[Claim, ...]:
    if node is None:
        return ()
    found = []
    lines = lines_of(node)
    for name, entry in reader.entries(node, f"{what}: `claims`").items():
        line = lines.get(name, node.line)
        if name in _KEYS_OF_THEIR_OWN:
            reader.faults.add(
                f"{what}: the claim {name!r} has a key of its own; "
                f"use `{_KEYS_OF_THEIR_OWN[name]}:`.",
                line,
            )
        elif name in _TAKEN:
            reader.faults.add(f"{what}: every token's {name!r} is checked already.", line)
        values = reader.texts(entry, f"{what}: `claims.{name}`") or ()
        if max(map(len, (name, *values))) > _MAX_TEXT:
            reader.faults.add(
                f"{what}: a claim and its values have {_MAX_TEXT} characters at most.", line
            )
        found.append(Claim(name=name, values=values, line=line))
    return tuple(found)


def _networks(node: Node | None, what: str, reader: Reader) -> tuple[Range, ...]:
    found: list[Range] = []
    for item in reader.items(node, f"{what}: `networks`") if node is not None else ():
        text = reader.text(item, f"{what}: `networks`")
        if text is None:
            continue
        addresses = read_range(text)
        if isinstance(addresses, str):
            reader.faults.add(f"{what}: {text!r} is no address range; {addresses}.", item.line)
            continue
        if addresses in found:
            reader.faults.add(f"{what}: `networks` names {text!r} twice.", item.line)
        found.append(addresses)
    return tuple(found)


def read_hours(node: Node | None, what: str, reader: Reader) -> tuple[Window, ...]:
    """Read ``hours``: one window or a list of them."""
    if node is None:
        return ()
    found: list[Window] = []
    for item in reader.items(node, f"{what}: `hours`"):
        text = reader.text(item, f"{what}: `hours`")
        if text is None:
            continue
        window = _window(text, item.line, f"{what}: `hours`", reader)
        if window in found:
            reader.faults.add(f"{what}: `hours` says {text!r} twice.", item.line)
        if window is not None:
            found.append(window)
    return tuple(found)


def _window(text: str, line: int, what: str, reader: Reader) -> Window | None:
    match = _WINDOW.match(text)
    days = _days(match["days"]) if match is not None else None
    if match is None or days is None:
        reader.faults.add(f"{what} {_FORM}; days are {', '.join(_DAYS)} or `daily`.", line)
        return None
    begins, ends = _minutes(match["begins"], last="23:59"), _minutes(match["ends"], last="24:00")
    if begins is None or ends is None:
        reader.faults.add(f"{what} {_FORM}; a day's last minute is 24:00.", line)
        return None
    if begins == ends:
        reader.faults.add(f"{what} opens for no time; a whole day is `00:00-24:00`.", line)
        return None
    if match["zone"] not in names():
        reader.faults.add(
            f"{what}: there is no time zone {match['zone']!r}{nearest(match['zone'], names())}",
            line,
        )
        return None
    return Window(days=days, begins=begins, ends=ends, zone=match["zone"], text=text, line=line)


def _days(text: str) -> frozenset[int] | None:
    """Read days: ``Mon``, ``Mon-Fri`` (``Sat-Mon`` too), several with commas, or ``daily``."""
    if text == "daily":
        return frozenset(range(len(_DAYS)))
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if first not in _DAYS or (dash and last not in _DAYS):
            return None
        begin = _DAYS.index(first)
        count = (_DAYS.index(last) - begin) % len(_DAYS) if dash else 0
        found |= {(begin + step) % len(_DAYS) for step in range(count + 1)}
    return frozenset(found)


def _minutes(text: str, *, last: str) -> int | None:
    hours, minutes = text.split(":")
    if text > last or minutes > "59":
        return None
    return int(hours) * 60 + int(minutes)


def read_lines(*nodes: Node | None) -> dict[str, int]:
    """Tell the line of each key of several mappings."""
    return {key: line for node in nodes for key, line in lines_of(node).items()}
