"""A gateway in a thread before a hand-made door, for tests: tokens, certificate, recorder.

The door stands on the test server, the gateway opens it on the standby. Nothing of the product's
door or log rooms is used, so these tests show the gateway alone.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import psycopg

from doubles.gateway_thread import GatewayThread
from doubles.memory_recorder import MemoryRecorder
from klover.config import Backend, Gateway as Settings, Issuer, Listener
from klover.event import Event, Recorder
from klover.gateway.authenticate import trust
from klover.gateway.certificate import make_certificate
from klover.gateway.daily import Tally
from klover.gateway.door import DoorAddress
from klover.gateway.server import Gateway
from klover.gateway.token import issue, make_keys
from klover.policy.model import Policy
from klover.policy.parse import parse
from klover.store.access import OWNER
from klover.store.connect import connect
from klover.store.embedded import PORT, Server
from klover.store.replay import flushed_position, wait_replayed

_Kind = TypeVar("_Kind", bound=Event)
Connection = psycopg.Connection[tuple[Any, ...]]

POLICY = """
klover: 1
enclave: europe
rests_in: [EEA, GB, CH]
subjects: {table: accounts, key: id, home: country, inside: [EEA, GB, CH]}
tables:
  accounts:
    columns:
      id: interoperable
      handle: public
      country: interoperable
audiences:
  trust-and-safety:
    who: {groups: [trust-safety], located: [EEA, GB, CH]}
    sees: [restricted, interoperable, public]
    identifiers: clear
    requires: {purpose: [abuse, legal], reference: "CASE-[0-9]+", expires: 8h}
  engineering-abroad:
    who: {groups: [engineering], located: any}
    sees: [interoperable, public]
    identifiers: pseudonymised
networks: {10.20.0.0/16: IE, 10.60.0.0/16: CN}
"""
PATIENT = 90.0
"""Seconds that no test waits for unless something is wrong, however busy the machine."""
ISSUER = "https://issuer.test"
SERVICE = "klover"
DOORS = {
    "trust-and-safety": DoorAddress(
        schema="door_trust_and_safety",
        session_roles=("klover_s_gate_ts_01", "klover_s_gate_ts_02"),
        conceals_rows=False,
    ),
    "engineering-abroad": DoorAddress(
        schema="door_engineering_abroad",
        session_roles=tuple(f"klover_s_gate_ea_{n:02}" for n in range(1, 6)),
    ),
}
SETUP = """
create table accounts (id int primary key, handle text, country text, email text);
insert into accounts select n, 'handle ' || n, 'NO', 'person' || n || '@example.org'
from generate_series(1, 1000) as n;
create table videos (id int primary key, account_id int, title text);
insert into videos select n, n % 1000 + 1, 'title ' || n from generate_series(1, 5000) as n;
"""


def make_doors(connection: Connection) -> None:
    """Make tables, views and session roles by hand, as the doors room would."""
    connection.execute("set search_path = public")
    connection.execute(SETUP)
    for table in ("accounts", "videos"):  # now, so that no plan changes later on by itself
        connection.execute(f"vacuum analyze {table}")
    for audience, door in DOORS.items():
        columns = "*" if audience == "trust-and-safety" else "id, handle, country"
        connection.execute(f"create schema {door.schema}")
        connection.execute(
            f"create view {door.schema}.accounts with (security_barrier) as "
            f"select {columns} from public.accounts"
        )
        connection.execute(
            f"create view {door.schema}.videos with (security_barrier) as "
            "select * from public.videos"
        )
        for role in door.session_roles:
            connection.execute(
                f"do $$ begin create role {role} login connection limit 1 in role klover_session; "
                "exception when duplicate_object then null; end $$"
            )
            connection.execute(f"grant usage on schema {door.schema} to {role}")
            connection.execute(f"grant select on all tables in schema {door.schema} to {role}")


@contextmanager
def hand_made_doors(server: Server, standby: Server) -> Iterator[Backend]:
    """Make the doors in a fresh database, and tell how a gateway reaches them on the standby."""
    name = f"t_gateway_{uuid.uuid4().hex[:8]}"
    with connect(server.dsn(), what="the test server") as owner:
        owner.execute(f"create database {name}")
        with connect(server.dsn(name), what="the test database") as connection:
            make_doors(connection)
        with connect(standby.dsn(), what="the standby") as replayed:
            wait_replayed(replayed, flushed_position(owner))
        yield Backend(host=str(standby.sockets), port=PORT, database=name)
        owner.execute(f"drop database {name} with (force)")


def until(holds: Callable[[], bool]) -> None:
    """Wait for what another thread, process or server is about to do."""
    deadline = time.monotonic() + PATIENT
    while not holds():
        assert time.monotonic() < deadline, "it never did"
        time.sleep(0.01)


def replicate(server: Server, backend: Backend) -> None:
    """Wait until the standby has what the primary has."""
    with connect(server.dsn(), what="the primary") as primary:
        position = flushed_position(primary)
    owner = f"host={backend.host} port={backend.port} user={OWNER} dbname=postgres"
    with connect(owner, what="the standby") as replayed:
        wait_replayed(replayed, position)


@dataclass(kw_only=True)
class House:
    """Everything a test needs to knock at the gateway."""

    folder: Path
    backend: Backend
    recorder: Recorder = field(default_factory=MemoryRecorder)
    policy: Policy = field(default_factory=lambda: parse(POLICY, "klover.yaml"))
    listeners: tuple[Listener, ...] = (
        Listener(host="127.0.0.1", port=0, simulated_client="10.20.0.7"),
        Listener(host="127.0.0.1", port=0, simulated_client="10.60.0.7"),
        Listener(host="127.0.0.1", port=0),
    )
    doors: dict[str, DoorAddress] = field(default_factory=lambda: dict(DOORS))
    max_sessions: int = 16
    login_seconds: float = PATIENT
    lease_seconds: float = PATIENT
    tally: Tally | None = None
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))

    def __post_init__(self) -> None:
        self.trial_key, self.keys = make_keys()
        certificate = make_certificate(["localhost", "127.0.0.1"], now=datetime.now(UTC))
        self.root = self.folder / "root.pem"
        self.root.write_bytes(certificate.root)
        (self.folder / "chain.pem").write_bytes(certificate.chain)
        (self.folder / "key.pem").write_bytes(certificate.private_key)

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:  # noqa: FBT001 - Hypothesis' own
        """Leave out the policy and what is on record: they would bury what a test says."""
        printer.text(f"House({self.folder})")

    def gateway(self) -> Gateway:
        """Build the gateway as the product does."""
        return Gateway(
            settings=Settings(
                listeners=self.listeners,
                certificate=str(self.folder / "chain.pem"),
                private_key=str(self.folder / "key.pem"),
                backend=self.backend,
                max_sessions=self.max_sessions,
            ),
            policy=self.policy,
            doors=self.doors,
            trust=trust(Issuer(name=ISSUER, audience=SERVICE, keys="keys.json"), self.keys),
            recorder=self.recorder,
            tally=self.tally,
            now=self.now,
            login_seconds=self.login_seconds,
            lease_seconds=self.lease_seconds,
        )

    def run(self) -> GatewayThread:
        """Run it in a thread; a context manager."""
        self.thread = GatewayThread(self.gateway())
        return self.thread

    def token(
        self,
        *,
        groups: Sequence[str] = ("trust-safety", "engineering"),
        country: str | None = "IE",
        lifetime: timedelta = timedelta(hours=1),
        now: datetime | None = None,
        trial_key: str | None = None,
        issuer: str = ISSUER,
        audience: str = SERVICE,
        subject: str = "aoife",
        claims: Mapping[str, object] | None = None,
    ) -> str:
        """Sign a token."""
        return issue(
            trial_key or self.trial_key,
            issuer=issuer,
            audience=audience,
            subject=subject,
            groups=groups,
            country=country,
            now=now or self.now(),
            lifetime=lifetime,
            claims=claims,
        )

    def parameters(self, audience: str = "trust-and-safety", listener: int = 0) -> dict[str, Any]:
        """Tell how a client connects."""
        options = "-c klover.purpose=abuse -c klover.reference=CASE-7"
        return {
            "host": "127.0.0.1",
            "port": self.thread.addresses[listener][1],
            "dbname": "app",
            "user": audience,
            "password": self.token(),
            "options": options if audience == "trust-and-safety" else "",
            "sslmode": "verify-full",
            "sslrootcert": str(self.root),
            "connect_timeout": int(PATIENT),
        }

    def connect(
        self, audience: str = "trust-and-safety", listener: int = 0, **changed: Any
    ) -> Connection:
        """Connect as an ordinary client."""
        parameters = {**self.parameters(audience, listener), "autocommit": True, **changed}
        return psycopg.connect(**parameters)

    def wait_until_active(self, text: str = "pg_sleep") -> None:
        """Wait until the store runs a statement with ``text`` in it for a session role."""
        query = (
            "select count(*) from pg_stat_activity "
            "where state = 'active' and usename like 'klover_s_gate%%' and query like %s"
        )
        owner = f"host={self.backend.host} port={self.backend.port} user={OWNER} dbname=postgres"
        with connect(owner, what="the standby") as connection:
            until(lambda: connection.execute(query, (f"%{text}%",)).fetchone() != (0,))

    @property
    def events(self) -> list[Event]:
        """What is on record so far."""
        assert isinstance(self.recorder, MemoryRecorder)
        return self.recorder.events

    def recorded(self, kind: type[_Kind]) -> list[_Kind]:
        """Tell the events of one kind so far."""
        return [event for event in self.events if isinstance(event, kind)]
