"""A small application with every way of naming a row, and what its people are called at a door.

``pseudonym`` computes with the standard library what the database has to hold; the keys are read
as only the store's owner can.
"""

import hmac
import uuid

from psycopg import sql

from klover.door import naming
from klover.store.connect import Connection

SCHEMA = """
create table public.accounts (id bigint primary key, handle text, country text,
                              settings jsonb, raw json);
create table public.statuses (id bigint primary key,
                              account_id bigint not null references public.accounts, body text);
create index on public.statuses (account_id);
create table public.notes (id uuid primary key default gen_random_uuid(),
                           account_id bigint references public.accounts,
                           about_id bigint, about_type varchar(20));
create table public.chats (id int primary key, member_ids bigint[]);
create table public.visits (at date not null, account_id bigint references public.accounts,
                            primary key (at, account_id)) partition by range (at);
create table public.visits_2025 partition of public.visits
  for values from ('2025-01-01') to ('2026-01-01');
create table public.visits_2026 partition of public.visits
  for values from ('2026-01-01') to ('2027-01-01');
create table public.posts (id numeric primary key, account_id bigint references public.accounts);
create table public.films (length int) inherits (public.posts);
create table public.teams (region text, number numeric, account_id bigint
                           references public.accounts, primary key (region, number));
create table public.players (id int primary key, region text, team numeric,
                             foreign key (region, team) references public.teams);
create view public.recent as
  select id, account_id, about_id, about_type from public.notes;
create materialized view public.crowds as
  select c.id, c.member_ids, p.region, p.team from public.chats c
    left join public.players p on p.id = c.id;
"""

POLICY = """
klover: 1
enclave: europe
rests_in: [EEA]
subjects: {table: accounts, key: id, home: country, inside: [EEA]}
tables:
  accounts:
    public_rows: true
    columns:
      id: interoperable
      country: {class: interoperable, identifies: indirectly, coarsen: region}
      settings:
        class: restricted
        paths:
          theme: {class: public, identifies: no}
          mail: {class: interoperable, identifies: no}
          mail.to: restricted
      raw:
        class: restricted
        paths:
          theme: {class: public, identifies: no}
          mail: {class: interoperable, identifies: no}
          mail.to: restricted
  statuses:
    subject: account_id
    public_rows: true
    columns: {id: interoperable, account_id: interoperable}
  notes:
    subject: [account_id, 'about_id(Status).account_id', 'about_id(Person)']
    public_rows: true
    hangs_off: []
    references:
      about_id: {by: about_type, Status: statuses.id, Person: accounts.id}
    columns: {id: interoperable, account_id: interoperable, about_id: interoperable,
              about_type: {class: public, identifies: no}}
  chats:
    subject: "member_ids[]"
    public_rows: true
    hangs_off: []
    references: {"member_ids[]": accounts.id}
    columns: {id: {class: public, identifies: no}, member_ids: interoperable}
  visits:
    subject: account_id
    public_rows: true
    columns: {account_id: interoperable, at: {class: public, identifies: no}}
  posts:
    subject: account_id
    public_rows: true
    columns: {id: interoperable, account_id: interoperable}
  teams:
    subject: account_id
    public_rows: true
    columns: {region: {class: public, identifies: no}, number: interoperable,
              account_id: interoperable}
  players:
    subject: (region, team).account_id
    public_rows: true
    columns: {id: interoperable, region: {class: public, identifies: no}, team: interoperable}
  recent:
    subject: account_id
    public_rows: true
    hangs_off: []
    key: id
    references:
      account_id: accounts.id
      about_id: {by: about_type, Status: statuses.id, Person: accounts.id}
    columns: {account_id: interoperable, about_id: interoperable,
              about_type: {class: public, identifies: no}}
  crowds:
    subject: "member_ids[]"
    public_rows: true
    hangs_off: []
    key: id
    references:
      "member_ids[]": accounts.id
      "(region, team)": "teams.(region, number)"
    columns: {id: {class: public, identifies: no}, member_ids: interoperable,
              region: {class: public, identifies: no}, team: interoperable}
audiences:
  abroad:
    who: {groups: [a], located: any}
    sees: [interoperable, public]
  research:
    who: {groups: [r], located: any}
    sees: [interoperable, public]
"""

ROWS = """
insert into public.accounts values
  (1, 'kari', 'NO', '{"theme": "dark", "mail": {"to": "kari@x.example", "daily": true}}',
   '{"theme": "dark", "mail": {"to": "kari@x.example", "daily": true}}'),
  (2, 'olav', 'NO', '[1]', '[1]'), (3, 'jane', 'US', null, null);
insert into public.statuses values (10, 1, 'a'), (11, 2, 'b');
insert into public.notes (account_id, about_id, about_type) values
  (1, 10, 'Status'), (1, 2, 'Person'), (2, 1, 'Robot'), (3, null, 'Status'), (null, 11, 'Status'),
  (3, 3, null);
insert into public.chats values (1, '{1,null,2}'), (2, '{}'), (3, null), (4, '{3}');
insert into public.visits values ('2025-05-01', 1), ('2026-05-01', 2);
insert into public.posts values (1.0, 1), (2.50, 2);
insert into public.films values (3.00, 3, 90);
insert into public.teams values ('north', 1.0, 1), ('south', 2, 2);
insert into public.players values (1, 'north', 1.00), (2, 'south', 2), (3, 'south', null);
refresh materialized view public.crowds;
"""


def key_of(connection: Connection, audience: str, epoch: int = 1) -> bytes:
    """Read a key: the inner block is the key over 0x36."""
    row = connection.execute(
        "select ipad from klover_pseudonym.key where audience = %s and epoch = %s",
        (audience, epoch),
    ).fetchone()
    assert row is not None
    block = bytes(each ^ 0x36 for each in row[0])
    assert block[32:] == bytes(32)
    return block[:32]


def pseudonym(key: bytes, entity: str, *parts: str) -> uuid.UUID:
    """Compute a pseudonym of the row of ``entity`` (of schema public) with that key."""
    message = f"public.{entity}".encode() + b"\0"
    for part in parts:
        text = part.encode()
        message += (len(text).to_bytes(4, "big") if len(parts) > 1 else b"") + text
    digest = hmac.digest(key, message, "sha256").hex()
    return uuid.UUID(f"{digest[:12]}8{digest[13:16]}a{digest[17:32]}")


def seen(connection: Connection, audience: str, query: str) -> list[tuple[object, ...]]:
    """Ask as a session of the audience's door."""
    with connection.transaction(force_rollback=True):
        role = naming.session_roles(audience, 1)[0]
        connection.execute(
            sql.SQL("set local session authorization {}").format(sql.Identifier(role))
        )
        connection.execute(
            sql.SQL("set local search_path = {}").format(sql.Identifier(naming.schema(audience)))
        )
        return connection.execute(query.encode()).fetchall()
