"""What one session puts on record: its statements, its refusals, its end.

Times, randomness and the recorder are arguments. An intent says all that a statement could show;
its completion says what came of it. Nothing here waits: ``release`` makes records durable.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from klover.event import Completion, Denial, Event, Intent, SessionClosed
from klover.gateway.door import DoorCatalog
from klover.gateway.reading import Reading

Append = Callable[[Event], int]
Clock = Callable[[], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """What every record of a session repeats: who, where, by which policy, at which door."""

    session: str
    principal: str | None
    audience: str
    door: str
    countries: tuple[str, ...]
    evidence: tuple[str, ...]
    policy: str
    countries_edition: str


@dataclass(slots=True, kw_only=True)
class Opened:
    """A statement whose intent is on record and whose completion is not yet."""

    number: int
    reading: Reading
    views: frozenset[str]
    began: int
    columns: tuple[str, ...] | None = None
    rows: int = 0
    bytes: int = 0
    done: bool = False
    undo: list[Callable[[], None]] = field(default_factory=list)
    """Takes back what the statement does to names, should it fail."""


@dataclass(slots=True, kw_only=True)
class SessionRecord:
    """The record of one session. ``position`` is the last one that answers must wait for."""

    who: Who
    catalog: DoorCatalog
    append: Append
    """Orders an event and has it made durable soon."""
    append_later: Append
    """Orders an event that nothing waits for."""
    clock: Clock
    nanoseconds: Callable[[], int] = time.monotonic_ns
    position: int = -1
    statements: int = 0
    refused: int = 0
    rows: int = 0
    bytes: int = 0

    def intent(self, reading: Reading, views: frozenset[str]) -> Opened:
        """Put on record that a statement is about to be answered; ``views`` is its bound."""
        opened = Opened(
            number=self.statements, reading=reading, views=views, began=self.nanoseconds()
        )
        self.statements += 1
        self.position = self.append(
            Intent(
                time=self.clock(),
                session=self.who.session,
                statement=opened.number,
                door=self.who.door,
                text=reading.text,
                statement_salt=reading.salt,
                statement_digest=reading.digest,
                columns=self.catalog.columns(views),
            )
        )
        return opened

    def complete(self, opened: Opened, outcome: str, sqlstate: str | None = None) -> None:
        """Put on record how a statement ended, once. Nothing waits for it."""
        if opened.done:
            return
        opened.done = True
        columns = opened.columns
        self.rows += opened.rows
        self.bytes += opened.bytes
        self.append_later(
            Completion(
                time=self.clock(),
                session=self.who.session,
                statement=opened.number,
                outcome=outcome,
                sqlstate=sqlstate,
                columns=columns if columns is not None else self.catalog.columns(opened.views),
                rows=opened.rows,
                bytes=opened.bytes,
                microseconds=(self.nanoseconds() - opened.began) // 1000,
            )
        )

    def refuse(self, reason: str) -> None:
        """Put on record that a statement was not let through; its answer waits for this."""
        self.refused += 1
        self.position = self.append(denial(self.who, reason, self.clock()))

    def closed(self, reason: str) -> None:
        """Put on record that the session has ended."""
        self.append(
            SessionClosed(
                time=self.clock(),
                session=self.who.session,
                reason=reason,
                statements=self.statements,
                refused=self.refused,
                rows=self.rows,
                bytes=self.bytes,
            )
        )


def denial(who: Who, reason: str, now: str) -> Denial:
    """Make the record of a refusal."""
    return Denial(
        time=now,
        session=who.session,
        principal=who.principal,
        audience=who.audience,
        countries=who.countries,
        evidence=who.evidence,
        reason=reason,
        policy=who.policy,
        countries_edition=who.countries_edition,
    )
