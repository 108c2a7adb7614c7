"""What mends a violation: a sentence for whoever runs the server, with the statement that does it.

The proof reads and changes nothing. What is a door's own the next ``apply`` sets right; what is
the server's or the application's Klover never touches, so its mend is said. A statement stands
between backticks and is whole; where something has to be decided first, words say what.
"""

from collections.abc import Callable

from psycopg import sql

from klover.catalog import TableName

APPLY = (
    "`klover doors apply` sets it right; where nobody changed the policy, find out who changed it."
)
"""For what consists of doors: apply makes it exact."""
SUSPEND = (
    "Look at its query; `klover doors suspend` and then `klover doors resume` take it as it is."
)
_KINDS = (
    "database", "schema", "function", "language", "foreign server", "foreign-data wrapper",
    "tablespace", "parameter", "large object",
)  # fmt: skip
_ACQUIRED = {
    "r": "TABLES", "S": "SEQUENCES", "f": "FUNCTIONS", "T": "TYPES", "n": "SCHEMAS",
    "L": "LARGE OBJECTS",
}  # fmt: skip


def quoted(*parts: str) -> str:
    """Write a name as SQL has it, with its schema or without."""
    return sql.Identifier(*parts).as_string(None)


def relation(table: TableName) -> str:
    """Write a relation's name as SQL has it."""
    return quoted(table.schema, table.name)


def grantee(role: str) -> str:
    """Write whom a privilege was given."""
    return "PUBLIC" if role == "public" else quoted(role)


def run(statement: str, words: str = "Take it back") -> str:
    """Say what to do by one statement."""
    return f"{words}: `{statement}`."


def same(told: str) -> Callable[[str], str]:
    """Say the same whichever role has it."""
    return lambda _role: told


def revoke(on: str, *roles: str, what: str = "ALL") -> str:
    """Write what takes a privilege back; ``on`` is as GRANT has it: ``TABLE "public"."a"``."""
    return f"REVOKE {what} ON {on} FROM {', '.join(map(grantee, roles))}"


def owned(on: str, owner: str) -> str:
    """Write what gives an object to another owner."""
    return f"ALTER {on} OWNER TO {quoted(owner)}"


def by_name(on: str, role: str, what: str = "ALL") -> str:
    """Say what takes back what a role has by its own name, and who does what it has by PUBLIC."""
    told = run(revoke(on, role, what=what))
    return f"{told} Where PUBLIC holds it, `klover doors apply` takes it from there."


def of_kind(told: str, *roles: str, what: str = "ALL") -> str:
    """Say what takes an object back that is told as ``foreign server x``; else it is a table."""
    kind = next((kind for kind in _KINDS if told.startswith(f"{kind} ")), "table")
    name = told.removeprefix(f"{kind} ")
    if kind == "function":
        on = f"ROUTINE {name}"
    elif kind in {"table", "large object"}:
        on = f"{kind.upper()} {name}"
    elif kind == "parameter":
        on = f"PARAMETER {_dotted(name.partition(' ')[0])}"
    else:
        on = f"{kind.replace('-', ' ').upper()} {quoted(name)}"
    return run(revoke(on, *roles, what=what))


def _dotted(name: str) -> str:
    return ".".join(map(quoted, name.split(".")))


def defaults(owner: str, schema: str, kind: str, role: str) -> str:
    """Say what takes back what objects made later would give."""
    where = f" IN SCHEMA {quoted(schema)}" if schema else ""
    return run(
        f"ALTER DEFAULT PRIVILEGES FOR ROLE {quoted(owner)}{where}"
        f" REVOKE ALL ON {_ACQUIRED.get(kind, 'TABLES')} FROM {grantee(role)}"
    )


def not_as_owner(signature: str) -> str:
    """Say what lets a function run with its caller's rights."""
    return run(f"ALTER ROUTINE {signature} SECURITY INVOKER", "Let it run with its caller's rights")


def setting(name: str, value: str, *, restart: bool = False) -> str:
    """Say what a setting of the server has to be."""
    then = "start the server again" if restart else "reload the server"
    return f"Set {name} to {value or 'nothing'} in the server's files (or take it out), and {then}."


def reset(name: str, role: str, database: str) -> str:
    """Say what takes away a setting that was made for a role, a database or both."""
    if not role and not database:
        who = "ROLE ALL"
    elif role:
        who = f"ROLE {quoted(role)}" + (f" IN DATABASE {quoted(database)}" if database else "")
    else:
        who = f"DATABASE {quoted(database)}"
    return run(f"ALTER {who} RESET {_dotted(name)}", "Take it away")
