"""Time zones as data: the IANA database of the package ``tzdata``, never the machine's own.

Like the country data it is versioned and comes with the program, so the same policy decides the
same on every machine, and whoever decides again needs the same edition. No name is a path: only
names of the package's list are opened. https://www.iana.org/time-zones
"""

from datetime import tzinfo
from functools import cache
from importlib import import_module
from importlib.resources import files
from zoneinfo import ZoneInfo


@cache
def edition() -> str:
    """Tell the edition of the data, such as ``2026b``."""
    return str(import_module("tzdata").IANA_VERSION)


@cache
def names() -> frozenset[str]:
    """List every zone's name."""
    listed = files("tzdata").joinpath("zones").read_text(encoding="ascii")
    return frozenset(listed.split())


@cache
def zone(name: str) -> tzinfo | None:
    """Find a zone by its exact name; None where there is none."""
    if name not in names():
        return None
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)
