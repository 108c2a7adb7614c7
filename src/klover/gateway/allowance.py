"""Which statements are let through: a list, and for each that is refused a clause that says why.

Pure: a statement in, a reason out. Postgres enforces what a role may see; this list keeps away
what would change how a session is read and recorded, and what a door need not offer.
"""

from collections.abc import Callable, Mapping

from klover.gateway import settings
from klover.wire.keywords import KEYWORDS
from klover.wire.lexer import Kind, Token
from klover.wire.statement import QUERIES, Statement

_PLAIN = QUERIES | {"SHOW", "DEALLOCATE", "CLOSE", "UNLISTEN"}
_EXPLAINED = QUERIES | {"DECLARE", "EXECUTE"}
_EXPLAIN_OPTIONS = frozenset(
    {"verbose", "costs", "settings", "generic_plan", "buffers", "summary", "format", "memory"}
)
_SETS_BY_CALL = "set_config"
_NOT_LISTED = "this setting is not one that a door session may change"


def refuse(statement: Statement, *, conceals_rows: bool) -> str | None:
    """Tell why a statement is not let through; None where it is.

    ``conceals_rows`` says that the door has rows it does not show: the planner's estimates rest
    on statistics of those too, so EXPLAIN would tell of them.
    """
    if conceals_rows and statement.kind == "EXPLAIN":
        return "EXPLAIN counts and estimates rows that are not shown, and is not let through"
    names = statement.identifiers()
    if _SETS_BY_CALL in names or ("pg_settings" in names and "update" in names):
        return "settings are changed with SET only"
    if statement.kind in _PLAIN:
        return None
    judge = _JUDGES.get(statement.kind)
    if judge is not None:
        return judge(statement)
    # Only a keyword is told: anything else may be a value somebody typed in the wrong place.
    what = statement.kind if statement.kind.lower() in KEYWORDS else "this kind of statement"
    return f"{what} is not let through at a door"


def _named(statement: Statement) -> str | None:
    if statement.name is None:
        return f"this form of {statement.kind} is not let through"
    return None


def _control(statement: Statement) -> str | None:
    if statement.word(1) == "prepared":
        return "two-phase transactions are not let through"
    return _writes(statement)


def _writes(statement: Statement) -> str | None:
    if any(statement.word(at) == "write" for at in range(len(statement.tokens))):
        return "a door is for reading; READ WRITE is not let through"
    return None


def _explain(statement: Statement) -> str | None:
    inner = statement.inner
    words = {statement.word(1), *statement.options, inner.kind.lower() if inner else ""}
    if words & {"analyze", "analyse"}:
        return "EXPLAIN ANALYZE counts rows that are not shown, and is not let through"
    if not _EXPLAIN_OPTIONS.issuperset(statement.options):
        return "an option of EXPLAIN is not let through"
    if inner is None or inner.kind not in _EXPLAINED:
        return "this form of EXPLAIN is not let through"
    return refuse(inner, conceals_rows=False)


def _inside(statement: Statement) -> str | None:
    if statement.inner is None or statement.inner.kind not in QUERIES:
        return {
            "COPY": "only COPY (query) TO STDOUT is let through",
            "PREPARE": "only queries can be prepared",
            "DECLARE": "only queries can have a cursor",
        }[statement.kind]
    if statement.kind != "COPY" and statement.name is None:
        return f"this form of {statement.kind} is not let through"
    return refuse(statement.inner, conceals_rows=False)


def _set(statement: Statement) -> str | None:
    if statement.word(1) == "session" and statement.word(2) == "characteristics":
        return _writes(statement)
    at = 2 if statement.word(1) in {"session", "local"} else 1
    word, values = statement.word(at), statement.tokens[at + 1 :]
    if word == "transaction":
        # A snapshot is another session's.
        return _NOT_LISTED if statement.word(at + 1) == "snapshot" else _writes(statement)
    if word == "time" and statement.word(at + 1) == "zone":
        return None
    if word == "names":
        return _chosen("client_encoding", values)
    if not values or values[0].value not in {"=", "to"}:
        return _NOT_LISTED
    return _chosen(statement.tokens[at].value, values[1:])


def _reset(statement: Statement) -> str | None:
    if statement.word(1) in {"all", "time", "transaction"}:
        return None
    rest = statement.tokens[1:]
    return None if len(rest) == 1 and settings.known(rest[0].value) else _NOT_LISTED


def _chosen(name: str, values: tuple[Token, ...]) -> str | None:
    one = values[0] if len(values) == 1 else None
    content = one.value if one and one.kind is not Kind.OPERATOR else ""
    most = settings.ceiling(name)
    if most is not None and not settings.allowed(name, content):
        return f"{name.lower()} can be set to at most {most}, and not to 0, which is no limit"
    if settings.known(name) and not settings.allowed(name, content):
        return f"this value of {name.lower()} is not let through"
    return None if settings.known(name) else _NOT_LISTED


_JUDGES: Mapping[str, Callable[[Statement], str | None]] = {
    **dict.fromkeys(
        ("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE"), _control
    ),
    **dict.fromkeys(("EXECUTE", "FETCH", "MOVE"), _named),
    **dict.fromkeys(("PREPARE", "DECLARE", "COPY"), _inside),
    "EXPLAIN": _explain,
    "SET": _set,
    "RESET": _reset,
}
