"""Which rows may be public: never suggested, but a likely predicate is shown as a comment."""

from klover.catalog import Column
from klover.policy.neutral import bare_type
from klover.policy.suggest.draft import TableDraft
from klover.policy.suggest.nature import Nature
from klover.policy.suggest.shape import quoted
from klover.policy.words.split import words

_FLAGS = frozenset(["public", "published", "visible", "listed"])
_CLOSED = frozenset(["draft", "hidden", "private", "unlisted", "archived", "secret"])


def public_rows(one: TableDraft) -> str | None:
    """Tell a predicate that may say which rows of a public thing are shown; None for others."""
    if one.nature not in {Nature.PUBLIC, Nature.PERSON}:
        return None
    for column in one.table.columns:
        said = set(words(column.name))
        flag = bare_type(column.base_type) == "boolean"
        if flag and said & _FLAGS and not said & {"not", "un"}:
            return quoted(column.name)
        if flag and said & _CLOSED and len(said) <= 2:  # noqa: PLR2004 - `is_draft`
            return f"not {quoted(column.name)}"
        if "visibility" in said or (said == {"status"} and one.nature is Nature.PUBLIC):
            value = _value(column)
            return f"{quoted(column.name)} = {value}"
    return None


def _value(column: Column) -> str:
    """Name the enumeration's word for public, where there is one."""
    fitting = [one for one in column.enum_labels if set(words(one)) & _FLAGS]
    return "'" + fitting[0].replace("'", "''") + "'" if fitting else "…"
