"""What the record needs to know of a statement, read from its text and the door's catalog.

The bound is sound: every view whose name stands anywhere in the text, in any quoting or case, and
every view of the door where the text could reach one without naming it.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from klover.gateway.allowance import refuse
from klover.gateway.door import DoorCatalog
from klover.wire.lexer import UnlexableError
from klover.wire.redact import redact
from klover.wire.statement import Statement, split

Salt = Callable[[], bytes]

_BY_TEXT = ("_to_xml", "_to_xmlschema", "_to_xml_and_xmlschema")
_BY_NAME = frozenset({"ts_stat", "ts_rewrite", "dblink", "dblink_open", "crosstab", "connectby"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One statement, as it goes on record. ``refusal`` tells why it is not let through.

    ``kind`` and ``name`` are those of ``wire.statement``; ``inner`` is what PREPARE and DECLARE
    keep under a name. ``views`` bounds what the statement itself names.
    """

    kind: str
    text: str
    salt: str
    digest: str
    views: frozenset[str]
    name: bytes | None = None
    inner: "Reading | None" = None
    runs: bool = False
    """True where it runs or explains a prepared statement or cursor by ``name``."""
    held: bool = False
    """True for DECLARE … WITH HOLD."""
    refusal: str | None = None


def read_all(sql: bytes, door: DoorCatalog, salt: Salt) -> tuple[Reading, ...]:
    """Read every statement of a client's text. Raises UnlexableError where it is none."""
    try:
        statements = split(sql.decode())
    except UnicodeDecodeError:
        raise UnlexableError("It is not UTF-8.") from None
    return tuple(read(statement, door, salt) for statement in statements)


def read(statement: Statement, door: DoorCatalog, salt: Salt) -> Reading:
    """Read one statement. ``salt`` makes the salt of its digest."""
    grain = salt()
    inner = statement.inner
    kept = statement.kind in {"PREPARE", "DECLARE"} and inner is not None
    runs = _runs(statement)
    return Reading(
        kind=statement.kind,
        text=redact(statement.tokens, door.known),
        salt=grain.hex(),
        digest=hashlib.sha256(grain + statement.original.encode()).hexdigest(),
        views=_views(statement, door),
        name=runs.name.encode() if runs.name is not None else None,
        inner=read(inner, door, salt) if kept and inner is not None else None,
        runs=runs.kind in {"EXECUTE", "FETCH", "MOVE"},
        held=any(token.value == "hold" for token in statement.tokens),
        refusal=refuse(statement, conceals_rows=door.conceals_rows),
    )


def unclear(door: DoorCatalog) -> Reading:
    """Read a statement nobody remembers: it may show everything that the door shows."""
    return Reading(kind="", text="_", salt="", digest="", views=door.everything)


def nothing() -> Reading:
    """Read an empty statement, which shows nothing."""
    return Reading(kind="", text="", salt="", digest="", views=frozenset())


def _runs(statement: Statement) -> Statement:
    """Look through EXPLAIN, which may be of EXECUTE or DECLARE."""
    inner = statement.inner
    return inner if statement.kind == "EXPLAIN" and inner is not None else statement


def _views(statement: Statement, door: DoorCatalog) -> frozenset[str]:
    identifiers = statement.identifiers()
    if identifiers & _BY_NAME or any(name.endswith(_BY_TEXT) for name in identifiers):
        return door.everything
    return door.named(identifiers)
