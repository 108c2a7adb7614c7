"""Connections, with sentences for what goes wrong.

Every session starts from the same settings, whatever a database or role sets: UTF-8, a fixed search
path (nothing but ``pg_catalog``), the ISO date style and UTC, so that text forms and comparisons
agree everywhere; names and strings written as Postgres is delivered; transactions that see what
others have done meanwhile.
"""

from typing import Any

import psycopg
from psycopg.rows import TupleRow

from klover.errors import SourceError

Connection = psycopg.Connection[TupleRow]

_SETTINGS = (
    "-c search_path=pg_catalog -c timezone=UTC -c datestyle=ISO -c intervalstyle=iso_8601"
    " -c extra_float_digits=3 -c bytea_output=hex -c quote_all_identifiers=off"
    r" -c standard_conforming_strings=on -c default_transaction_isolation=read\ committed"
)
_CONNECT_SECONDS = 10


def connect(dsn: str, *, what: str, autocommit: bool = True, **options: Any) -> Connection:
    """Open a connection to ``what`` (a name for people, such as "the source us-east").

    Raises SourceError, with the server's reason and without the connection string's secrets.
    """
    try:
        return psycopg.connect(
            dsn,
            autocommit=autocommit,
            client_encoding="UTF8",
            connect_timeout=_CONNECT_SECONDS,
            options=_SETTINGS,
            **options,
        )
    except psycopg.ProgrammingError as error:
        raise SourceError(
            f"The connection string of {what} cannot be read; "
            "write it as host=… dbname=… user=… or as postgresql://…."
        ) from error
    except psycopg.OperationalError as error:
        raise SourceError(
            f"Cannot reach {what}: {_reason(error)}. "
            "Check that the server runs and the address is right."
        ) from error


def _reason(error: psycopg.Error) -> str:
    """Tell the first line of the server's or the library's own words, without its preamble."""
    lines = str(error).strip().splitlines() or ["no reason given"]
    first = lines[0].removeprefix("connection failed: ").removeprefix("connection is bad: ")
    return first.rstrip(". ")
