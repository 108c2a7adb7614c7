"""What a diff says of a change holds: against the decisions themselves, for anybody who asks."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import product

from hypothesis import given, settings, strategies as st

from doubles.policies import CATALOG, FINER, changes, entries, policies, promises
from klover.policy.admission import Limits
from klover.policy.decide import Permit, Principal, decide
from klover.policy.diff import diff, diff_resolved, digest
from klover.policy.difference import Direction, overall
from klover.policy.locate import Location, locate
from klover.policy.model import Policy, Rows
from klover.policy.resolved import Resolved, RowsShown, Show
from klover.policy.sight import see
from klover.policy.trace import trace

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
_TURNED = {
    Direction.LOOSENS: Direction.TIGHTENS,
    Direction.TIGHTENS: Direction.LOOSENS,
    Direction.MOVES: Direction.MOVES,
}
PRINCIPALS = st.builds(
    Principal,
    subject=st.just("somebody"),
    issuer=st.just("id.example"),
    groups=st.frozensets(st.sampled_from(["g", "h"])),
    expires=st.just(NOW + timedelta(hours=12)),
    claims=st.dictionaries(
        st.sampled_from(["a", "b"]), st.frozensets(st.sampled_from(["x", "y"])), max_size=2
    ),
)
CLAIMS = st.sampled_from([None, "IE", "US", "CN", "GB"])
ADDRESSES = st.sampled_from(["10.0.0.1", "10.1.0.1", "10.1.1.1", "10.200.0.1", "192.0.2.1"])
PURPOSES = st.sampled_from([None, "abuse", "legal"])
REFERENCES = st.sampled_from([None, "CASE-1", "ABC"])


@settings(max_examples=30, deadline=None)
@given(policies())
def test_a_policy_does_not_differ_from_itself(policy: Policy) -> None:
    assert diff(policy, policy) == ()
    whole = trace(policy, CATALOG)
    assert diff_resolved(whole, whole) == ()


@settings(max_examples=60, deadline=None)
@given(changes())
def test_the_way_back_goes_the_other_way(change: tuple[Policy, Policy]) -> None:
    old, new = change
    there, back = diff(old, new), diff(new, old)
    assert Counter((one.audience, one.table, one.column, one.direction) for one in there) == (
        Counter((o.audience, o.table, o.column, _TURNED[o.direction]) for o in back)
    )


@settings(max_examples=250, deadline=None)
@given(
    st.one_of(changes(), promises(), entries()), PRINCIPALS, CLAIMS, ADDRESSES, PURPOSES, REFERENCES
)
def test_after_a_tightening_nobody_is_let_in_anew_or_sees_more(
    change: tuple[Policy, Policy],
    principal: Principal,
    claim: str | None,
    address: str,
    purpose: str | None,
    reference: str | None,
) -> None:
    old, new = change
    resolved = trace(old, CATALOG), trace(new, CATALOG)
    for differences in (diff(old, new), diff_resolved(*resolved)):
        if overall(differences) is Direction.LOOSENS:
            continue
        for name in new.audiences:
            entered = [
                decide(
                    policy,
                    principal=principal,
                    audience=name,
                    location=_located(policy, claim, address),
                    purpose=purpose,
                    reference=reference,
                    now=NOW,
                )
                for policy in change
            ]
            if isinstance(entered[1], Permit):
                assert isinstance(entered[0], Permit)
                assert entered[1].expires_at <= entered[0].expires_at
                _takes_no_more(entered[0].audience.limits, entered[1].audience.limits)
            if name in old.audiences:
                _sees_no_more(*resolved, name)


@settings(max_examples=100, deadline=None)
@given(st.one_of(changes(), promises()))
def test_without_a_catalog_nothing_that_loosens_is_called_a_tightening(
    change: tuple[Policy, Policy],
) -> None:
    old, new = change
    exact = overall(diff_resolved(trace(old, CATALOG), trace(new, CATALOG)))
    by_rules = overall(diff(old, new))
    if by_rules is not Direction.LOOSENS:
        assert exact is not Direction.LOOSENS
    assert digest(diff(old, new)) == digest(diff(old, new))


EVERYBODY = list(
    product(
        [frozenset({"g"}), frozenset({"h"})],
        [{}, {"a": frozenset({"x"})}, {"a": frozenset({"y"}), "b": frozenset({"x"})}],
        [None, "IE", "US", "CN", "GB"],
        ["10.0.0.1", "10.1.0.1", "10.1.1.1", "10.200.0.1", "192.0.2.1"],
        [(None, None), ("abuse", "CASE-1"), ("legal", "ABC")],
    )
)


@settings(max_examples=120, deadline=None)
@given(entries())
def test_whoever_is_let_in_anew_makes_it_a_loosening(change: tuple[Policy, Policy]) -> None:
    """Everybody of a small world asks at an audience that asks for one thing, then for another."""
    old, new = change
    if overall(diff(old, new)) is Direction.LOOSENS:
        return
    for groups, claims, country, address, (purpose, reference) in EVERYBODY:
        who = Principal(
            subject="s", issuer="i", groups=groups, expires=NOW + timedelta(hours=9), claims=claims
        )
        before, after = (
            decide(
                policy,
                principal=who,
                audience="a",
                location=_located(policy, country, address),
                purpose=purpose,
                reference=reference,
                now=NOW,
            )
            for policy in change
        )
        if isinstance(after, Permit):
            assert isinstance(before, Permit)
            assert after.expires_at <= before.expires_at


def _takes_no_more(old: Limits, new: Limits) -> None:
    for before, after in ((old.session, new.session), (old.day, new.day)):
        assert (after.rows or 10**9) <= (before.rows or 10**9)


def _located(policy: Policy, claim: str | None, address: str) -> Location:
    return locate(policy, claim, address, simulated=False, on=NOW.date())


def _sees_no_more(old: Resolved, new: Resolved, audience: str) -> None:
    before = see(old, old.policy.audiences[audience])
    after = see(new, new.policy.audiences[audience])
    rank = [RowsShown.NONE, RowsShown.PUBLIC, RowsShown.ALL]
    for table, sight in after.items():
        assert rank.index(sight.rows) <= rank.index(before[table].rows)
        if sight.rows is RowsShown.PUBLIC and before[table].rows is RowsShown.PUBLIC:
            rule, former = new.tables[table].rule, old.tables[table].rule
            assert former.public_rows is Rows.ALL or rule.predicate == former.predicate
            parents = [
                {parent.columns for parent in one.tables[table].parents} for one in (old, new)
            ]
            assert parents[0] <= parents[1]
        for one, two in zip(before[table].columns, sight.columns, strict=True):
            if two.show is Show.ABSENT:
                continue
            if two.show is Show.COARSE and one.show is Show.COARSE:
                assert one.coarsen in FINER[two.coarsen]
            else:
                assert one.show is Show.CLEAR or (one.show, one.names) == (two.show, two.names)
