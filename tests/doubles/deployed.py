"""A small deployment on real servers, and the real command line run against it.

300 people elsewhere, an enclave with their schema and its doors applied, a complete
``klover.toml``. ``Deployed.klover`` runs the installed program; ``refused`` holds what it said
against the rules for wrong input; ``state`` digests everything both databases hold.
"""

import hashlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from psycopg import sql

from doubles.ports import free_ports
from klover.demo import ground, people
from klover.demo.cast import cast
from klover.demo.deployment import make_deployment
from klover.demo.ground import DATABASE, Ground
from klover.store.connect import connect

KLOVER = str(Path(sys.executable).with_name("klover"))
PEOPLE, SEED = 300, 7
_LINES = 3
_CATALOG = """
select md5(string_agg(line, E'\\n' order by line)) from (
  select 'class', concat_ws('|', oid, relname, relnamespace, relowner, relkind, relacl::text,
    reloptions::text, relhastriggers, relrowsecurity) from pg_class
    where relnamespace <> 'pg_toast'::regnamespace and relpersistence <> 't'
  union all select 'attribute', concat_ws('|', attrelid, attnum, attname, atttypid, attnotnull,
    attacl::text, attisdropped) from pg_attribute a join pg_class c on c.oid = attrelid
    where c.relpersistence <> 't' and c.relnamespace <> 'pg_toast'::regnamespace
  union all select 'namespace', concat_ws('|', oid, nspname, nspowner, nspacl::text)
    from pg_namespace where nspname !~ '^pg_(toast_)?temp'
  union all select 'proc', concat_ws('|', oid, proname, proowner, proacl::text, md5(prosrc))
    from pg_proc
  union all select 'trigger', concat_ws('|', oid, tgrelid, tgname, tgenabled) from pg_trigger
  union all select 'constraint', concat_ws('|', oid, conname, conrelid) from pg_constraint
  union all select 'role', concat_ws('|', oid, rolname, rolsuper, rolinherit, rolcreaterole,
    rolcanlogin, rolconnlimit) from pg_roles
  union all select 'member', concat_ws('|', roleid, member, admin_option) from pg_auth_members
  union all select 'default', concat_ws('|', defaclrole, defaclnamespace, defaclacl::text)
    from pg_default_acl
) as found (kind, line)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How a command ended and what it said."""

    code: int
    out: str
    err: str

    def json(self) -> object:
        """Read standard output as one JSON document."""
        assert self.code == 0, self.err
        return json.loads(self.out)

    def refused(self, code: int, *words: str) -> None:
        """Hold it against the rules: one sentence or two, no trace, the exit code, no value."""
        assert self.code == code, (self.code, self.out[-1000:], self.err[-1000:])
        assert "Traceback" not in self.err, self.err
        assert self.err.startswith("klover: "), self.err
        assert len(self.err.splitlines()) <= _LINES, self.err
        for word in words:
            assert word in self.err, (word, self.err)
        tells_nobody(self.out + self.err)


def klover(
    *words: str | Path,
    folder: Path | None = None,
    seconds: float = 240,
) -> Done:
    """Run the command line to its end."""
    done = subprocess.run(
        [KLOVER, *map(str, words)],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        cwd=folder,
        env=environment(),
        timeout=seconds,
    )
    return Done(code=done.returncode, out=done.stdout, err=done.stderr)


@contextmanager
def up(*words: str | Path, file_bytes: int | None = None) -> Iterator["Up"]:
    """Run ``klover up`` until the block ends, from when it is open.

    No file may grow beyond ``file_bytes``, as on a disk that is full.
    """
    process = subprocess.Popen(
        [KLOVER, "up", "--json", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
        env=environment(),
        preexec_fn=None if file_bytes is None else partial(_limit, file_bytes),  # noqa: PLW1509
    )
    running = Up(process=process)
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        if not first:
            raise AssertionError(running.end(signal=None).err)
        assert json.loads(first)["listeners"]
        yield running
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Up:
    """A gateway's process."""

    process: subprocess.Popen[str]

    def end(self, signal: int | None = signal.SIGINT) -> Done:
        """Wait until it ends, after a signal unless that is None."""
        if signal is not None:
            self.process.send_signal(signal)
        out, err = self.process.communicate(timeout=240)
        return Done(code=self.process.returncode, out=out, err=err)


@cache
def secrets() -> frozenset[str]:
    """List what only a person's rows hold: e-mails, phone numbers, names, addresses."""
    everybody = cast(people=PEOPLE, seed=SEED)
    ways = (everybody.email, everybody.phone, everybody.name, everybody.ip4)
    return frozenset(way(person) for way in ways for person in range(PEOPLE))


def tells_nobody(text: str) -> None:
    """No person's value stands in ``text``."""
    assert [value for value in secrets() if value in text] == []


def state(dsn: str) -> str:
    """Digest a database: its catalog and every row of every table."""
    digest = hashlib.sha256()
    with connect(dsn, what="a test database") as connection:
        digest.update(repr(connection.execute(_CATALOG).fetchone()).encode())
        tables = connection.execute(
            """select nspname, relname from pg_class c join pg_namespace n on n.oid = relnamespace
               where relkind = 'r' and relpersistence <> 't'
                 and nspname <> all (array['pg_catalog', 'information_schema'])
               order by 1, 2"""
        ).fetchall()
        for schema, table in tables:
            query = sql.SQL(
                "select count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) from {} as t"
            ).format(sql.Identifier(schema, table))
            digest.update(repr((schema, table, connection.execute(query).fetchone())).encode())
    return digest.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """The running deployment; every variant is a file beside its ``klover.toml``."""

    ground: Ground

    @property
    def folder(self) -> Path:
        return self.ground.folder

    @property
    def source(self) -> str:
        return self.ground.source_dsn()

    @property
    def enclave(self) -> str:
        return self.ground.primary.dsn(DATABASE)

    def variant(self, name: str, *changes: tuple[str, str]) -> Path:
        """Write ``name``.toml: the deployment's file with each pattern replaced, once."""
        text = self.ground.configuration.read_text()
        for pattern, to in changes:
            found = re.search(pattern, text, re.MULTILINE)
            assert found is not None, pattern
            text = text[: found.start()] + to + text[found.end() :]
        path = self.folder / f"{name}.toml"
        path.write_text(text)
        return path

    def policy(self, name: str, *changes: tuple[str, str]) -> Path:
        """Write ``name``.yaml with each text replaced once, and ``name``.toml that names it."""
        text = (self.folder / "klover.yaml").read_text()
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        (self.folder / f"{name}.yaml").write_text(text)
        return self.variant(name, (r"^policy = .*$", f'policy = "{name}.yaml"'))

    def both(self) -> tuple[str, str]:
        """Digest both sides."""
        return state(self.source), state(self.enclave)


@contextmanager
def deployed() -> Iterator[Deployed]:
    """Run the servers, fill the source, and bring schema and doors into the enclave."""
    offices = ground.OFFICES
    ports = dict(zip(offices, free_ports(len(offices)), strict=True))
    with ground.folder(None) as folder, ground.servers(folder, ports, lambda _: None) as running:
        with connect(running.source_dsn(), what="elsewhere") as connection:
            people.create_application(connection)
            people.populate(connection, people=PEOPLE, seed=SEED, progress=lambda *_: None)
        make_deployment(running)
        made = Deployed(ground=running)
        for words in (("migrate", "schema"), ("doors", "apply")):
            done = klover(*words, "--config", running.configuration)
            assert done.code == 0, done.err
        yield made


def _limit(file_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes, file_bytes))


def environment() -> dict[str, str]:
    return {**os.environ, "COLUMNS": "120"}
