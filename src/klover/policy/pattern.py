"""Names by pattern: ``*_at``, ``audit_*``, ``*.locale``, ``audit.*.ip``.

``*`` stands for any signs, ``?`` for one, everything else for itself. A pattern has as many parts
as the name people write: a table of the schema ``public`` goes without it. A pattern of one part
fits a column of any table.
"""

from klover.catalog import TableName, dotted

_MOST_PARTS = 3


def refuse_pattern(text: str, *, columns: bool) -> str | None:
    """Tell why ``text`` is no pattern for tables, or for columns; None where it is one."""
    parts = dotted(text)
    most = _MOST_PARTS if columns else _MOST_PARTS - 1
    if not parts:
        return "it is no name; odd parts stand in double quotes"
    if len(parts) > most:
        form = (
            "`column`, `table.column` or `schema.table.column`"
            if columns
            else ("`table` or `schema.table`")
        )
        return f"it has too many parts; write {form}"
    return None


def fits_table(pattern: str, table: TableName) -> bool:
    """Tell whether a table has a name of this form."""
    return _fit(dotted(pattern), _parts(table))


def fits_column(pattern: str, table: TableName, column: str) -> bool:
    """Tell whether a column has a name of this form."""
    parts = dotted(pattern)
    return _fit(parts, (column,) if len(parts) == 1 else (*_parts(table), column))


def fits_some_column(pattern: str, table: TableName) -> bool:
    """Tell whether a column of a table can have a name of this form."""
    parts = dotted(pattern)
    return len(parts) == 1 or _fit(parts[:-1], _parts(table))


def _parts(table: TableName) -> tuple[str, ...]:
    return (table.name,) if table.schema == "public" else (table.schema, table.name)


def _fit(pattern: tuple[str, ...], name: tuple[str, ...]) -> bool:
    if len(pattern) == len(name) + 1:  # ``public`` may be written out
        name = ("public", *name)
    return len(pattern) == len(name) and all(
        _same(one, other) for one, other in zip(pattern, name, strict=True)
    )


def _same(pattern: str, name: str) -> bool:
    """Match one part; a star takes as little as it can, and more when the rest does not fit."""
    at = sign = 0
    star, taken = -1, 0
    while at < len(name):
        if sign < len(pattern) and pattern[sign] == "*":
            star, taken = sign, at
            sign += 1
        elif sign < len(pattern) and pattern[sign] in {"?", name[at]}:
            at, sign = at + 1, sign + 1
        elif star >= 0:
            taken += 1
            at, sign = taken, star + 1
        else:
            return False
    return set(pattern[sign:]) <= {"*"}
