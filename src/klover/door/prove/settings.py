"""The server's settings as ways out: libraries, archives, programs, its log, and what is tampered.

Read by ``pg_settings``: a setting that the role may not see is *unknown*. Where the write-ahead
log is archived it leaves the server, so a place of the policy has to stand for it: one of the
kind ``backup`` or ``archive`` whose state is ``declared``.
"""

from collections.abc import Iterator, Mapping

from klover.door import mend, powers
from klover.door.asking import ask
from klover.door.cluster import Cluster
from klover.door.proof import Fact, Verdict, Way, absent, allowed, along, unknown, violation
from klover.policy.model import Place
from klover.store.connect import Connection

_KINDS = frozenset({"backup", "archive"})
_NAMES = (*powers.LIBRARIES, *powers.ARCHIVE, *powers.PROGRAMS, *powers.SPOKEN,
          *powers.TAMPERED, *powers.LOADERS, *powers.OTHERS)  # fmt: skip
_NOT_HERE = frozenset({"archive_library"})
"""Settings that an older Postgres does not know."""
_OFF = frozenset({"off", "origin"})
_NO = frozenset({"off", "false", "no", "0"})
"""How a file may say what the server tells as ``off``."""
_OWN = frozenset({"plpgsql", *powers.HARMLESS_EXTENSIONS, *powers.CARRIERS})
"""Whose settings are no application's own."""


def prove_settings(
    connection: Connection, cluster: Cluster, places: Mapping[str, Place]
) -> Iterator[Fact]:
    """Tell what the server's settings let out, for everybody and for single roles."""
    rows = ask(connection, "ways.sql", "server_settings", (list(_NAMES),)) or []
    seen = {str(name): str(value) for name, value in rows}
    facts = (
        *_hidden(seen),
        *_libraries(seen),
        *_loaders(seen),
        *_archive(seen, places),
        *_programs(seen),
        *_log(seen),
        *_tampered(seen),
        *_changes(seen),
        *_coming(connection, seen, places),
        *_scoped(connection, cluster),
        *_applications(connection),
    )
    yield from along(Way.HOST, facts)


def _loaders(seen: Mapping[str, str]) -> Iterator[Fact]:
    for name, delivered in powers.LOADERS.items():
        if name in seen and seen[name] not in delivered:
            why = "the server takes code from there, and nobody has judged it"
            told = mend.setting(name, " or ".join(sorted(delivered)), restart=True)
            yield violation("server", f"{name} {seen[name]}", why, told)


def _coming(
    connection: Connection, seen: Mapping[str, str], places: Mapping[str, Place]
) -> Iterator[Fact]:
    """Judge what the server's files say and the server has not taken yet."""
    rows = ask(connection, "ways.sql", "coming_settings", (list(_NAMES),))
    if rows is None:
        yield unknown("server", "settings to come", "the role that asks may not see its files")
        return
    then = {**seen, **{str(name): _plainly(str(value)) for name, value in rows}}
    for fact in (
        *_libraries(then), *_loaders(then), *_archive(then, places), *_tampered(then),
    ):  # fmt: skip
        new = fact.verdict is Verdict.VIOLATION and any(name in fact.what for name, _ in rows)
        if new:
            why = f"{fact.why}; a file says so, for its next start"
            yield violation(fact.who, fact.what, why, fact.mend)


def _plainly(value: str) -> str:
    return "off" if value.lower() in _NO else value


def _hidden(seen: Mapping[str, str]) -> Iterator[Fact]:
    for name in (*powers.LIBRARIES, *powers.ARCHIVE, *powers.PROGRAMS):
        if name not in seen and name not in _NOT_HERE:
            yield unknown("server", name, "the role that asks may not see it")


def _libraries(seen: Mapping[str, str]) -> Iterator[Fact]:
    for name in powers.LIBRARIES:
        if name not in seen or name == "archive_library":
            continue
        loaded = [each.strip(' "') for each in seen[name].split(",") if each.strip(' "')]
        for library in loaded:
            if library.removeprefix("$libdir/") in powers.HARMLESS_LIBRARIES:
                yield allowed("server", f"{name} {library}", "known to carry nothing out")
            else:
                why = "its code runs in the server, and nobody has judged it"
                told = f"Take {library} out of {name} in the server's files, and start it again."
                yield violation("server", f"{name} {library}", why, told)
        if not loaded:
            yield absent("server", name, "no library is loaded")


def _archive(seen: Mapping[str, str], places: Mapping[str, Place]) -> Iterator[Fact]:
    mode = seen.get("archive_mode")
    by = [name for name in ("archive_command", "archive_library") if seen.get(name)]
    if mode is None:
        return
    if mode == "off" or not by or all(seen[name] == "(disabled)" for name in by):
        yield absent("server", "archive of the write-ahead log", "it is not archived")
        return
    named = [each for each in places.values() if each.kind in _KINDS and each.state == "declared"]
    what = f"archive of the write-ahead log ({', '.join(by)})"
    if named:
        place = named[0]
        yield allowed("server", what, f"the place {place.name} of the policy (line {place.line})")
    else:
        why = "every change is copied elsewhere, and no declared place of the policy is a backup"
        told = (
            "Name the place where it goes under `places:`, of the kind `backup` or `archive` and"
            " with `state: declared`; or set archive_mode to off."
        )
        yield violation("server", what, why, told)


def _programs(seen: Mapping[str, str]) -> Iterator[Fact]:
    for name in powers.PROGRAMS:
        if seen.get(name):
            yield allowed("server", name, "a program on the host: the operator's files name it")
        elif name in seen:
            yield absent("server", name, "no program is run")


def _log(seen: Mapping[str, str]) -> Iterator[Fact]:
    loud = [name for name, quiet in powers.SPOKEN.items() if seen.get(name, "") not in quiet]
    if not loud:
        yield absent("server", "statements in the server's log", "its settings keep them out")
        return
    what = f"statements in the server's log ({', '.join(loud)})"
    if {"syslog", "eventlog"} & set(seen.get("log_destination", "").replace(" ", "").split(",")):
        why = "may hold values, and are handed to the host's own log"
        quiet = ", ".join(f"{name} to {min(powers.SPOKEN[name])}" for name in loud)
        told = f"Take syslog and eventlog out of log_destination, or set {quiet}; then reload it."
        yield violation("server", what, why, told)
    else:
        yield allowed("server", what, "may hold values; they stay in files of the operator's")


def _tampered(seen: Mapping[str, str]) -> Iterator[Fact]:
    for name, why in powers.TAMPERED.items():
        if seen.get(name, "off") not in _OFF:
            value = "origin" if name == "session_replication_role" else "off"
            yield violation("server", name, why, mend.setting(name, value))


def _changes(seen: Mapping[str, str]) -> Iterator[Fact]:
    if seen.get("wal_level") == "logical":
        why = "changes can be decoded row by row, by whoever has the power REPLICATION"
        yield allowed("server", "wal_level logical", f"{why}: the operator's setting")
    elif "wal_level" in seen:
        yield absent("server", "logical decoding", "wal_level does not allow it")


def _scoped(connection: Connection, cluster: Cluster) -> Iterator[Fact]:
    found = 0
    for database, role, setting in ask(connection, "ways.sql", "scoped_settings") or []:
        name, _, _ = str(setting).partition("=")
        where = " in ".join(part for part in (role, database) if part) or "everybody"
        if "." in name:
            yield from _readable(where, name, mend.reset(name, role, database))
        if name not in powers.SCOPED:
            continue
        found += 1
        if role in cluster.roles and cluster.is_operator(role):
            yield allowed(where, f"setting {name}", "is set for it: the operator's own")
        else:
            why = "is set for whoever that is, at log-in"
            yield violation(where, f"setting {name}", why, mend.reset(name, role, database))
    if not found:
        yield absent("everybody", "settings at log-in", "none brings in code or opens the log")


def _applications(connection: Connection) -> Iterator[Fact]:
    for (name,) in ask(connection, "ways.sql", "own_settings") or []:
        told = "Take it out of the server's files, and reload it."
        yield from _readable("everybody", str(name), told)


def _readable(where: str, name: str, told: str) -> Iterator[Fact]:
    """Judge a setting that an application made up: Postgres shows it to every session."""
    if name.partition(".")[0] in _OWN:
        return
    if powers.SECRET.search(name):
        why = "is called a secret, and every session of a door can read it"
        secrets = "Keep secrets outside of the database, and change this one."
        yield violation(where, f"setting {name}", why, f"{told} {secrets}")
    else:
        yield allowed(where, f"setting {name}", "every session can read it: the operator's choice")
