"""The parts of a JSON column that are shown, as SQL: everything else is absent.

A path leads through objects only. Where something else stands in its place (a scalar, an array),
there is nothing to show below it; where something was to be cut out below, the whole is withheld,
since it cannot be told where that stands. No value makes it fail: what ``json`` keeps as text and
``jsonb`` would refuse, in words that quote it, is withheld too.
https://www.postgresql.org/docs/18/datatype-json.html
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from psycopg import sql

from klover.catalog import Column
from klover.policy.resolved import PartSight

_UNSAFE = (
    r"\\u(0000|[dD][89a-fA-F])"  # no character, or half of one
    r"|[eE][-+]?[0-9]{4}|([0-9]{250}){4}"  # a number beyond numeric
)
_TOGETHER = 4
"""How many members are set one after another; each copies those before it."""
_PAIR = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
"""Two escapes that stand for one character."""


@dataclass(slots=True, kw_only=True)
class _Node:
    """What is said of a path: itself (None: nothing), and what lies below it."""

    shown: bool | None = None
    below: dict[str, "_Node"] = field(default_factory=dict)


def parts(sights: Iterable[PartSight], column: Column, value: sql.Composable) -> sql.Composed:
    """Write what of ``value``, a JSON or JSONB ``column``, is shown."""
    root = _tree(sights)
    if column.base_type == "jsonb":
        return _whole(root, value)
    # Read once, however often it is looked into.
    return sql.SQL("(select {made} from (select {read} as v offset 0) as {j})::json").format(
        made=_whole(root, sql.SQL("{}.v").format(_document(column))),
        read=_as_jsonb(value),
        j=_document(column),
    )


def _document(column: Column) -> sql.Identifier:
    return sql.Identifier(f"j{column.ordinal}")


def _whole(root: "_Node", value: sql.Composable) -> sql.Composed:
    return _shown(root, value) if root.shown else _object(root, value)


def _as_jsonb(value: sql.Composable) -> sql.Composed:
    """Read ``json`` as ``jsonb`` where that cannot fail; an escaped backslash hides no escape."""
    text = sql.SQL("replace({}::text, {}, 'x')").format(value, sql.Literal("\\\\"))
    return sql.SQL(
        "case when regexp_replace({text}, {pair}, 'x', 'g') !~ {unsafe} then {value}::jsonb end"
    ).format(text=text, pair=sql.Literal(_PAIR), unsafe=sql.Literal(_UNSAFE), value=value)


def _tree(sights: Iterable[PartSight]) -> _Node:
    root = _Node()
    for sight in sights:
        node = root
        for name in sight.path:
            node = node.below.setdefault(name, _Node())
        node.shown = sight.shown
    return root


def _node(node: _Node, value: sql.Composable, *, above: bool) -> sql.Composed | None:
    """Write what of ``value`` shows, NULL for nothing; None where nothing ever does."""
    if above if node.shown is None else node.shown:
        return _shown(node, value)
    if not _any_shown(node):
        return None
    return sql.SQL("nullif({}, '{{}}'::jsonb)").format(_object(node, value))


def _any_shown(node: _Node) -> bool:
    return bool(node.shown) or any(_any_shown(each) for each in node.below.values())


def _hides(node: _Node) -> bool:
    return node.shown is False or any(_hides(each) for each in node.below.values())


def _shown(node: _Node, value: sql.Composable) -> sql.Composed:
    """Write a part that shows but for what is cut out below it."""
    cut = {name: each for name, each in node.below.items() if _hides(each)}
    if not cut:
        return sql.Composed([value])
    return sql.SQL(
        "case when jsonb_typeof({value}) = 'object' then ({value} - {names}::text[]) || {rest} end"
    ).format(
        value=value,
        names=sql.Literal(list(cut)),
        rest=_gathered(cut, value, above=True),
    )


def _object(node: _Node, value: sql.Composable) -> sql.Composed:
    """Write an object of the parts that show, and NULL where ``value`` is no object."""
    return sql.SQL("case when jsonb_typeof({value}) = 'object' then {parts} end").format(
        value=value, parts=_gathered(node.below, value, above=False)
    )


def _gathered(below: Mapping[str, _Node], value: sql.Composable, *, above: bool) -> sql.Composed:
    """Gather the parts that are there; each stands in the statement once."""
    found = {}
    for name, node in below.items():
        member = sql.SQL("({} -> {})").format(value, sql.Literal(name))
        made = _node(node, member, above=above)
        if made is not None:
            found[name] = made
    members = list(found.items())
    few = [members[at : at + _TOGETHER] for at in range(0, len(members), _TOGETHER)] or [[]]
    return sql.SQL(" || ").join(_set(each) for each in few)


def _set(members: Sequence[tuple[str, sql.Composable]]) -> sql.Composed:
    """Put members into an empty object; what is not there (NULL) leaves it as it is."""
    made = sql.Composed([sql.SQL("'{}'::jsonb")])
    for name, value in members:
        made = sql.SQL("jsonb_set_lax({}, {}::text[], {}, true, 'return_target')").format(
            made, sql.Literal([name]), value
        )
    return made
