"""Findings on pairs, arrays, views, computed columns and patterns; every finding has a mend."""

from dataclasses import replace
from datetime import date

import pytest

from doubles.catalogs import catalog, table
from klover.catalog import Catalog, Column, TableKind, TableName
from klover.errors import PolicyError
from klover.policy.check import check, faults
from klover.policy.explain import explain_column, explain_table
from klover.policy.finding import Finding, Severity
from klover.policy.parse import parse
from klover.policy.trace import trace

ON = date(2026, 11, 27)
POLICY = """\
klover: 1
enclave: europe
rests_in: [EEA]
subjects: {table: users, key: id, home: none, inside: [EEA]}
defaults:
  tables:
    "*_types": shared
    "log_*": {subject: user_id}
  columns:
    "*_at": public
    "id": interoperable
tables:
  users:
    columns:
      email: restricted
      name: {class: public, identifies: directly}
      mail: restricted
      settings: {class: restricted, paths: {theme: interoperable}}
  notes:
    subject: user_id
    references:
      about_id: {by: about_type, User: users.id}
    columns:
      user_id: interoperable
      about_id: interoperable
      about_type: public
      other_id: interoperable
      other_type: public
      chat_ids: interoperable
  people:
    subject: user_id
    key: user_id
    references: {user_id: users.id}
    columns: {user_id: interoperable, email: restricted, label: restricted}
audiences:
  abroad: {who: {groups: [g], located: any}, sees: [interoperable, public]}
"""
MAIL = Column(
    name="mail", ordinal=9, type="text", type_kind="b", base_type="text", generated=True,
    default="lower((email)::text)",
)  # fmt: skip
USERS = table(
    "users", "id bigint pk", "email text null", "name text", "settings jsonb", "seen_at date"
)
USERS = replace(USERS, columns=(*USERS.columns, MAIL))
CATALOG = catalog(
    USERS,
    table("event_types", "id bigint pk", "made_at date"),
    table("log_reads", "id bigint pk", "user_id bigint -> users.id", "read_at date"),
    table(
        "notes", "id bigint pk", "user_id bigint -> users.id", "about_id bigint null",
        "about_type text null", "other_id bigint null", "other_type text null", "chat_ids bigint[]",
    ),
    table(
        "people", "user_id bigint", "email text", "label text", kind=TableKind.VIEW,
        reads=("users.id", "users.email", "users.name"),
    ),
    table("copies", "id bigint", kind=TableKind.MATERIALIZED, reads=("users.id",)),
    table("plain", "id bigint", kind=TableKind.VIEW, reads=("users.id",)),
    table("far", "id bigint", kind=TableKind.FOREIGN),
)  # fmt: skip


def told(text: str = POLICY, found: Catalog = CATALOG) -> list[Finding]:
    findings = check(parse(text, "k.yaml"), found, ON)
    assert [one for one in findings if not one.mend.strip()] == []
    assert [one for one in findings if one.line == 0] == []
    return findings


def line_of(text: str, words: str) -> int:
    """Tell the first line with these words; a line break before them pins its beginning."""
    lines = text.splitlines()
    return next(n for n, line in enumerate(lines, 1) if words in f"\n{line}")


CASES: list[tuple[str, str, str, Severity, str]] = [
    # change from, change to, line with, severity, words
    ("", "", "other_id: inter", Severity.WARNING, "notes.other_id and other_type look like a pair"),
    ("other_id: interoperable", "other_id: restricted", "other_id:", Severity.NOTE,
     "look like a pair"),
    ("", "", "chat_ids:", Severity.WARNING, "notes.chat_ids looks like an array of ids"),
    ("      mail: restricted", "      mail: public", "      mail:", Severity.ERROR,
     "users.mail is public but computed from email"),
    ("email: restricted, label", "email: public, label", "columns: {user_id", Severity.ERROR,
     "it comes from users.email"),
    ("label: restricted", "label: public", "columns: {user_id", Severity.WARNING,
     "it may come from users.id, users.email"),
    ("    key: user_id\n", "    key: user_id\n    public_rows: true\n    hangs_off: []\n",
     "  people:", Severity.WARNING, "it reads users, where not all are"),
    ("", "", "\ntables:", Severity.NOTE, "The materialised view copies holds copies"),
    ("", "", "\ntables:", Severity.WARNING, "far is a foreign table"),
    ('    "*_at": public', '    "*_on": public', '"*_on"', Severity.WARNING,
     "The pattern '*_on' fits no column"),
    ('    "id": inter', '    "users.*_at": public\n    "id": inter', '"users.*_at"',
     Severity.WARNING, "decides nothing: lines above it"),
    ('"log_*"', '"lok_*": shared\n    "log_*"', '"lok_*"', Severity.WARNING, "fits no table"),
    ("      email: restricted", "      email: restricted\n      seen_at: public", "seen_at",
     Severity.WARNING, "users.seen_at: the pattern '*_at' says the same already"),
    ("", "", '"*_at": public', Severity.NOTE, "declares 3 columns of 3 tables public"),
    ('"*_at": public', '"*_at": public\n    "name*": {class: public, identifies: no}',
     '"name*"', Severity.WARNING, "decides nothing"),
    ("theme: interoperable", "theme: {class: interoperable, identifies: no}", "settings:",
     Severity.WARNING, "users.settings holds documents nobody looked into; theme is declared"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "where", "severity", "words"), CASES)
def test_found_and_only_where_it_is(
    old: str, new: str, where: str, severity: Severity, words: str
) -> None:
    assert old in POLICY
    text = POLICY.replace(old, new, 1) if old else POLICY
    found = [one for one in told(text) if words in one.message]
    assert [(one.line, one.severity) for one in found] == [(line_of(text, where), severity)]
    if old:
        usual = [one for one in told() if one.severity is severity]
        assert [one for one in usual if words in one.message] == []


COARSE = "mail: {class: public, identifies: no, coarse_of: email}"


def test_a_computed_column_may_be_coarse_on_purpose() -> None:
    text = POLICY.replace("      mail: restricted", f"      {COARSE}")
    about = [one for one in told(text) if "users.mail is" in one.message]
    (noted,) = [one for one in about if one.severity is Severity.NOTE]
    assert noted.line == line_of(text, "coarse_of: email")
    assert "of which the policy says that it is coarse" in noted.message
    assert [one for one in about if one.severity is Severity.ERROR] == []
    # What it is not said of is held against it still.
    wider = replace(MAIL, default="lower((email)::text || name)")
    also = replace(USERS, columns=(*USERS.columns[:-1], wider))
    found = catalog(also, *(one for name, one in CATALOG.tables.items() if name != also.name))
    text = text.replace("name: {class: public, identifies: directly}", "name: restricted")
    (error,) = [one for one in told(text, found) if one.severity is Severity.ERROR]
    assert "users.mail is public but computed from name" in error.message
    assert "`coarse_of: name`" in error.mend


def test_to_be_coarse_of_what_is_seen_as_widely_changes_nothing() -> None:
    text = POLICY.replace("      mail: restricted", f"      {COARSE}")
    text = text.replace("email: restricted\n", "email: {class: public, identifies: no}\n", 1)
    (idle,) = [one for one in told(text) if "is said to be coarse of email" in one.message]
    assert idle.severity is Severity.WARNING


def test_a_view_may_be_coarse_of_what_it_reads() -> None:
    said = "email: {class: public, identifies: no, coarse_of: users.email}"
    text = POLICY.replace("email: restricted, label", f"{said}, label")
    about = [one for one in told(text) if "people.email is" in one.message]
    assert Severity.ERROR not in [one.severity for one in about]
    assert any("says that it is coarse" in one.message for one in about)


NOTHING = [
    ("      mail: restricted", "      mail: {class: public, coarse_of: email}",
     "`coarse_of` goes with `identifies:`"),
    ("      mail: restricted", "      mail: {class: public, identifies: no, coarse_of: name}",
     "`coarse_of` names name, which it is not computed from"),
    ("      mail: restricted", "      mail: {class: public, identifies: no, coarse_of: emial}",
     "did you mean 'email'?"),
    ("name: {class: public, identifies: directly}",
     "name: {class: public, identifies: no, coarse_of: email}", "this one is stored"),
    ("email: restricted, label",
     "email: {class: public, identifies: no, coarse_of: email}, label",
     "names email, which it is not computed from; did you mean 'users.email'?"),
    ('"*_at": public', '"*_at": {class: public, identifies: no, coarse_of: email}',
     "is said of one column, under `tables:`"),
    ("theme: interoperable", "theme: {class: interoperable, identifies: no, coarse_of: email}",
     "for whole columns"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "words"), NOTHING)
def test_what_is_coarse_of_nothing_is_refused(old: str, new: str, words: str) -> None:
    text = POLICY.replace(old, new, 1)
    assert text != POLICY
    with pytest.raises(PolicyError) as caught:
        trace(parse(text, "k.yaml"), CATALOG)
    assert words in str(caught.value)


def test_it_is_explained() -> None:
    text = POLICY.replace("      mail: restricted", f"      {COARSE}")
    resolved = trace(parse(text, "k.yaml"), CATALOG)
    audience = resolved.policy.audiences["abroad"]
    lines = explain_column(resolved, audience, TableName("public", "users"), "mail")
    assert "coarse of    email, as the policy says" in lines


def test_a_pattern_that_takes_the_veil_off_text_is_a_warning() -> None:
    text = POLICY.replace("      name: {class: public, identifies: directly}\n", "").replace(
        '    "id": inter', '    "name": {class: public, identifies: no}\n    "id": inter'
    )
    (found,) = [one for one in told(text) if "'name'" in one.message]
    assert found.severity is Severity.WARNING
    assert "1 of them hold keys, text or the like: users.name" in found.message


def test_what_is_listed_or_tied_is_not_asked_about() -> None:
    assert [one for one in told() if "about_id" in one.message] == []


def test_a_policy_that_does_not_fit_has_mends_too() -> None:
    text = POLICY.replace("    key: user_id\n", "").replace('    "*_types": shared\n', "")
    with pytest.raises(PolicyError) as caught:
        trace(parse(text, "k.yaml"), CATALOG)
    assert all(one.mend and one.line for one in faults(caught.value))
    messages = [one.message for one in faults(caught.value)]
    assert any("Table event_types cannot be traced" in message for message in messages)
    text = POLICY.replace(
        "  people:\n    subject: user_id\n    key: user_id\n", "  people:\n    shared: true\n"
    )
    (fault,) = [one for one in check(parse(text, "k.yaml"), CATALOG, ON) if "View" in one.message]
    assert "View people cannot be shared: it reads users" in fault.message


def test_it_is_told_which_line_decided() -> None:
    resolved = trace(parse(POLICY, "k.yaml"), CATALOG)
    who = resolved.policy.audiences["abroad"]
    table_lines = explain_table(resolved, who, TableName("public", "log_reads"))
    assert table_lines[0] == "table        log_reads (k.yaml:8, by the pattern 'log_*')"
    lines = explain_column(resolved, who, TableName("public", "log_reads"), "read_at")
    assert lines[0] == "column       log_reads.read_at (k.yaml:10, by the pattern '*_at')"
    assert "class        public, declared by the pattern '*_at' of `defaults`" in lines
    lines = explain_column(resolved, who, TableName("public", "users"), "settings")
    assert lines[0] == "column       users.settings (k.yaml:18)"
    assert "part         theme: absent; interoperable, identifies directly (k.yaml:18)" in lines


def test_rows_that_hang_off_arrays_and_pairs_are_told_in_words() -> None:
    text = POLICY.replace("  notes:\n", "  notes:\n    public_rows: true\n")
    resolved = trace(parse(text, "k.yaml"), CATALOG)
    who = resolved.policy.audiences["abroad"]
    (rows,) = [
        line
        for line in explain_table(resolved, who, TableName("public", "notes"))
        if line.startswith("rows")
    ]
    assert "about_type is one of User and the row that about_id refers to is public too" in rows


def test_tables_of_odd_names_can_be_asked_about() -> None:
    from klover.cli.explain import _find

    odd, people = TableName("odd.schema", "Box.es"), TableName("public", "users")
    resolved = trace(parse(POLICY, "k.yaml"), CATALOG)
    known = resolved.tables[people]
    resolved = replace(resolved, tables={**resolved.tables, odd: known})
    assert _find('"odd.schema"."Box.es"', resolved) == (odd, None)
    assert _find('"odd.schema"."Box.es".email', resolved) == (odd, "email")
    assert _find("users.email", resolved) == (people, "email")
    assert _find("users", resolved) == (people, None)
