"""Whose row a pseudonym names, for somebody inside who may know: on record before it is told.

Either epoch that stands is accepted. The record holds who asked and why, and a keyed digest of
the pseudonym; the key of the row stands in it nowhere.
"""

from dataclasses import dataclass
from uuid import UUID

from psycopg import sql

from klover.catalog import TableName
from klover.door.condition import identifier
from klover.door.doors import Doors, Stored
from klover.door.naming import KEYS
from klover.door.shown import is_own_key
from klover.door.stored import pseudonym
from klover.errors import InputError
from klover.event import PseudonymRevealed, Recorder
from klover.policy.resolved import Resolved
from klover.store.connect import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, by whom, and why."""

    audience: str
    table: TableName
    pseudonym: UUID
    principal: str
    """Who asks, as the operating system and the store know them."""
    reason: str
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Revealed:
    """The row: the columns of its key with their values as text, and the pseudonym's epoch."""

    key: tuple[tuple[str, str], ...]
    epoch: int


def reveal(
    connection: Connection,
    resolved: Resolved,
    doors: Doors,
    question: Question,
    recorder: Recorder,
    time: str,
) -> Revealed | None:
    """Tell whose row it is, None where nobody's; both go on record first.

    Raises InputError where the audience is shown no pseudonyms of the table's rows.
    """
    columns = [
        each
        for keeper in doors.keepers
        if keeper.table == question.table
        for each in keeper.stored
        if each.audience == question.audience
        and is_own_key(resolved.tables[each.table], each.names[0])
    ]
    if not columns:
        raise InputError(
            f"The audience {question.audience} is shown no pseudonyms of rows of {question.table}."
        )
    found = next(
        (row for each in columns if (row := _look_up(connection, each, question)) is not None),
        None,
    )
    recorder.append(
        PseudonymRevealed(
            time=time,
            principal=question.principal,
            audience=question.audience,
            table=str(question.table),
            pseudonym=_digest(connection, question),
            found=found is not None,
            epoch=found.epoch if found is not None else None,
            reason=question.reason,
            reference=question.reference,
        )
    )
    recorder.flush()
    return found


def _look_up(connection: Connection, each: Stored, question: Question) -> Revealed | None:
    keys = each.names[0].columns
    query = sql.SQL("select {keys} from {table} where {name} = {pseudonym}::uuid").format(
        keys=sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(key)) for key in keys),
        table=identifier(each.table),
        name=sql.Identifier(each.name),
        pseudonym=sql.Literal(str(question.pseudonym)),
    )
    row = connection.execute(query).fetchone()
    if row is None:
        return None
    return Revealed(key=tuple(zip(keys, map(str, row), strict=True)), epoch=each.epoch)


def _digest(connection: Connection, question: Question) -> str:
    """Digest the pseudonym under the audience's current key: equal asks can be told, no more."""
    message = sql.SQL("convert_to({}, 'UTF8')").format(
        sql.Literal(f"revealed {question.pseudonym}")
    )
    query = sql.SQL(
        "select {digest}::text from {keys} k where k.audience = {audience} and k.state = 'current'"
    ).format(
        digest=pseudonym("k.ipad", "k.opad", question.table, message),
        keys=identifier(KEYS),
        audience=sql.Literal(question.audience),
    )
    row = connection.execute(query).fetchone()
    return str(row[0]) if row is not None else ""
