"""The text of a path, read into steps.

::

    path    = forward | [forward " "] back { " " back }
    forward = step { "." step }
    back    = "from" table "." step { "." step }
    step    = column [ "[]" | "(" value ")" ] | "(" column { "," column } ")"

``video_id.account_id`` follows two keys; ``from customer.address_id`` goes back to the customers
that refer here; ``members[]`` follows each element of an array, ``topic_id(Video)`` one half of a
pair, ``(tenant_id, user_id)`` a key of several columns. A name or value that is not plain stands in
double quotes. A table of another schema is known by its entry under ``tables:``, so
``from audit.visit.account_id`` is read as table ``audit.visit`` where the policy has it.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass

from klover.catalog import TableName, dotted
from klover.policy.model import Backward, Forward, Path

_TOKEN = re.compile(
    r"""(?P<quoted>"(?:[^"]|"")+") | (?P<plain>[^\W\d][\w$]*) | (?P<dot>\.) | (?P<space>\s+)
      | (?P<array>\[\]) | (?P<open>\() | (?P<close>\)) | (?P<comma>,)
    """,
    re.VERBOSE,
)


class PathError(ValueError):
    """The text is not a path; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Step:
    names: tuple[str, ...]
    element: bool = False
    value: str | None = None

    @property
    def plain(self) -> bool:
        """Whether it could name a table or schema too."""
        return len(self.names) == 1 and not self.element and self.value is None


def read_path(text: str, line: int, tables: Collection[TableName]) -> Path:
    """Read ``text``; ``tables`` are the policy's tables. Raises PathError."""
    steps: list[Forward | Backward] = []
    for back, found in _Text(text).pieces():
        rest = found
        if back:
            table, rest = _split_table(found, tables)
            first = rest.pop(0)
            steps.append(
                Backward(
                    table=table,
                    column=first.names[0],
                    more=first.names[1:],
                    element=first.element,
                    value=first.value,
                )
            )
        steps += [
            Forward(
                column=step.names[0], more=step.names[1:], element=step.element, value=step.value
            )
            for step in rest
        ]
    return Path(steps=tuple(steps), text=text, line=line)


def read_columns(text: str) -> tuple[tuple[str, ...], bool]:
    """Read what ``references`` stands on: ``column``, ``column[]`` or ``(column, column)``.

    A text that is none of these is one column's name. Tells the columns, and whether `[]` stands.
    """
    try:
        pieces = _Text(text).pieces()
    except PathError:
        pieces = []
    step = pieces[0][1][0] if len(pieces) == 1 and not pieces[0][0] else None
    if step is None or len(pieces[0][1]) > 1 or step.value is not None:
        return (text,), False
    return step.names, step.element


def read_target(text: str) -> tuple[TableName, tuple[str, ...]] | None:
    """Read ``table.column`` or ``table.(column, column)``; None where the text is neither."""
    if text.endswith(")"):
        table, _, group = text.rpartition(".(")
        columns, _ = read_columns(f"({group}")
        name = TableName.parse(table)
        return (name, columns) if name.name and name.schema and group else None
    parts = dotted(text)
    if len(parts) < 2:  # noqa: PLR2004 - a table and a column
        return None
    *schema, table, column = parts
    return TableName(".".join(schema) or "public", table), (column,)


class _Text:
    """A path's signs, read one after the other."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._tokens = list(self._split())

    def pieces(self) -> list[tuple[bool, list[_Step]]]:
        """Read dotted lists of steps, each with whether ``from`` stands before it."""
        found: list[tuple[bool, list[_Step]]] = []
        while self._skip_spaces() and self._peek() is not None:
            back = self._take("plain", "from")
            if back and not self._skip_spaces(least=1):
                raise PathError(f"The path {self._text!r} ends too early.")
            if not back and found:
                word = self._tokens[self._at][1]
                raise PathError(f"The path {self._text!r} needs a dot or `from` before {word!r}.")
            steps = [self._step()]
            while self._take("dot"):
                steps.append(self._step())
            found.append((back, steps))
        if not found:
            raise PathError("The path is empty.")
        return found

    def _split(self) -> list[tuple[str, str]]:
        tokens, position = [], 0
        while position < len(self._text):
            match = _TOKEN.match(self._text, position)
            if match is None:
                raise PathError(
                    f"The path {self._text!r} has an unexpected sign at {position + 1}."
                )
            position = match.end()
            tokens.append((str(match.lastgroup), match.group()))
        return tokens

    def _step(self) -> _Step:
        if self._take("open"):
            names = [self._name()]
            while self._take_spaced("comma"):
                self._skip_spaces()
                names.append(self._name())
            self._close()
            return _Step(names=tuple(names))
        name = self._name()
        if self._take("array"):
            return _Step(names=(name,), element=True)
        if self._take("open"):
            value = self._name()
            self._close()
            return _Step(names=(name,), value=value)
        return _Step(names=(name,))

    def _name(self) -> str:
        kind, text = self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")
        if kind not in {"plain", "quoted"}:
            what = "ends too early"
            if kind not in {"end", "space"}:
                what = f"has a {kind if kind == 'dot' else 'sign'} without a name"
            raise PathError(f"The path {self._text!r} {what}.")
        self._at += 1
        return text[1:-1].replace('""', '"') if kind == "quoted" else text

    def _close(self) -> None:
        if not self._take_spaced("close"):
            raise PathError(f"The path {self._text!r} has a bracket that is not closed.")

    def _peek(self) -> str | None:
        return self._tokens[self._at][0] if self._at < len(self._tokens) else None

    def _take(self, kind: str, text: str | None = None) -> bool:
        """Take the next sign if it is of this kind; ``from`` only where a space follows or ends."""
        if self._peek() != kind or (text is not None and self._tokens[self._at][1] != text):
            return False
        self._at += 1
        return True

    def _take_spaced(self, kind: str) -> bool:
        self._skip_spaces()
        return self._take(kind)

    def _skip_spaces(self, least: int = 0) -> bool:
        before = self._at
        while self._take("space"):
            pass
        return self._at - before >= least


def _split_table(
    steps: list[_Step], tables: Collection[TableName]
) -> tuple[TableName, list[_Step]]:
    """Tell which of ``steps`` name the table: two where the policy has that table."""
    if not steps[0].plain or len(steps) < 2:  # noqa: PLR2004 - a table and a column
        raise PathError(f"`from {steps[0].names[0]}` needs a column: `from table.column`.")
    plain = TableName("public", steps[0].names[0])
    qualified = TableName(steps[0].names[0], steps[1].names[0])
    if qualified in tables and steps[1].plain and len(steps) > 2:  # noqa: PLR2004 - schema, table, column
        if plain in tables:
            raise PathError(
                f"`from {plain.name}.{qualified.name}…` can mean table {plain} or table "
                f"{qualified}; write `public.` before it or rename one."
            )
        return qualified, steps[2:]
    return plain, steps[1:]
