"""A database's catalog as comparable lines: what stands, whose it is, and who may do what.

Rights are told as they count (a missing list is the default one), oids are left out.
"""

from klover.store.connect import Connection

_ACL = (
    "(select string_agg(concat(coalesce(g.rolname, 'public'), '=', a.privilege_type,"
    " case when a.is_grantable then '*' end), ',' order by coalesce(g.rolname, 'public'),"
    " a.privilege_type) from aclexplode(coalesce({acl}, acldefault('{kind}', {owner}))) a"
    " left join pg_roles g on g.oid = a.grantee)"
)


def _acl(acl: str, kind: str, owner: str) -> str:
    return _ACL.format(acl=acl, kind=kind, owner=owner)


_QUERY = f"""
select line from (
  select concat_ws('|', 'class', c.oid::regclass, relkind, o.rolname, reloptions::text,
         {_acl("relacl", "r", "relowner")}, relhastriggers and false) as line
    from pg_class c join pg_roles o on o.oid = relowner
   where relpersistence <> 't' and relnamespace <> 'pg_toast'::regnamespace
  union all
  select concat_ws('|', 'column', attrelid::regclass, attname, atttypid::regtype, attnotnull,
         {_acl("attacl", "c", "c.relowner")})
    from pg_attribute join pg_class c on c.oid = attrelid
   where not attisdropped and c.relpersistence <> 't'
     and c.relnamespace <> 'pg_toast'::regnamespace
  union all
  select concat_ws('|', 'schema', nspname, {_acl("nspacl", "n", "nspowner")})
    from pg_namespace where nspname !~ '^pg_(toast_)?temp'
  union all
  select concat_ws('|', 'function', p.oid::regprocedure, {_acl("proacl", "f", "proowner")},
         md5(prosrc)) from pg_proc p
  union all
  select concat_ws('|', 'trigger', tgrelid::regclass, tgname, tgenabled) from pg_trigger
   where not tgisinternal
  union all
  select concat_ws('|', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid))
    from pg_constraint
  union all
  select concat_ws('|', 'view', c.oid::regclass, pg_get_viewdef(c.oid)) from pg_class c
   where relkind = 'v' and relnamespace not in ('pg_catalog'::regnamespace,
                                               'information_schema'::regnamespace)
  union all
  select concat_ws('|', 'comment', objoid::regnamespace, description) from pg_description
   where classoid = 'pg_namespace'::regclass
  union all
  select concat_ws('|', 'language', lanname, {_acl("lanacl", "l", "lanowner")}) from pg_language
  union all
  select concat_ws('|', 'database', datname, {_acl("datacl", "d", "datdba")}) from pg_database
   where datname in (current_database(), 'postgres', 'template1')
  union all
  select concat_ws('|', 'role', rolname, rolsuper, rolinherit, rolcanlogin, rolconnlimit)
    from pg_roles
  union all
  select concat_ws('|', 'member', roleid::regrole, member::regrole) from pg_auth_members
  union all
  select concat_ws('|', 'setting', setrole::regrole, setconfig::text) from pg_db_role_setting
   where setdatabase in (0, (select oid from pg_database where datname = current_database()))
  union all
  select concat_ws('|', 'default', defaclrole::regrole, defaclobjtype, defaclacl::text)
    from pg_default_acl
) as found order by line
"""


def catalog_lines(connection: Connection) -> list[str]:
    """Tell everything that stands in the connection's database, one line each."""
    return [line for (line,) in connection.execute(_QUERY.encode())]


def notes(connection: Connection) -> list[str]:
    """Tell what stands in Klover's own tables, one line a row."""
    names = connection.execute(
        "select format('%I.%I', n.nspname, c.relname) from pg_class c"
        " join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname in ('klover', 'klover_pseudonym') and c.relkind = 'r' order by 1"
    ).fetchall()
    return [
        f"{name}|{line}"
        for (name,) in names
        for (line,) in connection.execute(
            f"select t::text from {name} as t order by 1".encode()
        ).fetchall()
    ]
