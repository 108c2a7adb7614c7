-- name: rules
-- The rules for who may connect, in order, as the server reads the file and those it includes
-- (since 16). Words are told without their quotes, in which `all` is somebody's name; and a list in
-- a file of its own may have some: such lines are told apart. A comment may be in any encoding.
with rule as (
  select r.*, (to_jsonb(r) ->> 'rule_number')::int as rule,
         coalesce(to_jsonb(r) ->> 'file_name', current_setting('hba_file')) as file
    from pg_hba_file_rules r),
 text as (
  select file, string_to_array(convert_from(pg_read_binary_file(file), 'LATIN1'), E'\n') as lines
    from (select distinct file from rule) f)
select line_number, type, coalesce(database, '{}'), coalesce(user_name, '{}'), address, netmask,
       auth_method, coalesce(options, '{}'), error,
       case when file <> current_setting('hba_file') then file end,
       coalesce(lines[line_number] !~ '["@\\]' and coalesce(lines[line_number - 1], '') !~ '\\$',
                false)
  from rule join text using (file) order by rule nulls first, line_number;

-- name: maps
-- Which accounts of the host may be which roles.
select map_name, sys_name, pg_username, error from pg_ident_file_mappings order by line_number;

-- name: entrance
-- Whether this is a standby, whether it listens on the network, and who may use its socket.
select pg_is_in_recovery(), current_setting('listen_addresses') <> '',
       current_setting('unix_socket_permissions'), current_database();

-- name: gone
-- Files that were taken away after the server read them, or were never there.
select f.name
  from (values ('pg_hba.conf', current_setting('hba_file')),
               ('pg_ident.conf', current_setting('ident_file'))) f(name, path)
 where (pg_stat_file(f.path, true)).modification is null
 order by 1;

-- name: changed
-- Files that were changed after the server read them.
select f.name
  from (select 'pg_hba.conf', current_setting('hba_file')
        union select 'pg_ident.conf', current_setting('ident_file')
        union select file, file
          from (select to_jsonb(r) ->> 'file_name' from pg_hba_file_rules r
                union select to_jsonb(m) ->> 'file_name' from pg_ident_file_mappings m) i(file)
         where file not in (current_setting('hba_file'), current_setting('ident_file'))
       ) f(name, path)
 where (pg_stat_file(f.path)).modification > date_trunc('second', pg_conf_load_time())
                                              + interval '1 second'
 order by 1;
