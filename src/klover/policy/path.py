"""The text of a path, read into steps.

::

    path    = forward | [forward " "] back { " " back }
    forward = column { "." column }
    back    = "from" table "." column { "." column }

``video_id.account_id`` follows two keys; ``from customer.address_id`` goes back to the customers
that refer here; ``post_id from post_creator.post_id.person_id`` does both. A name that is not
plain stands in double quotes. A table of another schema is known by its entry under ``tables:``,
so ``from audit.visit.account_id`` is read as table ``audit.visit`` where the policy has it.
"""

import re
from collections.abc import Collection

from klover.catalog import TableName
from klover.policy.model import Backward, Forward, Path

_TOKEN = re.compile(r'"((?:[^"]|"")+)"|([^\W\d][\w$]*)|(\.)|(\s+)')


class PathError(ValueError):
    """The text is not a path; the message says why."""


def read_path(text: str, line: int, tables: Collection[TableName]) -> Path:
    """Read ``text``; ``tables`` are the policy's tables. Raises PathError."""
    steps: list[Forward | Backward] = []
    pieces = _pieces(text)
    if not pieces:
        raise PathError("The path is empty.")
    for back, names in pieces:
        if back:
            table, rest = _split_table(names, tables)
            steps.append(Backward(table=table, column=rest[0]))
            names = rest[1:]  # noqa: PLW2901 - what is left of the piece
        steps += [Forward(column=name) for name in names]
    return Path(steps=tuple(steps), text=text, line=line)


def _pieces(text: str) -> list[tuple[bool, list[str]]]:
    """Split into dotted lists of names, each with whether ``from`` stands before it."""
    pieces: list[tuple[bool, list[str]]] = []
    back = dotted = False
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise PathError(f"The path {text!r} has an unexpected sign at {position + 1}.")
        position = match.end()
        quoted, plain, dot, _ = match.groups()
        if dot:
            if dotted or not pieces or text[match.start() - 1].isspace():
                raise PathError(f"The path {text!r} has a dot without a name.")
            dotted = True
        elif plain == "from" and not dotted and not back:
            back = True
        elif quoted or plain:
            word = quoted.replace('""', '"') if quoted else plain
            if dotted:
                pieces[-1][1].append(word)
            elif back or not pieces:
                pieces.append((back, [word]))
            else:
                raise PathError(f"The path {text!r} needs a dot or `from` before {word!r}.")
            back = dotted = False
    if back or dotted:
        raise PathError(f"The path {text!r} ends too early.")
    return pieces


def _split_table(names: list[str], tables: Collection[TableName]) -> tuple[TableName, list[str]]:
    """Tell which of ``names`` name the table: two where the policy has that table."""
    if len(names) < 2:  # noqa: PLR2004 - a table and a column
        raise PathError(f"`from {names[0]}` needs a column: `from table.column`.")
    plain = TableName("public", names[0])
    qualified = TableName(names[0], names[1])
    if qualified in tables and len(names) > 2:  # noqa: PLR2004 - a schema, a table and a column
        if plain in tables:
            raise PathError(
                f"`from {'.'.join(names)}` can mean table {plain} or table {qualified}; "
                "write `public.` before it or rename one."
            )
        return qualified, names[2:]
    return plain, names[1:]
