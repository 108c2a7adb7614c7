"""Which views need a barrier: those behind which rows lie that they do not show."""

from doubles.catalogs import POLICY, catalog, table, videos
from klover.catalog import TableKind, TableName
from klover.door.compile import compile_doors
from klover.door.doors import Doors, View
from klover.door.expect import expected
from klover.policy.parse import parse
from klover.policy.trace import trace

RESOLVED = trace(parse(POLICY, "k.yaml"), videos())
BOTH = (compile_doors(RESOLVED, database="app"), expected(RESOLVED, database="app"))


def view(doors: Doors, audience: str, name: str) -> View:
    (door,) = (door for door in doors.doors if door.audience == audience)
    return next(view for view in door.views if view.table == TableName.parse(name))


def test_a_view_that_leaves_rows_out_has_one() -> None:
    for doors in BOTH:
        assert view(doors, "engineering-abroad", "videos").conceals
        assert view(doors, "engineering-abroad", "videos").barrier


def test_a_view_of_all_rows_has_none() -> None:
    for doors in BOTH:
        assert not view(doors, "trust-and-safety", "videos").barrier
        assert not view(doors, "engineering-abroad", "languages").barrier


def test_the_compiler_and_the_proof_agree() -> None:
    compiled, asked = (
        {each.name: each.barrier for door in doors.doors for each in door.views} for doors in BOTH
    )
    assert compiled == asked
    assert set(compiled.values()) == {True, False}


def test_a_view_over_an_applications_view_has_one() -> None:
    """What the application's view leaves out, no predicate may look at."""
    tables = catalog(
        table("accounts", "id bigint pk", "country text null"),
        table("living", "id bigint", "country text null", kind=TableKind.VIEW),
    )
    text = """
klover: 1
enclave: e
rests_in: [EEA]
subjects: {table: accounts, key: id, home: country, inside: [EEA]}
tables:
  accounts: {columns: {id: interoperable}}
  living:
    subject: id
    key: [id]
    references: {id: accounts.id}
    public_rows: true
    columns: {country: {class: public, identifies: "no"}}
audiences:
  inside:
    who: {groups: [a], located: [EEA]}
    sees: [restricted, interoperable, public]
    requires: {purpose: [support]}
"""
    resolved = trace(parse(text, "k.yaml"), tables)
    for doors in (compile_doors(resolved, database="app"), expected(resolved, database="app")):
        assert not view(doors, "inside", "living").conceals
        assert view(doors, "inside", "living").barrier
        assert not view(doors, "inside", "accounts").barrier
