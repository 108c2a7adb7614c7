"""What doors are built on, noted when they are applied, and how it has changed since.

Relations and columns are told apart by the numbers that Postgres gives them for life, so that a
renaming is not taken for a loss and a gain. ``compare`` is pure; ``note`` and ``read`` ask the
catalog. What a change means for the doors is said in ``drift``.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from klover.catalog import TableName
from klover.door.ledger import query, rows, stands
from klover.errors import StoreError
from klover.store.connect import Connection

_NOT_NULL = " not null"
_ASKS = " asks "


def expect_utf8(connection: Connection) -> None:
    """Raise StoreError where texts have another encoding: views could fail on what they hold."""
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise StoreError(
            f"The database {connection.info.dbname} is encoded in {encoding}, and doors speak "
            "UTF-8 only. Nothing was changed; make the enclave's database anew with "
            "`create database … encoding 'UTF8' template template0`."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that doors rest on: a relation, a column, a key, or a view's read of a column.

    ``number`` is the column's, or the constraint's oid. ``table`` is where it is (for a read: the
    view); ``part`` is the column's or the key's name; ``detail`` what else has to stay.
    """

    kind: str
    relation: int
    number: int
    table: TableName
    part: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """All of it, by number."""

    relations: Mapping[int, Row] = field(default_factory=dict)
    columns: Mapping[tuple[int, int], Row] = field(default_factory=dict)
    keys: Mapping[int, Row] = field(default_factory=dict)
    reads: Mapping[tuple[int, int], tuple[TableName, ...]] = field(default_factory=dict)
    """For a column, the views that read it, by name."""

    def views_of(self, relation: int, column: int | None = None) -> tuple[TableName, ...]:
        """Tell the views that read a column, or anything of a relation."""
        if column is not None:
            return self.reads.get((relation, column), ())
        read = (views for (its, _), views in self.reads.items() if its == relation)
        return tuple(sorted({view for views in read for view in views}))


class Kind(StrEnum):
    """How a thing changed."""

    TABLE_NEW = "table-new"
    TABLE_GONE = "table-gone"
    TABLE_RENAMED = "table-renamed"
    TABLE_MADE_ANEW = "table-made-anew"
    TABLE_CHANGED = "table-changed"
    VIEW_CHANGED = "view-changed"
    PARTITION_NEW = "partition-new"
    PARTITION_GONE = "partition-gone"
    COLUMN_NEW = "column-new"
    COLUMN_GONE = "column-gone"
    COLUMN_RENAMED = "column-renamed"
    TYPE_CHANGED = "type-changed"
    NULL_CHANGED = "null-changed"
    KEY_NEW = "key-new"
    KEY_GONE = "key-gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change: of ``subject`` (``table`` or ``table.column``), ``what`` in a few words.

    ``views`` read what changed, as they stood when the doors were applied.
    """

    kind: Kind
    subject: str
    what: str
    views: tuple[TableName, ...] = ()


def read(connection: Connection) -> Ground:
    """Read what doors rest on now."""
    return _ground(rows(connection, "ground"))


def noted(connection: Connection) -> Ground | None:
    """Read what they rested on when they were applied; None before the first apply."""
    if not stands(connection):
        return None
    return _ground(found) if (found := rows(connection, "noted_ground")) else None


def note(connection: Connection) -> None:
    """Note what doors rest on now, where it is not what was noted."""
    # As rows: what `Ground` leaves out counts, too.
    if set(rows(connection, "noted_ground")) != set(rows(connection, "ground")):
        connection.execute(query("forget_ground"))
        connection.execute(query("note_ground").format(ground=query("ground")))


def redefined(connection: Connection) -> tuple[Change, ...]:
    """Tell the application's views that doors show and that ask something else than was noted."""
    before = noted(connection)
    if before is None:
        return ()
    changes = compare(before, read(connection))
    return tuple(each for each in changes if each.kind is Kind.VIEW_CHANGED and each.views)


def _ground(found: Iterable[tuple[object, ...]]) -> Ground:
    relations: dict[int, Row] = {}
    columns: dict[tuple[int, int], Row] = {}
    keys: dict[int, Row] = {}
    reads: dict[tuple[int, int], set[TableName]] = {}
    for kind, relation, number, schema, name, part, detail in found:
        row = Row(
            kind=str(kind),
            relation=int(str(relation)),
            number=int(str(number)),
            table=TableName(str(schema), str(name)),
            part=str(part),
            detail=str(detail),
        )
        match row.kind:
            case "relation":
                relations[row.relation] = row
            case "column":
                columns[row.relation, row.number] = row
            case "key":
                keys[row.number] = row
            case "hook":
                pass  # only held against what stands, in `pseudonyms.sql`
            case _:
                reads.setdefault((row.relation, row.number), set()).add(row.table)
    return Ground(
        relations=relations,
        columns=columns,
        keys=keys,
        reads={key: tuple(sorted(views)) for key, views in reads.items()},
    )


def compare(old: Ground, new: Ground) -> tuple[Change, ...]:
    """Tell how what doors rest on has changed."""
    return (*_relations(old, new), *_columns(old, new), *_keys(old, new))


def _relations(old: Ground, new: Ground) -> Iterator[Change]:
    names = {row.table for row in old.relations.values()}
    present = {row.table for row in new.relations.values()}
    for oid, row in sorted(old.relations.items(), key=lambda each: each[1].table):
        now = new.relations.get(oid)
        if now == row:
            continue
        views = old.views_of(oid)
        if now is None:
            yield _gone(row, views, made_anew=row.table in present)
        elif now.table != row.table:
            yield Change(
                kind=Kind.TABLE_RENAMED,
                subject=str(row.table),
                what=f"is now {now.table}",
                views=views,
            )
        elif _ASKS in row.detail and _ASKS in now.detail and now.detail != row.detail:
            yield Change(
                kind=Kind.VIEW_CHANGED,
                subject=str(row.table),
                what="asks another query, or one below it does",
                views=views,
            )
        elif now.detail != row.detail:
            yield Change(
                kind=Kind.TABLE_CHANGED,
                subject=str(row.table),
                what="is another kind of relation, or a partition of another",
                views=views,
            )
    for oid, row in sorted(new.relations.items(), key=lambda each: each[1].table):
        if oid not in old.relations and row.table not in names:
            _, part, parent = row.detail.partition(" of ")
            kind = Kind.PARTITION_NEW if part else Kind.TABLE_NEW
            what = f"came as a partition of {parent}" if part else "came"
            yield Change(kind=kind, subject=str(row.table), what=what)


def _gone(row: Row, views: tuple[TableName, ...], *, made_anew: bool) -> Change:
    if made_anew:
        kind, what = Kind.TABLE_MADE_ANEW, "was dropped and made anew"
    elif " of " in row.detail:
        kind, what = Kind.PARTITION_GONE, "is gone"
    else:
        kind, what = Kind.TABLE_GONE, "is gone"
    return Change(kind=kind, subject=str(row.table), what=what, views=views)


def _columns(old: Ground, new: Ground) -> Iterator[Change]:
    kept = set(old.relations) & set(new.relations)
    for (oid, number), row in sorted(old.columns.items(), key=_by_name):
        if oid not in kept:
            continue
        now = new.columns.get((oid, number))
        subject, views = f"{new.relations[oid].table}.{row.part}", old.views_of(oid, number)
        if now is None:
            yield Change(kind=Kind.COLUMN_GONE, subject=subject, what="is gone", views=views)
            continue
        if now.part != row.part:
            yield Change(
                kind=Kind.COLUMN_RENAMED, subject=subject, what=f"is now {now.part}", views=views
            )
        was, became = (each.detail.removesuffix(_NOT_NULL) for each in (row, now))
        if was != became:
            yield Change(
                kind=Kind.TYPE_CHANGED,
                subject=subject,
                what=f"was {was}, is {became}",
                views=views,
            )
        elif now.detail != row.detail:
            null = "may not be NULL any more"
            may = "may be NULL now" if row.detail.endswith(_NOT_NULL) else null
            yield Change(kind=Kind.NULL_CHANGED, subject=subject, what=may, views=views)
    for (oid, number), row in sorted(new.columns.items(), key=_by_name):
        if oid in kept and (oid, number) not in old.columns:
            yield Change(
                kind=Kind.COLUMN_NEW, subject=f"{row.table}.{row.part}", what=f"came ({row.detail})"
            )


def _by_name(item: tuple[tuple[int, int], Row]) -> tuple[TableName, int]:
    return item[1].table, item[1].number


def _keys(old: Ground, new: Ground) -> Iterator[Change]:
    kept = set(old.relations) & set(new.relations)
    words = {"f": "foreign key", "p": "primary key", "u": "unique key"}
    for one, other, kind, verb in (
        (old, new, Kind.KEY_GONE, "is gone"),
        (new, old, Kind.KEY_NEW, "came"),
    ):
        there = {(row.relation, row.detail) for row in other.keys.values()}
        for row in sorted(one.keys.values(), key=lambda each: (each.table, each.part)):
            if row.relation in kept and (row.relation, row.detail) not in there:
                yield Change(
                    kind=kind,
                    subject=str(row.table),
                    what=f"its {words[row.detail[0]]} {row.part} {verb}",
                    views=old.views_of(row.relation),
                )
