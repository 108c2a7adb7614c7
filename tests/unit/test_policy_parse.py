"""The policy's text: what parses, and what is refused on which line with which words."""

from datetime import timedelta

import pytest

from doubles.catalogs import POLICY
from klover.catalog import TableName
from klover.errors import PolicyError
from klover.policy.faults import PolicyErrors
from klover.policy.model import (
    Backward,
    DataClass,
    Forward,
    Identifiers,
    Identifies,
    Policy,
    Rows,
    Unique,
)
from klover.policy.parse import parse

HEAD = """\
klover: 1
enclave: europe
rests_in: [EEA]
subjects: {table: accounts, key: id, home: country, inside: [EEA]}
"""
TABLES = "tables: {accounts: {columns: {id: public}}}\n"
AUDIENCES = "audiences: {a: {who: {groups: [g], located: any}, sees: public}}\n"
WHOLE = HEAD + TABLES + AUDIENCES


def read(text: str) -> Policy:
    return parse(text, "klover.yaml")


def errors(text: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        read(text)
    error = caught.value
    return [str(one) for one in (error.errors if isinstance(error, PolicyErrors) else (error,))]


def test_the_example_of_the_design_parses() -> None:
    policy = read(POLICY)
    assert policy.enclave == "europe"
    assert policy.rests_in.names == ("EEA", "GB", "CH")
    accounts = policy.tables[TableName("public", "accounts")]
    assert accounts.public_rows is Rows.ALL
    assert accounts.columns["handle"].unique is Unique.GLOBAL
    assert accounts.columns["country"].identifies is Identifies.INDIRECTLY
    assert accounts.columns["privacy"].data_class is DataClass.INTEROPERABLE
    assert not accounts.columns["privacy"].identifies_stated
    videos = policy.tables[TableName("public", "videos")]
    assert (videos.public_rows, videos.predicate) == (Rows.PREDICATE, "visibility = 'public'")
    assert policy.tables[TableName("public", "languages")].shared
    trust = policy.audiences["trust-and-safety"]
    assert trust.requires.expires == timedelta(hours=8)
    assert trust.slug == "trust_and_safety"
    assert policy.audiences["engineering-abroad"].identifiers is Identifiers.PSEUDONYMISED
    assert policy.audiences["engineering-abroad"].located.everywhere
    assert policy.nevers[0].located.negated
    assert policy.stays_outside == {DataClass.INTEROPERABLE, DataClass.PUBLIC}
    assert read(WHOLE).stays_outside == {DataClass.INTEROPERABLE}


def test_lines_are_those_of_the_file() -> None:
    policy = read(POLICY)
    lines = POLICY.splitlines()
    for name, rule in policy.tables.items():
        assert lines[rule.line - 1].strip().startswith(f"{name.name}:")
        for column, described in rule.columns.items():
            assert column in lines[described.line - 1]
    for audience in policy.audiences.values():
        assert lines[audience.line - 1].strip() == f"{audience.name}:"


def test_the_digest_is_that_of_the_bytes() -> None:
    import hashlib

    assert read(WHOLE).digest == hashlib.sha256(WHOLE.encode()).hexdigest()
    assert read(WHOLE + "# é\n").digest == hashlib.sha256((WHOLE + "# é\n").encode()).hexdigest()


def test_norway_is_a_country() -> None:
    policy = read(WHOLE.replace("rests_in: [EEA]", "rests_in: [NO, no]".replace(", no", "")))
    assert policy.rests_in.names == ("NO",)
    places = "places: {bucket: {kind: object-store, jurisdiction: NO, state: declared}}\n"
    assert read(WHOLE + places).places["bucket"].jurisdiction == "NO"
    assert read(WHOLE + "networks: {10.0.0.0/8: NO}\n").networks[0].where.names == ("NO",)


def test_times_and_other_traps_of_old_yaml_are_texts() -> None:
    audience = AUDIENCES.replace("sees: public", "sees: public, requires: {purpose: [12:30, yes]}")
    assert read(HEAD + TABLES + audience).audiences["a"].requires.purposes == ("12:30", "yes")


def test_codes_and_names_of_countries_are_one() -> None:
    text = WHOLE.replace("rests_in: [EEA]", "rests_in: [EEA, UK, Switzerland, el]")
    assert read(text).rests_in.names == ("EEA", "GB", "CH", "GR")


def test_paths_read() -> None:
    text = HEAD.replace("home: country", 'home: [country, "from t.a.b from audit.v.c.d.\\"x y\\""]')
    policy = read(
        text
        + "tables: {accounts: {columns: {id: public}}, audit.v: shared, t: shared}\n"
        + AUDIENCES
    )
    assert policy.subjects.home[1].path.steps == (
        Backward(table=TableName("public", "t"), column="a"),
        Forward(column="b"),
        Backward(table=TableName("audit", "v"), column="c"),
        Forward(column="d"),
        Forward(column="x y"),
    )


def test_home_none_says_that_nothing_is_known() -> None:
    assert read(WHOLE.replace("home: country", "home: none")).subjects.home == ()
    quoted = read(WHOLE.replace("home: country", 'home: "none"')).subjects.home
    assert [evidence.path.text for evidence in quoted] == ["none"]


def test_stays_outside_may_be_empty() -> None:
    assert read(WHOLE + "stays_outside: []\n").stays_outside == frozenset()


TABLE = "tables:\n  accounts: {columns: {id: public}}\n  t: "

REFUSED: list[tuple[str, int, str]] = [
    ("", 1, "begins with `klover: 1`"),
    ("- a\n", 1, "begins with `klover: 1`"),
    (WHOLE + "tabels: {}\n", 7, "no key 'tabels'; did you mean 'tables'?"),
    (WHOLE + "enclave: x\n", 7, "'enclave' stands here twice (first on line 2)"),
    (WHOLE.replace("klover: 1", "klover: 2"), 1, "number from 1 to 1"),
    (WHOLE.replace("klover: 1", "klover: one"), 1, "number from 1 to 1"),
    (WHOLE.replace("klover: 1\n", ""), 1, "needs `klover:`"),
    (WHOLE.replace("europe", "Europe!"), 2, "short name"),
    (WHOLE.replace("europe", "[a]"), 2, "has to be a text"),
    (WHOLE.replace("europe", "1"), 2, "this is a number; put quotes around it"),
    (WHOLE.replace("enclave: europe", "enclave:"), 2, "this is empty"),
    (WHOLE.replace("[EEA]", "any", 1), 3, "has to name the jurisdictions"),
    (WHOLE.replace("[EEA]", "not EU", 1), 3, "has to name the jurisdictions"),
    (WHOLE.replace("[EEA]", "[]", 1), 3, "is an empty list"),
    (WHOLE.replace("[EEA]", "[EAE]", 1), 3, "'EAE' is no country or group of countries; did you"),
    (WHOLE.replace("[EEA]", "[EEA, EEA]", 1), 3, "names 'EEA' twice"),
    (WHOLE.replace("[EEA]", "[GB, UK]", 1), 3, "names 'UK' twice"),
    (WHOLE.replace("[EEA]", "[true]", 1), 3, "this is true or false"),
    (WHOLE.replace("key: id, ", ""), 4, "`subjects` needs `key:`"),
    (WHOLE.replace("key: id", "kye: id"), 4, "did you mean 'key'?"),
    (WHOLE.replace("home: country", "home: a..b"), 4, "a dot without a name"),
    (WHOLE.replace("home: country", "home: from a"), 4, "`from a` needs a column"),
    (WHOLE.replace("home: country", "home: from a.b"), 4, "has to end with the column"),
    (WHOLE.replace("home: country", "home: a b"), 4, "needs a dot or `from` before 'b'"),
    (WHOLE.replace("home: country", "home: [a, a]"), 4, "names 'a' twice"),
    (WHOLE.replace("home: country", "home: a."), 4, "ends too early"),
    (WHOLE.replace("home: country", "home: a;b"), 4, "unexpected sign at 2"),
    (HEAD + "tables: {}\n" + AUDIENCES, 5, "`tables` is empty"),
    (HEAD + TABLE + "other\n" + AUDIENCES, 7, "has to be `shared` or a mapping"),
    (HEAD + TABLE + "[x]\n" + AUDIENCES, 7, "Table t has to be a mapping"),
    (HEAD + TABLE + "{shared: yes}\n" + AUDIENCES, 7, "`true` or `false`"),
    (HEAD + TABLE + "{shared: true, subject: a}\n" + AUDIENCES, 7, "so it has no `subject`"),
    (HEAD + TABLE + "{subject: []}\n" + AUDIENCES, 7, "is an empty list"),
    (HEAD + TABLE + "{subject: a, public_row: true}\n" + AUDIENCES, 7, "mean 'public_rows'?"),
    (HEAD + TABLE + "{subject: a, public_rows: yes}\n" + AUDIENCES, 7, "write `true` or `false`"),
    (HEAD + TABLE + "{subject: a, public_rows: 1}\n" + AUDIENCES, 7, "this is a number"),
    (
        HEAD + TABLE + "{subject: a, public_rows: 'a; b'}\n" + AUDIENCES,
        7,
        "more than one expression",
    ),
    (HEAD + TABLE + "{subject: a, public_rows: 'a -- b'}\n" + AUDIENCES, 7, "comments"),
    (HEAD + TABLE + "{subject: a, public_rows: '(a'}\n" + AUDIENCES, 7, "is not closed"),
    (HEAD + TABLE + "{subject: a, public_rows: 'a)'}\n" + AUDIENCES, 7, "closes nothing"),
    (HEAD + TABLE + '{subject: a, public_rows: "a = \'x"}\n' + AUDIENCES, 7, "unexpected sign"),
    (HEAD + TABLE + "{subject: a, public_rows: $$x$$}\n" + AUDIENCES, 7, "not allowed"),
    (HEAD + TABLE + "{subject: a, public_rows: a in (Select 1)}\n" + AUDIENCES, 7, "own columns"),
    (HEAD + TABLE + "{subject: a, public_rows: 1 = 1}\n" + AUDIENCES, 7, "names no column"),
    (HEAD + TABLE + "{subject: a, hangs_off: [a, a]}\n" + AUDIENCES, 7, "names 'a' twice"),
    (HEAD + TABLE + "{subject: a, key: []}\n" + AUDIENCES, 7, "is an empty list"),
    (HEAD + TABLE + "{subject: a, references: {x: y}}\n" + AUDIENCES, 7, "`table.column`"),
    (HEAD + TABLE + "{subject: a, columns: {}}\n" + AUDIENCES, 7, "is empty"),
    (HEAD + TABLE + "{subject: a, columns: {x: publik}}\n" + AUDIENCES, 7, "mean 'public'?"),
    (HEAD + TABLE + "{subject: a, columns: {x: {unique: global}}}\n" + AUDIENCES, 7, "`class:`"),
    (
        HEAD + TABLE + "{subject: a, columns: {x: {class: public, unique: here}}}\n" + AUDIENCES,
        7,
        "`unique` cannot be 'here'",
    ),
    (
        HEAD + TABLE + "{subject: a, columns: {x: {class: public, stub: }}}\n" + AUDIENCES,
        7,
        "`stub` has to be a text",
    ),
    (HEAD + "tables: {t: shared, public.t: shared}\n" + AUDIENCES, 5, "stands here twice"),
    (HEAD + 'tables: {"x.": shared}\n' + AUDIENCES, 5, "no table's name"),
    (HEAD + TABLES + "audiences: {}\n", 6, "`audiences` is empty"),
    (WHOLE.replace(", located: any", ""), 6, "needs `located:`"),
    (WHOLE.replace("[g]", "[]"), 6, "is an empty list"),
    (WHOLE.replace("{a: {who", "{A_b: {who"), 6, "needs a short name"),
    (WHOLE.replace("sees: public", "sees: []"), 6, "is an empty list"),
    (WHOLE.replace("sees: public", "sees: aggregate"), 6, "cannot be 'aggregate'"),
    (WHOLE.replace("sees: public", "sees: public, identifiers: none"), 6, "cannot be 'none'"),
    (WHOLE.replace("sees: public", "sees: public, requires: {expires: 8}"), 6, "a number"),
    (WHOLE.replace("sees: public", "sees: public, requires: {expires: 8x}"), 6, "such as 30m, 8h"),
    (WHOLE.replace("sees: public", "sees: public, requires: {expires: 0h}"), 6, "such as 30m, 8h"),
    (WHOLE.replace("sees: public", "sees: public, requires: {approvals: -1}"), 6, "from 0 to 5"),
    (
        WHOLE.replace("sees: public", "sees: public, requires: {reference: x}"),
        6,
        "with a `purpose`",
    ),
    (
        WHOLE.replace("sees: public", "sees: public, requires: {purpose: p, reference: '('}"),
        6,
        "no regular expression",
    ),
    (WHOLE + "stays_outside: restricted\n", 7, "cannot hold `restricted`"),
    (WHOLE + "networks: {10.0.0.1/8: IE}\n", 7, "host bits zero"),
    (
        WHOLE + "networks: {10.0.0.0/8: Ireland?}\n",
        7,
        "is no country or group of countries; did you mean 'Ireland'?",
    ),
    (WHOLE + "networks: {10.0.0.0/8: IE, 10.0.0.0/255.0.0.0: IE}\n", 7, "stands here twice"),
    (WHOLE + "applications: {x: {certificate: c, role: r}}\n", 7, "needs `hosts:`"),
    (WHOLE + "places: {x: {kind: k, jurisdiction: US, state: lost}}\n", 7, "cannot be 'lost'"),
    (WHOLE + "places: {x: {kind: k, jurisdiction: Atlantis, state: declared}}\n", 7, "no country"),
    (WHOLE + "never:\n  - {located: any}\n", 8, "has to say `sees:` or `identifiers:`"),
    (WHOLE + "never:\n  - {sees: public}\n", 8, "needs `located:`"),
    (WHOLE + "never: []\n", 7, "is an empty list"),
    (WHOLE + "networks: &a {10.0.0.0/8: IE}\n", 7, "anchors"),
    (WHOLE + "networks: *a\n", 7, "anchors"),
    (WHOLE + "networks: !x {}\n", 7, "tags"),
    (WHOLE + "--- {}\n", 7, "one YAML document"),
    ("%YAML 1.1\n---\n" + WHOLE, 2, "directives"),
    (WHOLE + "? [a]\n: b\n", 7, "A key has to be a word"),
    (WHOLE + "1: b\n", 7, "A key has to be a word"),
    (WHOLE + "networks: {\n", 8, "not YAML"),
    (WHOLE + "networks: " + "[" * 40, 7, "nested too deeply"),
    ("a: \x07", 0, "forbidden character"),
]


@pytest.mark.parametrize(("text", "line", "words"), REFUSED, ids=[words for *_, words in REFUSED])
def test_refused_with_the_line_and_what_to_do(text: str, line: int, words: str) -> None:
    found = errors(text)
    where = f"klover.yaml:{line}: " if line else "klover.yaml: "
    assert any(one.startswith(where) and words in one for one in found), found


def test_all_faults_are_told_at_once_in_order() -> None:
    text = WHOLE.replace("europe", "E!").replace("key: id", "kye: id").replace("any", "Mars")
    found = errors(text)
    assert [one.split(":")[1] for one in found] == ["2", "4", "4", "6"]
    with pytest.raises(PolicyErrors) as caught:
        read(text)
    assert str(caught.value).splitlines() == found
    assert caught.value.exit_code == 2


def test_an_alias_bomb_is_refused_at_once() -> None:
    bomb = "a: &a [x]\n" + "".join(
        f"{name}: &{name} [*{before}, *{before}]\n"
        for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert "anchors" in errors(bomb)[0]


def test_a_huge_file_is_refused_unread() -> None:
    assert "characters" in errors("#" * (1 << 20) + "\n")[0]
