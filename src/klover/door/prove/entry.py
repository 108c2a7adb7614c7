"""Who is let in: ``pg_hba.conf`` and ``pg_ident.conf`` as the server reads them, line by line.

Sessions come in where doors open, over a unix socket, by the account that the gateway runs as,
and nowhere else: a line that admits their roles by another way lets people pass the gateway.
Nobody comes in by a bare word (``trust``) unless the socket belongs to the server's account alone.
https://www.postgresql.org/docs/18/auth-pg-hba-conf.html
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_network

from klover.door import naming
from klover.door.asking import Rows, ask
from klover.door.proof import Fact, Way, absent, allowed, along, unknown, violation
from klover.store.connect import Connection

_FILE = "entry.sql"
_PASSWORDS = frozenset({"password", "md5", "scram-sha-256", "ldap", "radius", "pam", "bsd"})
_TOLD = "docs/deployment.md has the lines that are needed."
_PEER = (
    f"Let sessions in by `local all +{naming.GROUP} peer map=…` alone, above other lines, with the"
    f" gateway's account in the map; {_TOLD}"
)
_ABOVE = (
    f"Write `host all +{naming.GROUP} all reject` above it, on a primary also `local all"
    f" +{naming.GROUP} reject`; {_TOLD}"
)
_OPEN_TO_ALL = 0o007
_OPEN_TO_GROUP = 0o070


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One rule of pg_hba.conf."""

    number: int
    kind: str
    databases: tuple[str, ...]
    users: tuple[str, ...]
    address: str
    mask: str
    method: str
    options: tuple[str, ...]
    file: str
    """The included file it stands in; empty for pg_hba.conf itself."""
    plain: bool
    """Whether each word means what it says: none is in quotes, or a file's name."""

    @property
    def name(self) -> str:
        """What people see of it."""
        where = f"line {self.number} of {self.file}" if self.file else f"line {self.number}"
        return f"pg_hba.conf {where} ({self.kind})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What of the server decides which lines count."""

    standby: bool
    listens: bool
    private: bool
    """Whether only the server's own account may use its socket."""
    database: str


def prove_entry(
    connection: Connection, sessions: Collection[str], doors: Collection[str], *, on_standby: bool
) -> Iterator[Fact]:
    """Tell who is let in. ``sessions`` and ``doors`` are the names of those roles."""
    yield from along(Way.ENTRY, _entry(connection, sessions, doors, on_standby=on_standby))


def _entry(
    connection: Connection, sessions: Collection[str], doors: Collection[str], *, on_standby: bool
) -> Iterator[Fact]:
    gone = {file for (file,) in ask(connection, _FILE, "gone") or []}
    if "pg_hba.conf" in gone:
        why = "is not there, so the server keeps rules that nobody sees"
        yield violation("server", "pg_hba.conf", why, "Put it back, and reload the server.")
        return
    rows = ask(connection, _FILE, "rules")
    # A server starts without that file, and maps nobody.
    maps = [] if "pg_ident.conf" in gone else ask(connection, _FILE, "maps")
    told = ask(connection, _FILE, "entrance")
    if rows is None or maps is None or not told:
        yield unknown("sessions", "pg_hba.conf", "only a superuser sees it")
        return
    server = _server(told[0])
    yield from _doubts(connection, rows, gone)
    lines = [_line(row) for row in rows if row[8] is None]
    lines = [line for line in lines if line.kind == "local" or server.listens]
    for line in lines:
        yield from _anybody(line, server)
    if server.standby or not on_standby:
        yield from _sessions(lines, maps, server, sessions, doors)
    else:
        yield from _kept_out(lines, server, sessions, doors)


def _server(row: tuple[object, ...]) -> Server:
    standby, listens, permissions, database = row
    bits = int(str(permissions), 8)
    return Server(
        standby=bool(standby),
        listens=bool(listens),
        private=not bits & (_OPEN_TO_ALL | _OPEN_TO_GROUP),
        database=str(database),
    )


def _line(row: tuple[object, ...]) -> Line:
    number, kind, databases, users, address, mask, method, options, _, file, plain = row
    return Line(
        number=int(str(number)),
        kind=str(kind),
        databases=_words(databases),
        users=_words(users),
        address=str(address or ""),
        mask=str(mask or ""),
        method=str(method),
        options=_words(options),
        file=str(file or ""),
        plain=bool(plain),
    )


def _words(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _doubts(connection: Connection, rows: Rows, gone: Collection[str]) -> Iterator[Fact]:
    wrong = [row[0] for row in rows if row[8] is not None]
    if wrong:
        why = f"line {wrong[0]} cannot be read, so the server keeps older rules that nobody sees"
        told = f"Mend that line, and reload the server; {_TOLD}"
        yield violation("server", "pg_hba.conf", why, told)
    for file in gone:  # what was changed cannot be asked then
        why = "is not there; make one, empty where nobody is mapped, and reload the server"
        yield unknown("server", file, why)
    changed = [] if gone else ask(connection, _FILE, "changed")
    if changed is None:
        yield unknown("server", "pg_hba.conf", "whether the server has read it cannot be told")
    for (file,) in changed or []:
        yield unknown("server", file, "was changed after the server read it; reload the server")


def _anybody(line: Line, server: Server) -> Iterator[Fact]:
    """Judge a line for whoever it lets in, sessions or not."""
    if line.method == "trust" and not (line.kind == "local" and server.private):
        why = f"takes anybody's word for being {_who(line)}"
        told = f"Let it ask: scram-sha-256 over the network, peer on a socket; {_TOLD}"
        yield violation("anybody", line.name, why, told)
    elif line.method == "password" and line.kind != "hostssl":
        why = "has passwords sent in the clear"
        told = f"Write scram-sha-256 instead of password; {_TOLD}"
        yield violation("anybody", line.name, why, told)
    elif line.method != "reject":
        clear = " without TLS" if line.kind in {"host", "hostnossl"} else ""
        yield allowed(_who(line), line.name, f"lets in by {line.method}{clear}: the operator")


def _who(line: Line) -> str:
    return ", ".join(line.users)


def _kept_out(
    lines: list[Line], server: Server, sessions: Collection[str], doors: Collection[str]
) -> Iterator[Fact]:
    admitting = list(_admitting(lines, server, sessions, doors))
    for line in admitting:
        yield violation("sessions", line.name, "lets sessions in on a primary", _ABOVE)
    if not admitting:
        yield absent("sessions", "entry on the primary", "every line turns them away")


def _sessions(
    lines: list[Line],
    maps: Rows,
    server: Server,
    sessions: Collection[str],
    doors: Collection[str],
) -> Iterator[Fact]:
    for line in _admitting(lines, server, sessions, doors):
        if line.kind != "local":
            why = "lets sessions in over the network, past the gateway"
            yield violation("sessions", line.name, why, _ABOVE)
        elif line.method in _PASSWORDS:
            why = "asks for a password, which lets in whoever knows it, past the gateway"
            yield violation("sessions", line.name, why, _PEER)
        elif line.method == "trust" and server.private:
            yield allowed("sessions", line.name, "by trust; the socket is the server account's own")
        elif line.method == "peer":
            yield _by_peer(line, maps, sessions, doors)
        elif line.method != "trust":  # that one is told already, for everybody
            why = f"lets sessions in by {line.method}, past the gateway"
            yield violation("sessions", line.name, why, _PEER)


def _by_peer(line: Line, maps: Rows, sessions: Collection[str], doors: Collection[str]) -> Fact:
    """Judge which accounts of the host may be session roles."""
    name = next((o.partition("=")[2] for o in line.options if o.startswith("map=")), None)
    if name is None:
        why = "lets in accounts of the host that have a session's name, past the gateway"
        return violation("sessions", line.name, why, _PEER)
    accounts = set()
    for its, account, role, error in maps:
        if its == name and error is None and _means(str(role), sessions, doors):
            accounts.add(str(account))
    open_to = sorted(each for each in accounts if each.startswith("/"))
    if open_to or len(accounts) > 1:
        why = f"several accounts of the host may be sessions: {', '.join(sorted(accounts))}"
        told = f"Leave the gateway's account alone in that map of pg_ident.conf; {_TOLD}"
        return violation("sessions", f"{line.name}, map {name}", why, told)
    if not accounts:
        return absent("sessions", f"{line.name}, map {name}", "no account may be a session")
    (account,) = accounts
    why = f"by peer: the account {account}, which the gateway runs as"
    return allowed("sessions", f"{line.name}, map {name}", why)


def _means(role: str, sessions: Collection[str], doors: Collection[str]) -> bool:
    r"""Tell whether a pattern of pg_ident.conf can mean a session; ``\1`` and ``/…`` may."""
    return (
        role in {"all", *sessions}
        or role in {f"+{naming.GROUP}", *(f"+{door}" for door in doors)}
        or role.startswith("/")
        or "\\1" in role
    )


def _admitting(
    lines: list[Line], server: Server, sessions: Collection[str], doors: Collection[str]
) -> Iterator[Line]:
    """Tell the lines by which some session gets in: the first that fits decides."""
    decided: list[Line] = []
    for line in lines:
        if not _fits(line, server, sessions, doors) or any(_covers(e, line) for e in decided):
            continue
        if _all_of_them(line, server):
            decided.append(line)
        if line.method != "reject":
            yield line


def _covers(earlier: Line, later: Line) -> bool:
    """Tell whether an earlier line decides every connection that a later one is for."""
    if earlier.kind not in {later.kind, "host"} or (earlier.kind == "host") > (
        later.kind != "local"
    ):
        return False
    if earlier.kind == "local" or earlier.address == "all":
        return True
    wide, narrow = _network(earlier), _network(later)
    if wide is None or narrow is None or wide.version != narrow.version:
        return earlier.address == later.address and earlier.mask == later.mask
    return int(wide.network_address) <= int(narrow.network_address) and int(
        narrow.broadcast_address
    ) <= int(wide.broadcast_address)


def _network(line: Line) -> IPv4Network | IPv6Network | None:
    """Read a line's addresses; None for names and words (``samenet``)."""
    try:
        if ":" not in line.address:
            return ip_network(f"{line.address}/{line.mask}", strict=False)
        ones = int(IPv6Address(line.mask)).bit_count()
        return ip_network(f"{line.address}/{ones}", strict=False)
    except ValueError:
        return None


def _all_of_them(line: Line, server: Server) -> bool:
    every = {"all", server.database} & set(line.databases)
    return line.plain and bool(every) and bool({"all", f"+{naming.GROUP}"} & set(line.users))


def _fits(line: Line, server: Server, sessions: Collection[str], doors: Collection[str]) -> bool:
    here = {"all", server.database, "sameuser", "samerole", "samegroup"}
    databases = any(name in here or name.startswith("/") for name in line.databases)
    groups = {f"+{naming.GROUP}", *(f"+{door}" for door in doors)}
    users = any(name in {"all", *groups, *sessions} or name.startswith("/") for name in line.users)
    return databases and users
