"""What an administrator sets for a database, for its application: it is not meant for our work.

Settings of time are in ``test_door_prepare`` and ``test_store_locks``.
"""

import pytest
from psycopg import sql

from doubles.demo_doors import TODAY, open_doors, resolve
from doubles.tiny_doors import POLICY, make_tables, tiny_doors
from klover import door
from klover.store.connect import Connection, connect


@pytest.mark.parametrize(
    "setting",
    [
        "default_transaction_isolation = 'serializable'",
        "quote_all_identifiers = on",
        "standard_conforming_strings = off",
    ],
)
def test_a_setting_by_which_statements_mean_something_else_changes_no_door(
    database: Connection, dsn: str, setting: str
) -> None:
    make_tables(database)
    name = sql.Identifier(database.info.dbname)
    database.execute(sql.SQL("alter database {} set {}").format(name, sql.SQL(setting)))
    with connect(dsn, what="the store") as owner:
        open_doors(owner, tiny_doors(owner))
        assert not door.plan(owner, tiny_doors(owner))
        assert not door.prove(owner, resolve(owner, POLICY), TODAY).violations
        count = "select count(*) from public.posts"
        with owner.transaction():
            before = owner.execute(count).fetchone()
            database.execute("delete from public.posts where id = 11")
            assert owner.execute(count).fetchone() != before, "a change sees what others did"
