"""No policy goes below the floor, whoever writes it; and regions behave as sets."""

from dataclasses import replace
from datetime import date

from hypothesis import find, given, settings, strategies as st

from doubles.catalogs import POLICY, videos
from klover.policy.countries import BUILT_IN
from klover.policy.country import codes, inside, meet, members, within
from klover.policy.model import (
    Audience,
    ColumnRule,
    DataClass,
    Identifiers,
    Identifies,
    PathRule,
    Policy,
    Region,
    Requires,
    Rows,
)
from klover.policy.parse import parse
from klover.policy.resolved import Resolved, RowsShown, Show
from klover.policy.sight import is_inside, see, sees_restricted
from klover.policy.trace import trace

EXAMPLE = parse(POLICY, "k.yaml")
CATALOG = videos()
ON = date(2026, 11, 24)
DAYS = st.dates(date(2026, 11, 1), date(2040, 1, 1))

REGIONS = st.one_of(
    st.just(Region(everywhere=True)),
    st.builds(
        lambda names, negated: Region(names=tuple(names), negated=negated),
        st.lists(
            st.sampled_from(
                ["EEA", "EU", "EFTA", "adequate", "adequate-uk", "GB", "CH", "US", "CN", "IE", "JP"]
            ),
            min_size=1,
            max_size=4,
            unique=True,
        ),
        st.booleans(),
    ),
)
CLASSES = st.frozensets(st.sampled_from(DataClass))
AUDIENCES = st.builds(
    Audience,
    name=st.just("x"),
    groups=st.just(("g",)),
    located=REGIONS,
    sees=CLASSES,
    identifiers=st.sampled_from(Identifiers),
    requires=st.builds(Requires, purposes=st.sampled_from([(), ("abuse",)])),
)
COLUMN_RULES = st.builds(
    ColumnRule,
    data_class=st.sampled_from(DataClass),
    identifies=st.sampled_from(Identifies),
    identifies_stated=st.booleans(),
    declared=st.just(True),  # noqa: FBT003 - a strategy's value
)


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Draw the example with columns, rows and regions at random."""
    rules = dict(EXAMPLE.tables)
    for name, rule in EXAMPLE.tables.items():
        columns = [column.name for column in CATALOG.tables[name].columns]
        chosen = draw(st.lists(st.sampled_from(columns), unique=True))
        rules[name] = replace(
            rule,
            columns={column: draw(COLUMN_RULES) for column in chosen},
            public_rows=Rows.NONE if rule.shared else draw(st.sampled_from(Rows)),
            predicate="id > 0",
        )
    rests_in = draw(REGIONS.filter(lambda region: not region.everywhere))
    return replace(EXAMPLE, tables=rules, rests_in=rests_in)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Policy, Audience]:
    """Draw a policy and an audience, which often is one that may see restricted data, or nearly."""
    policy, who = draw(policies()), draw(AUDIENCES)
    if draw(st.booleans()):
        who = replace(
            who,
            located=draw(st.sampled_from([policy.rests_in, who.located])),
            sees=who.sees | draw(st.sampled_from([frozenset(), frozenset({DataClass.RESTRICTED})])),
            requires=draw(st.sampled_from([who.requires, Requires(purposes=("abuse",))])),
        )
    return policy, who


def test_cases_are_drawn_of_each_kind() -> None:
    """What the rules below say of restricted data is asked of somebody who sees it."""

    def shown(case: tuple[Policy, Audience]) -> bool:
        sights = see(resolved(case[0]), case[1])
        tables = resolved(case[0]).tables
        return any(
            tables[name].columns[column.column].data_class is DataClass.RESTRICTED
            for name, sight in sights.items()
            for column in sight.shown()
        )

    assert find(cases().map(shown), bool, settings=settings(max_examples=150, deadline=None))


def resolved(policy: Policy) -> Resolved:
    return trace(policy, CATALOG)


@settings(max_examples=150, deadline=None)
@given(cases())
def test_nobody_outside_gets_restricted_columns_or_rows(case: tuple[Policy, Audience]) -> None:
    policy, who = case
    whole = resolved(policy)
    allowed = members(who.located, ON, BUILT_IN) <= members(policy.rests_in, ON, BUILT_IN) and not (
        who.located.everywhere
    )
    for name, sight in see(whole, who).items():
        traced = whole.tables[name]
        if not traced.rule.shared and sight.rows is RowsShown.ALL:
            assert allowed
            assert who.requires.purposes
            assert DataClass.RESTRICTED in who.sees
        if traced.rule.public_rows is Rows.NONE and not traced.rule.shared:
            assert sight.rows is not RowsShown.PUBLIC
        for column in sight.shown():
            if traced.columns[column.column].data_class is DataClass.RESTRICTED:
                assert allowed
                assert who.requires.purposes
                assert DataClass.RESTRICTED in who.sees


@settings(max_examples=150, deadline=None)
@given(cases())
def test_clear_identifiers_outside_are_public_ones(case: tuple[Policy, Audience]) -> None:
    policy, who = case
    whole = resolved(policy)
    if is_inside(policy, who) and who.identifiers is Identifiers.CLEAR:
        return
    for name, sight in see(whole, who).items():
        for column in sight.shown():
            rule = whole.tables[name].columns[column.column]
            if column.show is Show.CLEAR and rule.identifies is not Identifies.NO:
                assert rule.data_class is DataClass.PUBLIC
                assert who.identifiers is Identifiers.CLEAR
            if column.show is Show.PSEUDONYM:
                assert column.entity is not None
                assert not whole.tables[column.entity].rule.shared


@settings(max_examples=100, deadline=None)
@given(policies(), AUDIENCES)
def test_a_column_nobody_names_is_never_shown_more_for_it(policy: Policy, who: Audience) -> None:
    """Leave any one declaration of a traced table out: the others stay, that one is restricted."""
    before = see(resolved(policy), who)
    for name, rule in policy.tables.items():
        if rule.shared or not rule.columns:
            continue
        gone, *_ = rule.columns
        rest = {column: said for column, said in rule.columns.items() if column != gone}
        tables = {**policy.tables, name: replace(rule, columns=rest)}
        after = see(resolved(replace(policy, tables=tables)), who)
        for one, other in zip(before[name].columns, after[name].columns, strict=True):
            if one.column != gone:
                assert one == other
            elif not sees_restricted(policy, who):
                assert other.show is Show.ABSENT
        assert {n: s for n, s in before.items() if n != name} == {
            n: s for n, s in after.items() if n != name
        }


@settings(max_examples=100, deadline=None)
@given(policies(), AUDIENCES, REGIONS)
def test_a_wider_location_never_shows_more(policy: Policy, who: Audience, other: Region) -> None:
    if not within(who.located, other, BUILT_IN):
        return
    whole = resolved(policy)
    narrow, wide = see(whole, who), see(whole, replace(who, located=other))
    ranks = [Show.ABSENT, Show.PSEUDONYM, Show.CLEAR]
    rows = [RowsShown.NONE, RowsShown.PUBLIC, RowsShown.ALL]
    for name, sight in narrow.items():
        assert rows.index(wide[name].rows) <= rows.index(sight.rows)
        for one, two in zip(sight.columns, wide[name].columns, strict=True):
            assert ranks.index(two.show) <= ranks.index(one.show)


@given(REGIONS, REGIONS, DAYS)
def test_within_is_containment_on_every_day(part: Region, whole: Region, day: date) -> None:
    if within(part, whole, BUILT_IN):
        assert members(part, day, BUILT_IN) <= members(whole, day, BUILT_IN)
        assert all(inside(code, whole, day, BUILT_IN) for code in members(part, day, BUILT_IN))


@given(REGIONS, DAYS, st.sampled_from(sorted(codes())))
def test_a_negated_region_is_the_complement(region: Region, day: date, code: str) -> None:
    if region.everywhere:
        assert inside(code, region, day, BUILT_IN)
        return
    other = replace(region, negated=not region.negated)
    assert inside(code, region, day, BUILT_IN) != inside(code, other, day, BUILT_IN)
    assert members(region, day, BUILT_IN) | members(other, day, BUILT_IN) == codes()
    assert not meet(region, other, day, BUILT_IN)
    assert within(region, region, BUILT_IN)


PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(tuple)


@settings(max_examples=150, deadline=None)
@given(
    COLUMN_RULES,
    st.dictionaries(PATHS, COLUMN_RULES, min_size=1, max_size=5),
    AUDIENCES,
)
def test_a_part_of_a_document_is_shown_as_its_own_rule_says(
    rule: ColumnRule, parts: dict[tuple[str, ...], ColumnRule], who: Audience
) -> None:
    """The deepest path that holds decides; nothing restricted or identifying shows outside."""
    accounts, *others = CATALOG.tables.values()
    settings_ = replace(accounts.columns[-1], name="settings", type="jsonb", base_type="jsonb")
    wide = replace(accounts, columns=(*accounts.columns, settings_))
    paths = tuple(
        PathRule(path=path, rule=parts[path]) for path in sorted(parts, key=lambda p: (len(p), p))
    )
    rules = dict(EXAMPLE.tables)
    entry = rules[accounts.name]
    rules[accounts.name] = replace(entry, columns={"settings": replace(rule, paths=paths)})
    policy = replace(EXAMPLE, tables=rules)
    whole = trace(policy, replace(CATALOG, tables={t.name: t for t in (wide, *others)}))
    column = see(whole, who)[accounts.name].columns[-1]
    told = {part.path: part.shown for part in column.parts}
    for part in whole.tables[accounts.name].columns["settings"].paths:
        shown = told.get(part.path, column.show is Show.CLEAR)
        clear = part.rule.identifies is Identifies.NO or (
            who.identifiers is Identifiers.CLEAR
            and (part.rule.data_class is DataClass.PUBLIC or is_inside(policy, who))
        )
        restricted = part.rule.data_class is DataClass.RESTRICTED
        may = sees_restricted(policy, who) if restricted else part.rule.data_class in who.sees
        assert shown == (may and clear)
    assert (told.get((), column.show is Show.CLEAR)) <= (column.show is not Show.ABSENT)
