"""Mistakes of somebody in a hurry, over several schemas, odd names, views and tables that inherit.

Each is one change of a policy that fits; each finding stands on the line of the change, with words
that mend it, and without the change it is not told.
"""

from datetime import date

import pytest

from doubles.catalogs import catalog, table
from klover.catalog import TableKind
from klover.errors import PolicyError
from klover.policy.check import check, faults
from klover.policy.finding import Finding, Severity
from klover.policy.parse import parse

ON = date(2026, 11, 27)
CATALOG = catalog(
    table("userAccounts", "userId bigint pk", "emailAddress text", "birthDate date null",
          "gender text enum", "salary numeric(9,2) null", "lat double_precision null",
          "phone bigint null", "homeCountry text null", "settings jsonb null",
          "createdAt timestamp_with_time_zone", unique=(("emailAddress",),)),
    table("Shop.orderTypes", "code text pk", "label text"),
    table("Shop.Orders", "id uuid pk", "userId bigint -> userAccounts.userId",
          "typeCode text -> Shop.orderTypes.code", "total money", "note text", "isPublic boolean"),
    table("Shop.OrdersOld", "id uuid", "userId bigint", "typeCode text", "total money",
          "note text", "isPublic boolean", "remark text", inherits=("Shop.Orders",)),
    table("audit.logins", "account_id bigint", "at date", "ip inet",
          unique=(("account_id", "at"),)),
    table("audit.parts", "id bigint pk", "who bigint -> userAccounts.userId", "x text",
          partitions=("audit.parts_eu",)),
    table("Shop.shown", "id uuid", "userId bigint", "note text", "contact text",
          kind=TableKind.VIEW, reads=("Shop.Orders.id", "Shop.Orders.userId", "Shop.Orders.note",
                                      "userAccounts.emailAddress")),
    table("staff", "id integer pk", "birth_date date", "wage numeric", "lat real", "sms_sent date"),
)  # fmt: skip
POLICY = """\
klover: 1
enclave: europe
rests_in: [EEA, GB, CH]
subjects: {table: userAccounts, key: userId, home: homeCountry, inside: [EEA, GB, CH]}
defaults:
  tables:
    "Shop.*Types": shared
    staff: shared
  columns:
    "*At": {class: public, identifies: no}
    "*Id": interoperable
    "Shop.*.id": interoperable
tables:
  userAccounts:
    public_rows: true
    columns:
      emailAddress: {class: restricted, unique: global}
      birthDate: restricted
      gender: restricted
      salary: restricted
      lat: restricted
      phone: restricted
      homeCountry: {class: interoperable, identifies: indirectly, coarsen: region}
      settings: {class: restricted, paths: {theme: restricted}}
  Shop.Orders:
    subject: userId
    public_rows: '"isPublic"'
    columns: {typeCode: public, total: restricted, note: public, isPublic: public}
  Shop.OrdersOld:
    columns: {remark: restricted}
  audit.logins:
    subject: account_id
    key: [account_id, at]
    references: {account_id: userAccounts.userId}
    columns: {account_id: interoperable, ip: restricted, at: {class: restricted, unique: local}}
  audit.parts:
    subject: who
    columns: {id: interoperable, who: interoperable, x: restricted}
  Shop.shown:
    subject: userId
    key: id
    references: {userId: userAccounts.userId, id: Shop.Orders.id}
    columns: {note: public, contact: restricted}
audiences:
  trust:
    who: {groups: [trust], located: [EEA, GB, CH]}
    sees: [restricted, interoperable, public]
    requires: {purpose: abuse}
  abroad:
    who: {groups: [engineering], located: any}
    sees: [interoperable, public]
networks: {10.20.0.0/16: IE, 10.60.0.0/16: CN}
places:
  bucket: {kind: object-store, jurisdiction: "NO", state: declared}
never:
  - {located: not adequate, sees: restricted}
"""
PARTS, ROWS = "    columns: {id: interoperable, who", "    public_rows: '\"isPublic"
ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE
TRUST, NETWORKS = "groups: [trust], located: [EEA, GB, CH]", "10.20.0.0/16: IE, 10.60.0.0/16: CN"


def told(text: str) -> list[Finding]:
    try:
        return check(parse(text, "k.yaml"), CATALOG, ON)
    except PolicyError as error:
        return faults(error)


CASES: list[tuple[str, str, str, Severity, str]] = [
    # change from, change to, line with, severity, words
    # Columns that are harmless by type only
    ("birthDate: restricted", "birthDate: interoperable", "birthDate:", WARNING,
     "userAccounts.birthDate looks personal and counts as identifying nobody"),
    ("gender: restricted", "gender: {class: public, identifies: no}", "gender:", WARNING,
     "userAccounts.gender looks personal"),
    ("phone: restricted", "phone: public", "phone:", WARNING, "phone looks personal"),
    ("      salary: restricted\n", "      salary: public\n", "salary:", WARNING, "salary looks"),
    ("staff: shared", "'st*': {shared: true}", "'st*'", WARNING,
     "Table staff is shared, so birth_date, wage, lat are public, but they look personal"),
    # Public row keys and free text declared harmless
    ('"Shop.*.id": interoperable', '"Shop.*.id": {class: public, identifies: no}', '"Shop.*.id"',
     WARNING, "3 tables public; 3 of them hold keys, text or the like: Shop.Orders.id, S"),
    ("remark: restricted", "remark: {class: public, identifies: no}", "remark:", WARNING,
     "Shop.OrdersOld.remark is free text or media (text) and declared to identify nobody"),
    ("theme: restricted", "theme: {class: public, identifies: no}", "settings:", WARNING,
     "userAccounts.settings holds documents nobody looked into; theme is declared"),
    ("note: public, contact", "note: {class: public, identifies: no}, contact", "note: {class",
     WARNING, "Shop.shown.note is free text or media"),
    # Nobody classified it
    (", x: restricted", "", "audit.parts:", WARNING, "nobody classified x; it counts as"),
    (", contact: restricted", "", "Shop.shown:", WARNING, "nobody classified contact"),
    ('"*At"', '"*_at"', "userAccounts:", WARNING, "userAccounts: nobody classified createdAt"),
    # Not traced, or to the wrong rows
    ("    subject: who\n", "", "audit.parts:", ERROR, "Table audit.parts cannot be traced"),
    ('    "Shop.*Types": shared\n', "", "\ntables:", ERROR,
     "Table Shop.orderTypes cannot be traced"),
    ("  audit.parts:", "  audit.parts_eu:", "audit.parts_eu", ERROR,
     "audit.parts_eu is a partition of audit.parts; write the rule there"),
    (PARTS, f"    references: {{x: staff.lat}}\n{PARTS}", "{x: staff", ERROR,
     "is of the type text, but staff.lat"),
    (PARTS, f"    references: {{who: staff.id}}\n{PARTS}", "subject: who", ERROR, "ends at staff"),
    ("key: [account_id, at]", "key: account_id", "audit.logins:", WARNING,
     "`key` is account_id, but what the database keeps apart is account_id, at"),
    # Patterns that match nothing
    ('"Shop.*Types": shared', '"Shop.*Types": shared\n    "*_types": shared', '"*_types"', WARNING,
     "'*_types' fits no table"),
    ('"*Id": inter', '"shop.*.note": public\n    "*Id": inter', '"shop.*', WARNING,
     "'shop.*.note' fits no column"),
    ('"*Id": inter', '"*.gender": public\n    "*Id": inter', '"*.gender"', WARNING,
     "decides nothing: lines above it or entries do"),
    # Places
    ("state: declared", "state: unknown", "bucket:", WARNING,
     "Nobody knows what place bucket holds."),
    ('jurisdiction: "NO"', "jurisdiction: unknown", "bucket:", WARNING,
     "Nobody knows where place bucket lies."),
    ('jurisdiction: "NO", state: declared', "jurisdiction: unknown, state: unknown", "bucket:",
     WARNING, "Nobody knows what place bucket holds and where it lies."),
    ('jurisdiction: "NO"', "jurisdiction: US", "bucket:", NOTE,
     "lies in United States of America, where protected data may not rest"),
    ('jurisdiction: "NO"', "jurisdiction: Norwey", "bucket:", ERROR, "did you mean 'Norway'?"),
    # A `never` that could be violated
    ("  - {located: not", "  - {located: CN, sees: interoperable}\n  - {located: not",
     "located: CN", ERROR, "audience abroad (line 49) sees interoperable and may be located there"),
    ("  - {located: not adequate, sees: restricted}",
     "  - {located: CN, identifiers: clear}\n  - {located: not adequate, sees: public}",
     "not adequate, sees: public", ERROR, "audience abroad (line 49) sees public"),
    ("  - {located: not adequate, sees: restricted}",
     "  - {located: [CN, GB], identifiers: pseudonymised}", "located: [CN, GB]", ERROR,
     "audience trust (line 45) has identifiers pseudonymised"),
    # Nobody can enter
    (NETWORKS, "10.0.0.0/8: IE, 10.0.0.0/9: CN, 10.128.0.0/9: CN", TRUST, WARNING,
     "Nobody can enter as trust: no network of the policy lies where"),
    (TRUST + "}", TRUST + ", networks: [10.60.0.0/24]}", TRUST, WARNING,
     "Nobody can enter as trust: none of its own `networks`"),
    (TRUST + "}", TRUST + ", networks: ['::ffff:10.20.0.0/112']}", TRUST, ERROR,
     "'::ffff:10.20.0.0/112' is no address range; write it as 10.20.0.0/16"),
    ("requires: {purpose: abuse}", "requires: {purpose: abuse, approvals: 1}", "approvals",
     WARNING, "Nobody can enter as trust: it needs an approval"),
    # Contradictions
    (ROWS, f"    references: {{typeCode: userAccounts.emailAddress}}\n{ROWS}", "typeCode: user",
     WARNING, "said to refer to userAccounts, but the database declares that it refers to S"),
    ("contact: restricted", "contact: public", "contact: public", WARNING,
     "Shop.shown.contact of a view is public, but it may come from"),
    ("{remark: restricted", "{note: restricted, remark: restricted", "Shop.OrdersOld:", ERROR,
     "follows its rule, since whoever reads Shop.Orders"),
    ("'\"isPublic\"'", "'\"isPublic\" and total > 0'", "Shop.Orders:", WARNING,
     "Whether a row of Shop.Orders is public depends on total, which is restricted"),
    ("staff: shared", '"userX*": shared', "\ntables:", ERROR, "Table staff cannot be traced"),
]  # fmt: skip


def line_of(text: str, words: str) -> int:
    """Tell the first line with these words; a line break before them pins its beginning."""
    return next(n for n, line in enumerate(text.splitlines(), 1) if words in f"\n{line}")


@pytest.mark.parametrize(
    ("old", "new", "where", "severity", "words"),
    CASES,
    ids=[case[4][:40] for case in CASES],
)
def test_a_mistake_is_told_on_its_line(
    old: str, new: str, where: str, severity: Severity, words: str
) -> None:
    assert POLICY.count(old) >= 1, old
    text = POLICY.replace(old, new, 1)
    findings = told(text)
    found = [one for one in findings if words in one.message]
    assert [(one.line, one.severity) for one in found] == [(line_of(text, where), severity)], [
        str(one) for one in findings
    ]
    assert all(one.mend.strip() and one.line for one in findings)
    usual = [one for one in told(POLICY) if words in one.message]
    assert usual == [] or "staff" in usual[0].message, "it is the change that is told"


def test_an_audience_that_is_shown_nothing() -> None:
    text = POLICY.replace("    staff: shared\n", "").replace(
        '"Shop.*Types": shared', "staff: shared"
    )
    small = catalog(*(CATALOG.tables[name] for name in list(CATALOG.tables)[:1]))
    text = text[: text.index("  Shop.Orders:")] + text[text.index("audiences:") :]
    closed = text.replace("public_rows: true", "public_rows: false")
    messages = [one.message for one in check(parse(closed, "k.yaml"), small, ON)]
    assert any(one.startswith("Audience abroad is shown nothing") for one in messages)
    messages = [one.message for one in check(parse(text, "k.yaml"), small, ON)]
    assert not any("is shown nothing" in one for one in messages)
