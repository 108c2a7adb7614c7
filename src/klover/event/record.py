"""The events themselves: one frozen value per fact, each with a ``kind`` and a flat payload.

Times are UTC, ISO 8601 with microseconds, given by the caller. Digests are lower-case hex.
Subjects never appear in clear: only as keyed digests.
"""

from dataclasses import dataclass, fields
from typing import ClassVar

Payload = dict[str, "str | int | bool | list[str] | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact to be recorded at ``time``."""

    kind: ClassVar[str] = ""
    time: str

    def payload(self) -> Payload:
        """Tell the event as a flat JSON object, ``kind`` first; tuples become lists."""
        body: Payload = {"kind": self.kind}
        for field in fields(self):
            value = getattr(self, field.name)
            body[field.name] = list(value) if isinstance(value, tuple) else value
        return body


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyProposed(Event):
    """A policy was handed in. ``digest`` and ``replaces`` are SHA-256 of files' bytes.

    ``signers`` are the names that the policy in effect gives them; ``need`` of them were asked
    for. ``number`` and ``link`` tell the entry of the policy's history, and all before it.
    """

    kind: ClassVar[str] = "policy-proposed"
    enclave: str
    digest: str
    replaces: str
    meaning: str
    """``first``, ``same``, ``tightens`` or ``loosens``."""
    differences: str
    signers: tuple[str, ...]
    need: int
    effective_at: str
    number: int
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyObjected(Event):
    """The overseer objected to entry ``proposal`` before it took effect."""

    kind: ClassVar[str] = "policy-objected"
    enclave: str
    digest: str
    proposal: int
    number: int
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyAdopted(Event):
    """A policy took effect, or a process began to work by it.

    ``digest`` is SHA-256 of the file's bytes. ``number`` and ``link`` tell the entry of the
    policy's history that brought it; 0 and empty where nobody signs. ``countries_edition`` names
    the country data, here and in every record of a decision: ``2026-11``, or
    ``2026-11+sha256:…`` with the digest of the policy's own file.
    """

    kind: ClassVar[str] = "policy-adopted"
    enclave: str
    digest: str
    countries_edition: str
    number: int = 0
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountsBegun(Event):
    """Days that had been counted in another folder are counted from nothing here.

    ``doors`` are audience names.
    """

    kind: ClassVar[str] = "counts-begun"
    doors: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorsApplied(Event):
    """The doors of a database were made to match a policy.

    ``doors`` are audience names, ``digest`` is SHA-256 of the compiled doors.
    """

    kind: ClassVar[str] = "doors-applied"
    database: str
    policy: str
    doors: tuple[str, ...]
    digest: str
    statements: int
    version: int
    countries_edition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorsSuspended(Event):
    """Doors were closed for a while: their views are gone, and nobody is let in."""

    kind: ClassVar[str] = "doors-suspended"
    database: str
    doors: tuple[str, ...]
    """Their schemas: a policy need not fit while doors are closed."""
    statements: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorsDropped(Event):
    """Everything that doors consist of was taken out of a database."""

    kind: ClassVar[str] = "doors-dropped"
    database: str
    doors: tuple[str, ...]
    """Their schemas."""
    statements: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PseudonymsRotated(Event):
    """An audience is shown the pseudonyms of ``epoch``; ``previous`` is still answered for."""

    kind: ClassVar[str] = "pseudonyms-rotated"
    database: str
    audience: str
    epoch: int
    previous: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PseudonymRevealed(Event):
    """Somebody inside asked whose row a pseudonym names.

    ``pseudonym`` is a keyed digest of it; the row's key is not on record.
    """

    kind: ClassVar[str] = "pseudonym-revealed"
    principal: str
    audience: str
    table: str
    pseudonym: str
    found: bool
    epoch: int | None
    reason: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened(Event):
    """A principal was let in. ``evidence`` tells where from and how that is known."""

    kind: ClassVar[str] = "session-opened"
    session: str
    principal: str
    issuer: str
    audience: str
    door: str
    backend_role: str
    door_version: int
    """The doors' version as it stood on the door; 0 where none did."""
    countries: tuple[str, ...]
    evidence: tuple[str, ...]
    purpose: str | None
    reference: str | None
    policy: str
    countries_edition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial(Event):
    """A principal or a statement was refused; ``reason`` names the rule."""

    kind: ClassVar[str] = "denial"
    session: str
    principal: str | None
    audience: str
    countries: tuple[str, ...]
    evidence: tuple[str, ...]
    reason: str
    policy: str
    countries_edition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent(Event):
    """A statement is about to be answered; durable before anything that answers it is released.

    ``text`` has literals, comments, aliases and names that are not in the catalog taken out.
    ``statement_digest`` is SHA-256 (hex) of ``statement_salt`` (hex of the bytes that come first)
    and the original text; the salt goes when the payload is erased. Originals are not kept yet.
    ``columns`` is a sound upper bound, as ``table.column``.
    """

    kind: ClassVar[str] = "intent"
    session: str
    statement: int
    door: str
    text: str
    statement_salt: str = ""
    statement_digest: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion(Event):
    """How a statement ended. ``outcome`` is the command tag's word, or ``error`` with a SQLSTATE.

    It is ``unfinished`` where the session ended first; ``rows`` are those passed on by then.
    ``columns`` narrows the intent's bound to what was described, where Postgres told.
    """

    kind: ClassVar[str] = "completion"
    session: str
    statement: int
    outcome: str
    sqlstate: str | None
    columns: tuple[str, ...]
    rows: int
    bytes: int
    microseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancellation(Event):
    """A client asked, with the right key, to cancel what ``session`` was doing."""

    kind: ClassVar[str] = "cancellation"
    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionClosed(Event):
    """A session ended; ``statements`` and ``refused`` count what it did."""

    kind: ClassVar[str] = "session-closed"
    session: str
    reason: str
    statements: int
    refused: int
    rows: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationStep(Event):
    """A step of a migration, keyed by (source, cell, run, step) so that a repeat is told apart."""

    kind: ClassVar[str] = "migration-step"
    run: str
    source: str
    cell: str
    step: str
    state: str
    """``begun`` or ``done``."""
    subjects: int
    rows: int
    digest: str
    countries_edition: str
    addresses: str | None
    """The table of network addresses that homes were read with, and the day it was built."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(Event):
    """Something a check found: ``subject`` names the check, ``detail`` the object, no values."""

    kind: ClassVar[str] = "finding"
    check: str
    verdict: str
    detail: str
