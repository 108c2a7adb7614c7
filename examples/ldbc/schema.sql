-- Tables for the sample of the LDBC Social Network Benchmark (interactive, CSV basic).
-- One table for each file of `dynamic` and `static`, named after it in lower case; columns stand
-- in the file's order, so a file loads with COPY (format text, delimiter '|', null '') once its
-- header line is gone. Times are milliseconds since 1970, as in the files. Load the files in the
-- order of the tables below, which is that of their keys.

-- static: the world ------------------------------------------------------------------------------

CREATE TABLE place (
    id              bigint PRIMARY KEY,
    name            text NOT NULL,
    url             text NOT NULL,
    type            text NOT NULL CHECK (type IN ('city', 'country', 'continent'))
);
CREATE TABLE place_ispartof_place (
    place_id        bigint PRIMARY KEY REFERENCES place,
    whole_id        bigint NOT NULL REFERENCES place
);
CREATE TABLE organisation (
    id              bigint PRIMARY KEY,
    type            text NOT NULL,
    name            text NOT NULL,
    url             text NOT NULL
);
CREATE TABLE organisation_islocatedin_place (
    organisation_id bigint PRIMARY KEY REFERENCES organisation,
    place_id        bigint NOT NULL REFERENCES place
);
CREATE TABLE tagclass (
    id              bigint PRIMARY KEY,
    name            text NOT NULL,
    url             text NOT NULL
);
CREATE TABLE tagclass_issubclassof_tagclass (
    tagclass_id     bigint PRIMARY KEY REFERENCES tagclass,
    broader_id      bigint NOT NULL REFERENCES tagclass
);
CREATE TABLE tag (
    id              bigint PRIMARY KEY,
    name            text NOT NULL,
    url             text NOT NULL
);
CREATE TABLE tag_hastype_tagclass (
    tag_id          bigint PRIMARY KEY REFERENCES tag,
    tagclass_id     bigint NOT NULL REFERENCES tagclass
);

-- dynamic: people --------------------------------------------------------------------------------

CREATE TABLE person (
    id              bigint PRIMARY KEY,
    first_name      text NOT NULL,
    last_name       text NOT NULL,
    gender          text NOT NULL,
    birthday        bigint NOT NULL,
    creation_date   bigint NOT NULL,
    location_ip     inet NOT NULL,
    browser_used    text NOT NULL,
    language        text NOT NULL,
    email           text NOT NULL
);
CREATE TABLE person_islocatedin_place (
    person_id       bigint PRIMARY KEY REFERENCES person,
    place_id        bigint NOT NULL REFERENCES place
);
CREATE TABLE person_hasinterest_tag (
    person_id       bigint REFERENCES person,
    tag_id          bigint REFERENCES tag,
    PRIMARY KEY (person_id, tag_id)
);
CREATE TABLE person_studyat_organisation (
    person_id       bigint REFERENCES person,
    organisation_id bigint REFERENCES organisation,
    class_year      integer NOT NULL,
    PRIMARY KEY (person_id, organisation_id)
);
CREATE TABLE person_workat_organisation (
    person_id       bigint REFERENCES person,
    organisation_id bigint REFERENCES organisation,
    work_from       integer NOT NULL,
    PRIMARY KEY (person_id, organisation_id)
);
CREATE TABLE person_knows_person (
    person_id       bigint REFERENCES person,
    friend_id       bigint REFERENCES person,
    creation_date   bigint NOT NULL,
    PRIMARY KEY (person_id, friend_id)
);

-- dynamic: forums --------------------------------------------------------------------------------

CREATE TABLE forum (
    id              bigint PRIMARY KEY,
    title           text NOT NULL,
    creation_date   bigint NOT NULL
);
CREATE TABLE forum_hasmoderator_person (
    forum_id        bigint PRIMARY KEY REFERENCES forum,
    person_id       bigint NOT NULL REFERENCES person
);
CREATE TABLE forum_hasmember_person (
    forum_id        bigint REFERENCES forum,
    person_id       bigint REFERENCES person,
    join_date       bigint NOT NULL,
    PRIMARY KEY (forum_id, person_id)
);
CREATE TABLE forum_hastag_tag (
    forum_id        bigint REFERENCES forum,
    tag_id          bigint REFERENCES tag,
    PRIMARY KEY (forum_id, tag_id)
);

-- dynamic: what people write ---------------------------------------------------------------------

CREATE TABLE post (
    id              bigint PRIMARY KEY,
    image_file      text,
    creation_date   bigint NOT NULL,
    location_ip     inet NOT NULL,
    browser_used    text NOT NULL,
    language        text,
    content         text,
    length          integer NOT NULL
);
CREATE TABLE post_hascreator_person (
    post_id         bigint PRIMARY KEY REFERENCES post,
    person_id       bigint NOT NULL REFERENCES person
);
CREATE TABLE post_hastag_tag (
    post_id         bigint REFERENCES post,
    tag_id          bigint REFERENCES tag,
    PRIMARY KEY (post_id, tag_id)
);
CREATE TABLE post_islocatedin_place (
    post_id         bigint PRIMARY KEY REFERENCES post,
    place_id        bigint NOT NULL REFERENCES place
);
CREATE TABLE forum_containerof_post (
    forum_id        bigint NOT NULL REFERENCES forum,
    post_id         bigint PRIMARY KEY REFERENCES post
);
CREATE TABLE comment (
    id              bigint PRIMARY KEY,
    creation_date   bigint NOT NULL,
    location_ip     inet NOT NULL,
    browser_used    text NOT NULL,
    content         text NOT NULL,
    length          integer NOT NULL
);
CREATE TABLE comment_hascreator_person (
    comment_id      bigint PRIMARY KEY REFERENCES comment,
    person_id       bigint NOT NULL REFERENCES person
);
CREATE TABLE comment_hastag_tag (
    comment_id      bigint REFERENCES comment,
    tag_id          bigint REFERENCES tag,
    PRIMARY KEY (comment_id, tag_id)
);
CREATE TABLE comment_islocatedin_place (
    comment_id      bigint PRIMARY KEY REFERENCES comment,
    place_id        bigint NOT NULL REFERENCES place
);
CREATE TABLE comment_replyof_comment (
    comment_id      bigint PRIMARY KEY REFERENCES comment,
    parent_id       bigint NOT NULL REFERENCES comment
);
CREATE TABLE comment_replyof_post (
    comment_id      bigint PRIMARY KEY REFERENCES comment,
    post_id         bigint NOT NULL REFERENCES post
);
CREATE TABLE person_likes_comment (
    person_id       bigint REFERENCES person,
    comment_id      bigint REFERENCES comment,
    creation_date   bigint NOT NULL,
    PRIMARY KEY (person_id, comment_id)
);
CREATE TABLE person_likes_post (
    person_id       bigint REFERENCES person,
    post_id         bigint REFERENCES post,
    creation_date   bigint NOT NULL,
    PRIMARY KEY (person_id, post_id)
);
