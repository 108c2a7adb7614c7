"""An enclave with people whose every restricted value can be told apart, and its doors.

``SECRETS`` are the values that must not come out of a door that shows public data only, in rows,
errors or notices. They stand in every restricted column a person could look for.
"""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

import psycopg

from doubles.databases import own_database
from doubles.demo_doors import compiled, load_application, open_doors, resolve
from klover.door import Doors
from klover.policy.resolved import Resolved
from klover.store.access import write_access
from klover.store.connect import Connection, connect
from klover.store.embedded import Server
from klover.store.replay import flushed_position, wait_replayed

PEOPLE = """
insert into public.languages values ('no', 'Norwegian', 'norsk');
insert into public.accounts (id, handle, email, phone, password_hash, country, language_code)
values (4711, 'kari_handle', 'kari-mail@secret.example', '+4799887711', 'kari-hash', 'NO', 'no'),
       (4712, 'olav_handle', 'olav-mail@secret.example', '+4799887712', 'olav-hash', 'NO', 'no'),
       (4713, 'jane_handle', 'jane-mail@secret.example', '+4799887713', 'jane-hash', 'US', null);
insert into public.profiles (account_id, display_name, real_name, address)
values (4711, 'kari_shown', 'Kari Secretsen', 'Secret Street 1');
insert into public.sessions (account_id, ip, user_agent, started_at)
values (4711, '203.0.113.77', 'secret-agent', now());
insert into public.videos (id, account_id, visibility, title, duration_s, storage_key, upload_ip)
values (81, 4711, 'public', 'public-title', 10, 'public-key', '203.0.113.78'),
       (82, 4711, 'private', 'private-title', 10, 'private-key', '203.0.113.79'),
       (83, 4712, 'followers', 'followers-title', 3, 'followers-key', null);
insert into public.video_captions (video_id, language_code, body)
values (81, 'no', 'public-caption'), (82, 'no', 'private-caption');
insert into public.comments (id, video_id, account_id, body, created_at, removed_at)
values (91, 81, 4712, 'public-comment', now(), null),
       (92, 81, 4712, 'removed-comment', now(), now()),
       (93, 82, 4712, 'comment-on-private', now(), null);
insert into public.likes values (81, 4713, now()), (82, 4713, now());
insert into public.follows values (4712, 4711, now());
insert into public.messages (sender_id, recipient_id, body, sent_at)
values (4711, 4712, 'secret-message', now());
insert into public.payments
       (account_id, amount_cents, currency, status, billing_name, card, created_at)
values (4711, 987654, 'NOK', 'settled', 'Kari Billing', '4242-secret-card', now());
analyze;
"""

RESTRICTED = (
    "kari-mail", "olav-mail", "jane-mail", "secret.example", "99887711", "99887712", "6b6172692d",
    "Secretsen", "Secret Street", "203.0.113", "secret-agent", "private-title", "private-key",
    "followers-title", "private-caption", "removed-comment", "comment-on-private",
    "secret-message", "987654", "Kari Billing", "4242-secret",
)  # fmt: skip
IDENTIFIERS = ("kari_handle", "olav_handle", "4711", "4712", "4713", "public-key", "kari_shown")
SECRETS = (*RESTRICTED, *IDENTIFIERS)
"""What must not come out of the door ``engineering-abroad``."""


def leaked(told: str, secrets: tuple[str, ...] = SECRETS) -> list[str]:
    """List the secrets that stand in ``told``.

    A short number counts where it stands alone: a pseudonym holds one by chance.
    """
    return [secret for secret in secrets if _pattern(secret).search(told)]


@cache
def _pattern(secret: str) -> re.Pattern[str]:
    alone = re.fullmatch("[0-9]{1,6}", secret) is not None
    ends = ("(?<![0-9a-f-])", "(?![0-9a-f-])") if alone else ("", "")
    return re.compile(ends[0] + re.escape(secret) + ends[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclave:
    """A database with doors on a primary and its standby."""

    primary: Server
    standby: Server
    database: str
    resolved: Resolved
    doors: Doors

    def owner(self) -> Connection:
        """Connect to the primary as the store's owner."""
        return connect(self.primary.dsn(self.database), what="the test enclave")

    def session(self, slug: str, number: int = 1) -> Connection:
        """Connect to the standby as a leased session role, as the gateway does."""
        return log_in(self.session_dsn(slug, number))

    def admit_on_primary(self) -> None:
        """Have the primary admit sessions, as where doors open on one; its proof says so."""
        write_access(self.primary.data, self.primary.binaries, sessions=True)
        with self.owner() as owner:
            owner.execute("select pg_reload_conf()")

    def primary_session(self, slug: str, number: int = 1) -> Connection:
        """Connect to the primary as a session role, once it admits them."""
        return log_in(self.primary_dsn(slug, number))

    def primary_dsn(self, slug: str, number: int = 1) -> str:
        """Tell the connection string of a session role on the primary."""
        return self.primary.dsn(self.database, f"klover_s_{slug}_{number:02d}")

    def session_dsn(self, slug: str, number: int = 1) -> str:
        """Tell the connection string of a session role on the standby."""
        return self.standby.dsn(self.database, f"klover_s_{slug}_{number:02d}")

    def catch_up(self) -> None:
        """Wait until the standby has what the primary has."""
        with self.owner() as primary:
            position = flushed_position(primary)
        with connect(self.standby.dsn(), what="the test standby") as standby:
            wait_replayed(standby, position)


@contextmanager
def enclave(primary: Server, standby: Server, database: str) -> Iterator[Enclave]:
    """Make an enclave in a database of its own, and drop it afterwards."""
    with own_database(primary, database) as owner:
        load_application(owner)
        resolved = resolve(owner)
        doors = compiled(owner, resolved)
        open_doors(owner, doors)
        owner.execute(PEOPLE)
        made = Enclave(
            primary=primary, standby=standby, database=database, resolved=resolved, doors=doors
        )
        made.catch_up()
        yield made


def log_in(dsn: str, options: str = "") -> Connection:
    """Log in; a role is free only when the server process of its last session has gone.

    The same holds for rules of pg_hba.conf that were loaded a moment ago.
    """
    deadline = time.monotonic() + 60
    while True:
        try:
            return psycopg.connect(dsn, autocommit=True, options=options)
        except psycopg.OperationalError as error:
            passing = "too many connections" in str(error) or "pg_hba.conf rejects" in str(error)
            if not passing or time.monotonic() > deadline:
                raise
        time.sleep(0.02)  # what is waited for needs the processor, too


def everything_told(connection: Connection, statements: tuple[str, ...]) -> tuple[str, str]:
    """Run statements until one fails; tell all that came back, and the last SQLSTATE.

    Rows, column names, notices and every field of an error count as told.
    """
    told: list[str] = []
    connection.add_notice_handler(lambda notice: told.append(_all_of(notice)))
    try:
        for statement in statements:
            if statement.lower().startswith("copy"):
                with connection.cursor().copy(statement.encode()) as copy:
                    told += [bytes(block).decode(errors="replace") for block in copy]
                continue
            cursor = connection.execute(statement.encode())
            if cursor.description:
                told += [repr(cursor.fetchall())]
    except psycopg.Error as error:
        return "\n".join([*told, _all_of(error.diag), str(error)]), error.sqlstate or "?"
    return "\n".join(told), ""


def _all_of(diagnostic: psycopg.errors.Diagnostic) -> str:
    fields = [name for name in dir(diagnostic) if not name.startswith("_")]
    return " ".join(str(getattr(diagnostic, name)) for name in fields)
