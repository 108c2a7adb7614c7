-- name: tables
-- People and what they made.
create table public.users (
  id bigint primary key, handle text not null, country text, birth date, email text,
  settings jsonb not null, created_at timestamptz not null);
create table public.videos (
  id bigint primary key, user_id bigint not null, title text not null, visibility text not null,
  views int not null, created_at timestamptz not null);

-- name: fill_users
insert into public.users
select n, 'user' || n, (array['NO', 'IE', 'DE', 'FR', 'US', 'BR'])[1 + n %% 6],
       date '1960-01-01' + (n::bigint * 7919 %% 18000)::int, 'person' || n || '@example.org',
       jsonb_build_object('theme', case n %% 2 when 0 then 'dark' else 'light' end,
                          'notify', jsonb_build_object('email', n %% 3 = 0, 'phone', '+47' || n)),
       timestamptz '2024-01-01' + n * interval '1 second'
  from generate_series(1, %(users)s) n;

-- name: fill_videos
insert into public.videos
select n, 1 + n::bigint * 31 %% %(users)s, 'a video called ' || n,
       case when n %% 5 = 0 then 'private' else 'public' end, n %% 100000,
       timestamptz '2024-01-01' + n * interval '1 second'
  from generate_series(1, %(videos)s) n;

-- name: keys
-- What an application would have.
alter table public.videos add foreign key (user_id) references public.users;
create index on public.videos (user_id);
create unique index on public.users (handle);

-- name: row_level_security
-- Postgres' own way to leave rows out, on the same rows in a database of its own.
alter table public.videos enable row level security;
create policy shown on public.videos to bench_filtered using (visibility = 'public');
grant select on public.videos to bench_filtered, bench_plain;

-- name: plain_roles
-- Roles that read the tables themselves; a standby admits members of klover_session.
-- Policies do not bind bench_plain: where there are some, it is what they are compared with.
create role bench_plain login bypassrls in role klover_session;
create role bench_filtered login in role klover_session;
