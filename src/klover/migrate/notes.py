"""What whoever decides on a migration should know, as sentences: pure, from shapes and counts."""

from collections.abc import Mapping

from klover.catalog import TableName
from klover.migrate.pieces import plain_type
from klover.migrate.plan import TablePlan
from klover.migrate.shape import Shape
from klover.policy.model import DataClass

_INTEGERS = frozenset({"smallint", "integer", "bigint"})


def notes(
    shapes: Mapping[TableName, Shape],
    counts: Mapping[str, TablePlan],
    triggers: Mapping[TableName, str],
) -> tuple[str, ...]:
    """Tell all notes, in the tables' order. ``triggers`` names those that fire always."""
    found: list[str] = []
    for shape in shapes.values():
        counted = counts[str(shape.name)]
        if shape.shared:
            found += _shared(shape)
            continue
        found += _uniques(shape)
        found += _keys(shape)
        if name_of_trigger := triggers.get(shape.name):
            found.append(
                f"{shape.name}: the trigger {name_of_trigger} fires even while rows are moved and "
                "erased (ENABLE ALWAYS or REPLICA); make sure that it keeps no copy."
            )
        if counted.stubs and shape.stub.must:
            found.append(
                f"{shape.name}: stubs outside keep {', '.join(shape.stub.must)} whatever its class "
                "and row say, because it is the rows' key or rows refer to it."
            )
        if counted.unowned:
            found.append(f"{shape.name}: {counted.unowned} rows belong to nobody and stay outside.")
    return tuple(found)


def _shared(shape: Shape) -> list[str]:
    restricted = [
        name
        for name, rule in shape.traced.columns.items()
        if rule.data_class is DataClass.RESTRICTED
    ]
    if not restricted:
        return []
    return [
        f"{shape.name} is shared: its restricted columns ({', '.join(restricted)}) stay outside."
    ]


def _uniques(shape: Shape) -> list[str]:
    return [
        f"{shape.name}: the unique constraint {key.name} ({', '.join(key.columns)}) will span two "
        "databases; say `unique: local` or `unique: global` of one of its columns."
        for key in shape.traced.table.uniques
        if all(shape.traced.columns[name].unique is None for name in key.columns)
    ]


def _keys(shape: Shape) -> list[str]:
    """List keys that no sequence feeds: both sides may come to give the same one."""
    if len(shape.key) != 1:
        return []
    (column,) = shape.key_columns()
    refers = any(column.name in reference.columns for reference in shape.traced.references)
    if column.sequence is not None or refers or plain_type(column) not in _INTEGERS:
        return []
    note = (
        f"{shape.name}.{column.name} is a number that no sequence of the database feeds: its "
        "application has to keep the keys of both sides apart."
    )
    return [note]
