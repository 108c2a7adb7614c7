"""The part ``countries`` of a policy: a file that adds to the country data or corrects it.

The policy pins the file by its SHA-256, so whoever signs or records the policy's digest has the
file's too. What the file says of a country in a group replaces all that the built-in data says of
it there. It is read as strictly as the policy; its faults name its own lines.
"""

import hashlib
import re
from collections.abc import Mapping as Map
from datetime import date

from klover.errors import PolicyError
from klover.policy import country
from klover.policy.countries import BUILT_IN, Countries, Membership
from klover.policy.document import Mapping, Node, load
from klover.policy.faults import Faults
from klover.policy.reading import Reader

VERSION = 1
FILE_KEYS = ("klover-countries", "memberships")
ROW_KEYS = ("group", "country", "since", "until", "condition", "source")
PIN_KEYS = ("file", "sha256")
_REQUIRED = ("group", "country", "since", "source")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_GROUP = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,39}\Z")
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_NAMED = re.compile(r"\bcountries[\"']?\s*:")
_WORDS = ("any", "none", "not", "unknown")


def named_file(text: str, file: str) -> str | None:
    """Tell the file of countries that a policy names, for whoever reads files; None for none.

    Raises PolicyError where the policy is no mapping at all, and for a file elsewhere; ``parse``
    tells all other faults.
    """
    if _NAMED.search(text) is None:  # most policies: they need not be read twice
        return None
    node = load(text, file).entries.get("countries")
    reader = Reader(Faults(file))
    if not isinstance(node, Mapping) or "file" not in node.entries:
        return None
    named = reader.text(node.entries["file"], "`countries.file`")
    if named is not None and not _is_beside(named):
        raise PolicyError(
            "`countries.file` has to lie beside the policy or in a folder below, written with "
            "slashes: no other folder is read or written.",
            file=file,
            line=node.lines["file"],
        )
    return named


def _is_beside(name: str) -> bool:
    return not (name.startswith("/") or ".." in name.split("/") or {"\\", ":"} & set(name))


def read_countries(node: Node | None, reader: Reader, text: str | None) -> Countries:
    """Read the pin, and the file's ``text`` if it fits; the built-in data stands in for a fault.

    Raises PolicyError or PolicyErrors for what is wrong within the file.
    """
    if node is None:
        return BUILT_IN
    parts = reader.mapping(node, "`countries`", required=PIN_KEYS)
    file = reader.text(parts["file"], "`countries.file`") if "file" in parts else None
    digest = reader.text(parts["sha256"], "`countries.sha256`") if "sha256" in parts else None
    if file is None or digest is None:
        return BUILT_IN
    if not _DIGEST.match(digest):
        reader.faults.add(
            "`countries.sha256` has to be 64 digits 0-9 and a-f: what `sha256sum` tells.",
            parts["sha256"].line,
        )
        return BUILT_IN
    if text is None:
        reader.faults.add(f"`countries` names the file {file}, which was not read.", node.line)
        return BUILT_IN
    if hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest() != digest:
        reader.faults.add(
            f"The file {file} has another SHA-256 than `countries.sha256`: look at what changed in "
            "it, then write its digest here.",
            parts["sha256"].line,
        )
        return BUILT_IN
    own = read_memberships(text, file)
    return merged(own, digest)


def merged(own: tuple[Membership, ...], digest: str) -> Countries:
    """Put a file's memberships in place of the built-in ones for the same group and country."""
    replaced = {(row.group, row.country) for row in own}
    kept = [row for row in BUILT_IN.memberships if (row.group, row.country) not in replaced]
    return Countries(
        edition=f"{BUILT_IN.edition}+sha256:{digest}",
        since=BUILT_IN.since,
        memberships=(*kept, *own),
    )


def read_memberships(text: str, file: str) -> tuple[Membership, ...]:
    """Read the file's memberships. Raises PolicyError or PolicyErrors, each with its line."""
    root = load(text, file, what="A file of countries", begins="klover-countries: 1")
    faults = Faults(file)
    reader = Reader(faults)
    parts = reader.mapping(root, "The file of countries", required=FILE_KEYS)
    if FILE_KEYS[0] in parts:
        reader.integer(parts[FILE_KEYS[0]], "`klover-countries` (the version)", low=1, high=VERSION)
    found: list[Membership] = []
    if "memberships" in parts:
        for node in reader.items(parts["memberships"], "`memberships`"):
            row = _membership(node, reader)
            if row is not None:
                _refuse_overlap(row, found, faults, node.line)
                found.append(row)
    faults.settle()
    return tuple(found)


def _membership(node: Node, reader: Reader) -> Membership | None:
    what = "A membership"
    parts = reader.mapping(node, what, required=_REQUIRED, optional=("until", "condition"))
    texts = {
        key: reader.text(part, f"{what}: `{key}`")
        for key, part in parts.items()
        if key not in {"since", "until", "country"}
    }
    group = _group(texts.get("group"), parts, reader)
    code = reader.country(parts["country"], f"{what}: `country`") if "country" in parts else None
    since = _day(parts.get("since"), f"{what}: `since`", reader)
    until = _day(parts.get("until"), f"{what}: `until`", reader)
    source = texts.get("source")
    if since is not None and until is not None and until < since:
        reader.faults.add(f"{what} ends before it begins.", parts["until"].line)
    if group is None or code is None or since is None or source is None:
        return None
    return Membership(
        group=group,
        country=code,
        since=since,
        until=until,
        condition=texts.get("condition"),
        source=source,
    )


def _group(text: str | None, parts: Map[str, Node], reader: Reader) -> str | None:
    if text is None:
        return None
    if not _GROUP.match(text) or text in _WORDS or country.resolve(text) is not None:
        reader.faults.add(
            f"{text!r} cannot be a group's name: it takes letters, digits and -, and must mean no "
            "country.",
            parts["group"].line,
        )
        return None
    return text


def _day(node: Node | None, what: str, reader: Reader) -> date | None:
    text = reader.text(node, what) if node is not None else None
    if node is None or text is None:
        return None
    try:
        if _DAY.match(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    reader.faults.add(f"{what} has to be a day such as 2027-01-31.", node.line)
    return None


def _refuse_overlap(row: Membership, known: list[Membership], faults: Faults, line: int) -> None:
    end = row.until or date.max
    for other in known:
        same = (other.group, other.country) == (row.group, row.country)
        if same and row.since <= (other.until or date.max) and other.since <= end:
            faults.add(
                f"{country.name(row.country)} is in {row.group} twice at the same time; let one "
                "membership end before the next begins.",
                line,
            )
