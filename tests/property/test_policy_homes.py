"""Countries and evidence for whatever input: codes or nothing, and a file says what it says."""

import hashlib
from datetime import date, timedelta

from hypothesis import given, settings, strategies as st

from doubles.catalogs import POLICY
from klover.policy.countries import BUILT_IN, Membership
from klover.policy.country import change_days, codes, folded, members, name, resolve
from klover.policy.evidence import Address, country_told
from klover.policy.model import EvidenceKind, Region
from klover.policy.parse import parse
from klover.policy.parse.countries import merged, read_memberships

CODES = sorted(codes())
DAYS = st.dates(date(1990, 1, 1), date(2040, 1, 1))
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\\\"'\n\r", categories=["L", "N"]),
                min_size=1, max_size=12)  # fmt: skip
LIKELY = st.one_of(
    st.from_regex(r"\+[0-9]{4,15}", fullmatch=True),
    st.from_regex(r"[a-z]{2}[-_][A-Z]{2}(\.UTF-8)?", fullmatch=True),
    st.ip_addresses().map(str),
    st.sampled_from(CODES).map(name),
    st.text(max_size=60),
)


@st.composite
def files(draw: st.DrawFn) -> tuple[Membership, ...]:
    """Draw memberships that do not overlap."""
    rows = []
    groups = st.sampled_from(["EEA", "adequate", "adequate-ch", "friends", "partners-2"])
    for group, code in draw(st.lists(st.tuples(groups, st.sampled_from(CODES)), unique=True)):
        cuts = sorted(draw(st.lists(DAYS, min_size=1, max_size=5, unique=True)))
        for number, since in enumerate(cuts):
            last = number == len(cuts) - 1
            end = None if last else cuts[number + 1] - timedelta(days=1)
            condition = draw(st.none() | WORDS)
            rows.append(
                Membership(
                    group=group,
                    country=code,
                    since=since,
                    until=None if last and draw(st.booleans()) else end,
                    condition=condition,
                    source=draw(WORDS),
                )
            )
    return tuple(rows)


def written(rows: tuple[Membership, ...]) -> str:
    lines = ["klover-countries: 1", "memberships:"]
    for row in rows:
        parts = [f"group: {row.group}", f"country: '{row.country}'", f"since: {row.since}"]
        parts += [f"until: {row.until}"] if row.until is not None else []
        parts += [f"condition: '{row.condition}'"] if row.condition is not None else []
        lines.append(f"  - {{{', '.join([*parts, f'''source: '{row.source}' '''])}}}")
    return "\n".join(lines) + "\n"


@settings(max_examples=60, deadline=None)
@given(files().filter(bool), DAYS)
def test_a_file_reads_as_it_was_written_and_holds_on_every_day(
    rows: tuple[Membership, ...], day: date
) -> None:
    text = written(rows)
    assert read_memberships(text, "countries.yaml") == rows
    digest = hashlib.sha256(text.encode()).hexdigest()
    policy = parse(POLICY + f"countries: {{file: f, sha256: '{digest}'}}\n", "k.yaml", text)
    assert policy.countries == merged(rows, digest)
    for group in {row.group for row in rows}:
        found = members(Region(names=(group,)), day, policy.countries)
        assert found <= codes()
        for code in {row.country for row in rows if row.group == group}:
            counts = any(
                row.group == group
                and row.country == code
                and row.condition is None
                and row.since <= day
                and (row.until is None or day <= row.until)
                for row in rows
            )
            held = group == "adequate" and code in members(
                Region(names=("EEA",)), day, policy.countries
            )
            assert (code in found) == (counts or held)


@given(st.sampled_from(BUILT_IN.groups), DAYS, DAYS)
def test_members_are_codes_and_change_only_on_days_of_change(
    group: str, one: date, other: date
) -> None:
    first, second = sorted((one, other))
    region = Region(names=(group,))
    before, after = (members(region, day, BUILT_IN) for day in (first, second))
    assert before <= codes()
    since = [row.since for row in BUILT_IN.memberships]
    ended = [row.until + timedelta(days=1) for row in BUILT_IN.memberships if row.until]
    if before != after:
        assert any(first < day <= second for day in (*since, *ended))
    assert all(day >= BUILT_IN.since for day in change_days(BUILT_IN))


@given(st.sampled_from(EvidenceKind), LIKELY)
def test_evidence_tells_a_code_or_nothing_whatever_it_is(kind: EvidenceKind, text: str) -> None:
    def look_up(address: Address) -> tuple[str | None, int]:
        return ("NO", 8) if int(address) % 2 else (None, 0)

    told = country_told(kind, text, look_up)
    assert told is None or told in codes()
    assert told == country_told(kind, text, look_up)


@given(st.one_of(st.sampled_from(CODES).map(name), st.text(max_size=20)))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)
    assert resolve(folded(text)) == resolve(text)
