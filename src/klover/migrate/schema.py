"""Brings the schema home: ``pg_dump`` of the source, applied by ``psql`` in one transaction.

Owners, rights, publications and Klover's own schemas are left out. What a newer ``pg_dump`` says
to a server that does not know it is left out too. An enclave that holds other tables is refused.
https://www.postgresql.org/docs/18/app-pgdump.html
"""

import os
import subprocess

import psycopg

from klover.catalog import Catalog
from klover.errors import InputError, SourceError, StoreError
from klover.migrate.differences import differences
from klover.store.binaries import Binaries
from klover.store.connect import connect
from klover.store.inspect import read_catalog

_DUMP = (
    "--schema-only",
    "--no-owner",
    "--no-privileges",
    "--no-publications",
    "--no-subscriptions",
    "--no-tablespaces",
    "--no-security-labels",
    "--exclude-schema=klover",
    "--exclude-schema=klover_pseudonym",
)
_SINCE_17 = 170000
_UNKNOWN_BEFORE_17 = (b"SET transaction_timeout",)
_THERE_ALREADY = (b"CREATE SCHEMA public;",)


def bring_schema(*, source: str, enclave: str, binaries: Binaries) -> tuple[str, ...]:
    """Apply the source's schema to the enclave, both given by connection strings.

    Where the enclave has tables already nothing is applied; tells the differences that are left,
    none when both are alike. Raises InputError when the enclave holds other tables only.
    """
    with connect(source, what="the source") as here, connect(enclave, what="the enclave") as there:
        mine, theirs = read_catalog(here), read_catalog(there)
        if theirs.base_tables():
            _refuse_other(mine, theirs)
            return differences(mine, theirs)
        text = _suited(_dump(source, binaries), theirs.server_version)
        _apply(enclave, binaries, text)
        return differences(mine, read_catalog(there))


def check_schema(source: psycopg.Connection, enclave: psycopg.Connection) -> tuple[str, ...]:
    """Tell how the enclave's schema differs from the source's."""
    return differences(read_catalog(source), read_catalog(enclave))


def _refuse_other(mine: Catalog, theirs: Catalog) -> None:
    others = [str(t.name) for t in theirs.base_tables() if t.name not in mine.tables]
    if len(others) == len(theirs.base_tables()):
        raise InputError(
            f"The enclave already holds other data: it has the table {others[0]}, which the "
            "source does not have. Nothing was changed; give an enclave of its own."
        )


def _dump(source: str, binaries: Binaries) -> bytes:
    command = [binaries.program("pg_dump"), *_DUMP, "--dbname", source]
    done = subprocess.run(command, check=False, capture_output=True, env=_environment())
    if done.returncode != 0:
        raise SourceError(f"The source's schema cannot be read: {_last(done.stderr)}.")
    return done.stdout


def _suited(text: bytes, version: int) -> bytes:
    """Leave out what the server does not know, and the schema that every database has."""
    unknown = _THERE_ALREADY + (_UNKNOWN_BEFORE_17 if version < _SINCE_17 else ())
    return b"".join(line for line in text.splitlines(keepends=True) if not line.startswith(unknown))


def _apply(enclave: str, binaries: Binaries, text: bytes) -> None:
    command = [binaries.program("psql"), "--no-psqlrc", "--quiet", "--single-transaction"]
    command += ["--set", "ON_ERROR_STOP=1", "--dbname", enclave, "--file", "-"]
    done = subprocess.run(command, check=False, capture_output=True, env=_environment(), input=text)
    if done.returncode != 0:
        raise StoreError(
            f"The enclave refused the source's schema: {_last(done.stderr)}. Nothing was changed."
        )


def _environment() -> dict[str, str]:
    """Keep what libpq needs for a connection (PGPASSFILE and the like), in plain messages."""
    return {**os.environ, "LC_ALL": "C.UTF-8", "PGOPTIONS": ""}


def _last(stderr: bytes) -> str:
    """Tell the program's last word that says something; a schema holds no user data."""
    lines = [line for line in stderr.decode(errors="replace").splitlines() if "rror" in line]
    return (lines or ["no reason given"])[-1].strip().rstrip(".")
