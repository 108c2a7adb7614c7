-- name: rules
-- The rules for who may connect, in order, as the server reads the file.
select line_number, type, coalesce(database, '{}'), coalesce(user_name, '{}'), address, netmask,
       auth_method, coalesce(options, '{}'), error
  from pg_hba_file_rules order by line_number;

-- name: maps
-- Which accounts of the host may be which roles.
select map_name, sys_name, pg_username, error from pg_ident_file_mappings order by line_number;

-- name: entrance
-- Whether this is a standby, whether it listens on the network, and who may use its socket.
select pg_is_in_recovery(), current_setting('listen_addresses') <> '',
       current_setting('unix_socket_permissions'), current_database();

-- name: changed
-- Files that were changed after the server read them.
select f.name
  from (values ('pg_hba.conf', current_setting('hba_file')),
               ('pg_ident.conf', current_setting('ident_file'))) f(name, path)
 where (pg_stat_file(f.path)).modification > date_trunc('second', pg_conf_load_time())
                                              + interval '1 second'
 order by 1;
