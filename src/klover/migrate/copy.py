"""Loads the enclave from one snapshot, in one transaction of the enclave: all of it or nothing.

Inside rows in full, guests under their projection, shared tables whole. Frames go from server to
server as they are. Triggers and foreign keys are off while loading (``session_replication_role``):
the rows are the source's own, and ``compare`` checks every reference afterwards. A copy that an
earlier try of the same migration left is replaced, as long as nobody has written to it; anything
else that is there is refused.
"""

from collections.abc import Callable

from psycopg import sql

from klover.errors import InputError
from klover.migrate.cohort import COHORT
from klover.migrate.compare import compare_shared
from klover.migrate.frames import blocks, load
from klover.migrate.pieces import equal, key_text, listed, relation, temporary
from klover.migrate.shape import Shape
from klover.migrate.snapshot import Snapshot, Tick
from klover.migrate.trial import projected, whole
from klover.store.connect import Connection
from klover.store.sql import statements

At = Callable[[str], None]


def copy(
    snapshot: Snapshot,
    enclave: Connection,
    *,
    source: str,
    cell: str,
    replace: str | None,
    tick: Tick,
    at: At,
) -> tuple[int, str]:
    """Load everything in the enclave's transaction at hand; tell the rows written in full, and it.

    ``replace`` is what an earlier copy told of its transaction; None where there was none.
    """
    queries = statements("klover.migrate", "copy.sql")
    enclave.execute(queries["replica"])
    who = {"source": source, "cell": cell}
    enclave.execute(queries["clear_subjects"], who)
    enclave.execute(queries["clear_homes"], who)
    enclave.execute(queries["clear_evidence"], who)
    enclave.execute(queries["clear_guests"], who)
    rows = 0
    total = len(snapshot.shapes)
    for number, shape in enumerate(snapshot.shapes.values()):
        tick(number, total)
        at(f"copy:{shape.name}")
        if shape.shared:
            _share(snapshot, enclave, shape, replace=replace)
            continue
        _empty(enclave, shape, replace=replace)
        rows += _rows(snapshot, enclave, shape, "member")
        _rows(snapshot, enclave, shape, "guest")
        _note_guests(snapshot, enclave, shape, who)
        if shape.name == snapshot.resolved.policy.subjects.table:
            _note_subjects(snapshot, enclave, shape, who)
    tables = [relation(shape.name) for shape in snapshot.shapes.values()]
    tables.append(sql.Identifier("klover", "migration_guest"))
    enclave.execute(queries["analyze"].format(tables=listed(tables)))
    tick(total, total)
    (made,) = enclave.execute(queries["this_transaction"]).fetchone() or ("",)
    return rows, made


def holds_rows(enclave: Connection, shape: Shape) -> bool:
    """Tell whether the enclave's table holds anything."""
    query = statements("klover.migrate", "copy.sql")["any_row"].format(table=shape.rows())
    return enclave.execute(query).fetchone() == (True,)


def refuse_other_data(enclave: Connection, shape: Shape) -> None:
    """Raise InputError when a table that has to be empty is not."""
    if holds_rows(enclave, shape):
        raise InputError(
            f"The enclave already holds other data: its table {shape.name} is not empty. "
            "Nothing was changed; give an enclave of its own, or empty that table."
        )


def _empty(enclave: Connection, shape: Shape, *, replace: str | None) -> None:
    if replace is None:
        refuse_other_data(enclave, shape)
        return
    if _others_wrote(enclave, shape, replace):
        raise InputError(
            f"The enclave's table {shape.name} holds rows that this migration did not write so; "
            "copying again would lose them. Nothing was changed; take them out of that table "
            "first, and let nobody write inside before the migration has ended."
        )
    query = statements("klover.migrate", "copy.sql")["clear"]
    enclave.execute(query.format(table=shape.rows()))


def _others_wrote(enclave: Connection, shape: Shape, copied: str) -> bool:
    query = statements("klover.migrate", "copy.sql")["others_wrote"]
    found = query.format(table=shape.rows(), copied=sql.Literal(copied))
    return enclave.execute(found).fetchone() == (True,)


def _share(snapshot: Snapshot, enclave: Connection, shape: Shape, *, replace: str | None) -> None:
    """Copy a shared table whole; one that holds rows already has to be equal."""
    if replace is not None and not _others_wrote(enclave, shape, replace):
        _empty(enclave, shape, replace=replace)
    if not holds_rows(enclave, shape):
        _stream(snapshot, enclave, shape, whole(shape), sql.SQL(""))
    elif not compare_shared(snapshot, enclave, shape).equal:
        raise InputError(
            f"The shared table {shape.name} is not the same in the enclave as at the source; "
            "make them equal, or empty the enclave's."
        )


def _rows(snapshot: Snapshot, enclave: Connection, shape: Shape, kind: str) -> int:
    values = whole(shape) if kind == "member" else projected(shape, shape.guest)
    condition = sql.SQL(" and g.klover_state > 0" if kind == "member" else "")
    join = sql.SQL("join {} as g on {}{}").format(
        temporary(kind, shape.index), equal("t", shape.key, "g", shape.key), condition
    )
    return _stream(snapshot, enclave, shape, values, join)


def _stream(
    snapshot: Snapshot,
    enclave: Connection,
    shape: Shape,
    values: sql.Composed,
    join: sql.Composable,
) -> int:
    queries = statements("klover.migrate", "copy.sql")
    form = sql.SQL("binary" if shape.binary() else "text")
    table = relation(shape.name)
    out = queries["out"].format(values=values, table=shape.rows(), join=join, format=form)
    names = listed(sql.Identifier(column.name) for column in shape.stored())
    into = queries["into"].format(table=table, names=names, format=form)
    return load(enclave, into, blocks(snapshot.connection, out))


def _note_guests(
    snapshot: Snapshot, enclave: Connection, shape: Shape, who: dict[str, str]
) -> None:
    queries = statements("klover.migrate", "copy.sql")
    out = queries["keys_out"].format(
        constants=listed(map(sql.Literal, (who["source"], who["cell"], str(shape.name)))),
        key=key_text("t", shape.key),
        marked=temporary("guest", shape.index),
    )
    load(enclave, queries["guests_into"].format(), blocks(snapshot.connection, out))


def _note_subjects(
    snapshot: Snapshot, enclave: Connection, shape: Shape, who: dict[str, str]
) -> None:
    """Note who comes home and what decided it, in the transaction that brings their rows."""
    queries = statements("klover.migrate", "copy.sql")
    for number, evidence in enumerate(snapshot.resolved.home):
        told = {
            "evidence": number,
            "kind": evidence.kind.value,
            "path": evidence.path,
            "edition": snapshot.homes.countries_edition,
            "addresses": snapshot.homes.addresses,
        }
        enclave.execute(queries["evidence_put"], {**who, **told})
    for kind in ("subjects", "homes"):
        out = queries[f"{kind}_out"].format(
            constants=listed(map(sql.Literal, (who["source"], who["cell"]))),
            key=key_text("t", shape.key),
            cohort=COHORT,
        )
        load(enclave, queries[f"{kind}_into"].format(), blocks(snapshot.connection, out))
