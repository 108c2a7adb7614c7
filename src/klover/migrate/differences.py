"""How two catalogs differ, one line for each difference: pure."""

from collections.abc import Iterator

from klover.catalog import Catalog, Column, Table


def differences(source: Catalog, enclave: Catalog) -> tuple[str, ...]:
    """Name what the enclave's schema lacks or has otherwise, counted from the source's."""
    found: list[str] = []
    mine = {table.name: table for table in source.base_tables()}
    theirs = {table.name: table for table in enclave.base_tables()}
    for name, table in mine.items():
        if name not in theirs:
            found.append(f"table {name} is missing in the enclave")
        else:
            found += _of_table(table, theirs[name])
    found += [f"table {name} is in the enclave only" for name in theirs if name not in mine]
    return tuple(found)


def _of_table(mine: Table, theirs: Table) -> Iterator[str]:
    name = mine.name
    for column in mine.columns:
        other = theirs.column(column.name)
        if other is None:
            yield f"column {name}.{column.name} is missing in the enclave"
        else:
            yield from (f"column {name}.{column.name} {line}" for line in _of_column(column, other))
    for column in theirs.columns:
        if mine.column(column.name) is None:
            yield f"column {name}.{column.name} is in the enclave only"
    if _columns(mine.primary_key) != _columns(theirs.primary_key):
        yield f"table {name} has another primary key in the enclave"
    if {key.columns for key in mine.uniques} != {key.columns for key in theirs.uniques}:
        yield f"table {name} has other unique constraints in the enclave"
    keys = [
        {(key.columns, key.target, key.target_columns) for key in table.foreign_keys}
        for table in (mine, theirs)
    ]
    if keys[0] != keys[1]:
        yield f"table {name} has other foreign keys in the enclave"


def _of_column(mine: Column, theirs: Column) -> Iterator[str]:
    if mine.type != theirs.type or mine.base_type != theirs.base_type:
        yield f"is {mine.type} at the source and {theirs.type} in the enclave"
    elif mine.enum_labels != theirs.enum_labels:
        yield "has other labels in the enclave"
    if mine.not_null != theirs.not_null:
        yield "may be NULL on one side only"
    if mine.generated != theirs.generated:
        yield "is generated on one side only"
    if (mine.sequence is None) != (theirs.sequence is None):
        yield "has a sequence on one side only"


def _columns(key: object) -> object:
    return getattr(key, "columns", ())
