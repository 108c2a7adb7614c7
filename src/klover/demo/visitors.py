"""The people who sit down at the gateway: real clients over TLS, their places simulated.

Each runs the same statements through the product's own gateway with an ordinary driver, and keeps
what came back, refusals included. Nothing here knows what anyone ought to see.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from klover.demo.statements import Statement

_ROWS_KEPT = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody with a token; ``office`` is simulated, by the address the gateway is told."""

    name: str
    office: str
    country: str
    groups: tuple[str, ...]
    audience: str
    purpose: str | None = None
    reference: str | None = None


VISITORS = (
    Visitor(
        name="aoife",
        office="Dublin",
        country="IE",
        groups=("trust-safety",),
        audience="trust-and-safety",
        purpose="abuse",
        reference="CASE-1207",
    ),
    Visitor(
        name="wei-ling",
        office="Singapore",
        country="SG",
        groups=("engineering",),
        audience="engineering-abroad",
    ),
    Visitor(
        name="jun",
        office="Beijing",
        country="CN",
        groups=("engineering",),
        audience="engineering-china",
    ),
)
INTRUDER = Visitor(
    name="jun",
    office="Beijing",
    country="CN",
    groups=("engineering", "trust-safety"),
    audience="trust-and-safety",
    purpose="abuse",
    reference="CASE-1207",
)
"""The same engineer in Beijing, who also has the group: only where he is stands in his way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back for one statement: rows, or a refusal with its SQLSTATE and sentence."""

    title: str
    count: int = 0
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    sqlstate: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A whole session, or the sentence that ended it at the door."""

    visitor: Visitor
    denied: str | None = None
    answers: tuple[Answer, ...] = ()
    seconds: float = 0.0

    @property
    def refused(self) -> int:
        """Count the statements that were refused, and a denial at the door as one."""
        return sum(answer.sqlstate is not None for answer in self.answers) + (
            self.denied is not None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the gateway listens for an office, and the certificate to trust."""

    port: int
    root_certificate: Path
    database: str = field(default="app")


def visit(visitor: Visitor, address: Address, token: str, statements: Sequence[Statement]) -> Visit:
    """Connect as ``visitor``, run ``statements`` in order, and keep what came back."""
    started = time.monotonic()
    options = ""
    if visitor.purpose is not None:
        options = f"-c klover.purpose={visitor.purpose} -c klover.reference={visitor.reference}"
    try:
        connection = psycopg.connect(
            host="127.0.0.1",
            port=address.port,
            dbname=address.database,
            user=visitor.audience,
            password=token,
            options=options,
            sslmode="verify-full",
            sslrootcert=str(address.root_certificate),
            autocommit=True,
            connect_timeout=20,
        )
    except psycopg.OperationalError as error:
        return Visit(visitor=visitor, denied=_sentence(error), seconds=time.monotonic() - started)
    with connection:
        answers = tuple(_ask(connection, statement) for statement in statements)
    return Visit(visitor=visitor, answers=answers, seconds=time.monotonic() - started)


def _ask(connection: psycopg.Connection[tuple[object, ...]], statement: Statement) -> Answer:
    # The statements are constants of the package; psycopg asks for literals.
    text = sql.SQL(statement.sql)
    try:
        with connection.cursor() as cursor:
            if statement.copy:
                with cursor.copy(text) as copy:
                    lines = [bytes(block).decode() for block in copy]
                kept = tuple((line.rstrip("\n"),) for line in lines[:_ROWS_KEPT])
                return Answer(title=statement.title, count=len(lines), columns=("copy",), rows=kept)
            cursor.execute(text)
            columns = tuple(column.name for column in cursor.description or ())
            found = cursor.fetchall() if columns else []
    except psycopg.Error as error:
        return Answer(
            title=statement.title, sqlstate=error.sqlstate or "08006", message=_sentence(error)
        )
    rows = tuple(tuple(_text(value) for value in row) for row in found[:_ROWS_KEPT])
    return Answer(title=statement.title, count=len(found), columns=columns, rows=rows)


def _text(value: object) -> str:
    return "∅" if value is None else str(value)


def _sentence(error: psycopg.Error) -> str:
    """Tell the server's own sentence, without the driver's preamble and the statement's text."""
    if error.diag.message_primary:
        return error.diag.message_primary
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    last = next((line for line in lines if "FATAL:" in line), lines[0] if lines else "no answer")
    return last.split("FATAL:")[-1].strip()
