-- A place where people book lessons with teachers: the schema of examples/lessons/klover.yaml.

CREATE TABLE subject_types (id smallint PRIMARY KEY, name text NOT NULL);
CREATE TABLE report_types (id smallint PRIMARY KEY, name text NOT NULL);
CREATE TABLE languages (code text PRIMARY KEY, name text NOT NULL);

CREATE TYPE visibility AS ENUM ('public', 'members', 'hidden');

CREATE TABLE users (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email text NOT NULL UNIQUE,
  phone text,
  password_hash text NOT NULL,
  country text,
  birth_date date,
  locale text,
  settings jsonb NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE profiles (
  user_id bigint PRIMARY KEY REFERENCES users,
  display_name text NOT NULL,
  about text,
  shown visibility NOT NULL DEFAULT 'members',
  language_code text REFERENCES languages,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE lessons (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  teacher_id bigint NOT NULL REFERENCES users,
  subject_type_id smallint NOT NULL REFERENCES subject_types,
  title text NOT NULL,
  price numeric(8, 2) NOT NULL,
  shown visibility NOT NULL DEFAULT 'hidden',
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE bookings (
  lesson_id bigint NOT NULL REFERENCES lessons,
  seat integer NOT NULL,
  pupil_id bigint NOT NULL REFERENCES users,
  note text,
  starts_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (lesson_id, seat)
);
CREATE TABLE payments (
  id uuid PRIMARY KEY,
  lesson_id bigint NOT NULL,
  seat integer NOT NULL,
  amount numeric(8, 2) NOT NULL,
  card_last_four text,
  paid_at timestamptz
);
CREATE TABLE reviews (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  lesson_id bigint NOT NULL REFERENCES lessons,
  author_id bigint NOT NULL REFERENCES users,
  stars smallint NOT NULL,
  body text,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE chats (
  id uuid PRIMARY KEY,
  member_ids bigint[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE messages (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  chat_id uuid NOT NULL REFERENCES chats,
  author_id bigint NOT NULL REFERENCES users,
  body text NOT NULL,
  sent_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE notices (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id bigint NOT NULL REFERENCES users,
  about_type text NOT NULL,
  about_id bigint NOT NULL,
  read_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE audit_logins (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id bigint NOT NULL REFERENCES users,
  ip inet NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE audit_exports (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id bigint NOT NULL REFERENCES users,
  file_name text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE VIEW teachers AS
  SELECT p.user_id, p.display_name, count(*) AS lessons
    FROM profiles p JOIN lessons l ON l.teacher_id = p.user_id
   GROUP BY p.user_id, p.display_name;
