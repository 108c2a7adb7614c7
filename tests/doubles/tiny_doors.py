"""The smallest application with everything that doors hook into, for tests of a door's life.

Two audiences, a reference that is pseudonymised, a condition on rows, a partitioned table.
"""

from doubles.demo_doors import compiled, resolve
from doubles.memory_recorder import MemoryRecorder
from klover import door
from klover.door import Doors
from klover.door.turn import Patience
from klover.store.connect import Connection

LATER = "2026-11-24T01:00:00.000000+00:00"
HURRY = Patience(lock=0.1, attempts=2, pause=0.05)
SCHEMA = """
create table public.people (id int primary key, name text, country text, birth text);
create table public.posts (id bigint primary key, author int not null references public.people,
  seen boolean not null default true, body text, score int);
create table public.visits (person int references public.people, day date not null, place text,
  primary key (person, day)) partition by range (day);
create table public.visits_2026 partition of public.visits
  for values from ('2026-01-01') to ('2027-01-01');
insert into public.people values (1, 'Kari', 'NO', '1990'), (2, 'Jane', 'US', '1985');
insert into public.posts values (10, 1, true, 'hello', 3), (11, 2, false, 'hidden', 5);
insert into public.visits values (1, '2026-03-01', 'Hamar');
"""
POLICY = """
klover: 1
enclave: europe
rests_in: [EEA]
subjects: {table: people, key: id, home: country, inside: [EEA]}
tables:
  people:
    public_rows: true
    columns:
      id: {class: public, identifies: directly}
      name: {class: public, identifies: "no"}
      country: {class: public, identifies: indirectly}
  posts:
    subject: author
    public_rows: seen
    columns:
      id: {class: public, identifies: "no"}
      author: {class: interoperable, identifies: directly}
      body: {class: public, identifies: "no"}
      score: {class: public, identifies: "no"}
  visits:
    subject: person
    columns:
      person: {class: interoperable, identifies: directly}
      day: {class: public, identifies: "no"}
audiences:
  abroad:
    who: {groups: [abroad], located: any}
    sees: [interoperable, public]
  home:
    who: {groups: [home], located: [EEA]}
    sees: [restricted, interoperable, public]
    identifiers: clear
"""
SOUND = POLICY + "    requires: {purpose: [help]}\n"
"""The same without what its check finds: a command refuses to make doors by the other."""


def make_tables(connection: Connection) -> None:
    """Create the application's tables, with a few rows."""
    connection.execute(SCHEMA.encode())


def tiny_doors(
    connection: Connection, policy: str = POLICY, *, countries: str | None = None
) -> Doors:
    """Compile the doors of the tiny application; ``countries`` is the file that a policy pins."""
    return compiled(connection, resolve(connection, policy, countries), 1)


def shut(connection: Connection, *audiences: str) -> door.Suspended:
    """Suspend the doors of some audiences, or of all."""
    return door.suspend(connection, audiences, MemoryRecorder(), LATER)


def views(connection: Connection) -> list[str]:
    """List the views of all doors."""
    found = connection.execute(
        "select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = relnamespace"
        " where nspname like 'door%' order by 1"
    )
    return [name for (name,) in found]
