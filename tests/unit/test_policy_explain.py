"""What one principal sees and why: one screen, the lines that decided, and the same as JSON."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from doubles.catalogs import POLICY, videos
from klover.catalog import TableName
from klover.policy.decide import Principal, candidates
from klover.policy.explain import explain_audience
from klover.policy.explain_principal import LINES, WIDTH, Asked, as_json, as_lines
from klover.policy.locate import locate
from klover.policy.look import Look, look
from klover.policy.parse import parse
from klover.policy.resolved import Show
from klover.policy.trace import trace

NOW = datetime(2026, 11, 27, 8, 0, tzinfo=UTC)


def ask(
    text: str = POLICY,
    what: str = "videos.title",
    *groups: str,
    claims: dict[str, frozenset[str]] | None = None,
    country: str = "CN",
    address: str = "10.60.0.1",
    purpose: str | None = None,
) -> tuple[Asked, tuple[Look, ...]]:
    policy = parse(text, "k.yaml")
    resolved = trace(policy, videos())
    table, _, column = what.partition(".")
    asked = Asked(
        policy=policy,
        principal=Principal(
            subject="",
            issuer="",
            groups=frozenset(groups),
            expires=NOW + timedelta(hours=24),
            claims=claims or {},
        ),
        location=locate(policy, country, address, simulated=False, on=NOW.date()),
        purpose=purpose,
        reference=None,
        at=NOW,
        resolved=resolved,
        table=TableName.parse(table),
        column=column or None,
    )
    found = candidates(
        policy, principal=asked.principal, location=asked.location, now=NOW, purpose=purpose
    )
    return asked, look(found, resolved, asked.table, asked.column)


def line_of(words: str, text: str = POLICY) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if words in line)


SCREEN = """\
who          groups engineering
where        claim CN; network 10.60.0.0/16 CN
why          purpose none, reference none
when         Fri 2026-11-27 08:00 UTC, by the country data of 2026-11
column       videos.title (line 25): public, declared;
             identifies directly, by its type and keys

engineering-abroad  yes       until Sat 08:00 UTC
                    absent    lines 25, 55: identifies directly and is no key that a pseudonym could
                              stand for
                    rows      line 18: public ones: where (visibility = 'public') is true
trust-and-safety    no        line 43 and 1 more: the principal is in none of its groups
                              (trust-safety)
finance-europe      no        line 48 and 1 more: the principal is in none of its groups (finance)
creators-abroad     no        line 52: the principal is in none of its groups (creators)"""


def test_an_engineer_abroad_asks_for_a_title() -> None:
    asked, looks = ask(POLICY, "videos.title", "engineering")
    told = "\n".join(as_lines(asked, looks))
    assert told == SCREEN


ABROAD, CREATORS, SAFETY = "  engineering-abroad:", "  creators-abroad:", "  trust-and-safety:"
CASES = [
    # group, purpose, what, audience, show, (after, words) of each line
    (
        "engineering",
        None,
        "videos.account_id",
        Show.PSEUDONYM,
        [("  videos:", "account_id: interoperable"), ("", ABROAD)],
    ),
    ("engineering", None, "videos.visibility", Show.CLEAR, [("  videos:", "visibility: inter")]),
    (
        "engineering",
        None,
        "accounts.email",
        Show.ABSENT,
        [("  accounts:", "email:"), (ABROAD, "sees:")],
    ),
    (
        "creators",
        None,
        "videos.title",
        Show.CLEAR,
        [("  videos:", "title:"), (CREATORS, "identifiers:")],
    ),
    (
        "trust-safety",
        "abuse",
        "accounts.email",
        Show.CLEAR,
        [("  accounts:", "email:"), (SAFETY, "identifiers:")],
    ),
]


def line_after(after: str, words: str) -> int:
    start = line_of(after)
    lines = POLICY.splitlines()
    return next(n for n in range(start, len(lines) + 1) if words in lines[n - 1])


@pytest.mark.parametrize(("group", "purpose", "what", "show", "decided"), CASES)
def test_the_lines_that_decided(
    group: str, purpose: str | None, what: str, show: Show, decided: list[tuple[str, str]]
) -> None:
    inside = purpose is not None
    country, address = ("IE", "10.20.0.1") if inside else ("CN", "10.60.0.1")
    _, looks = ask(POLICY, what, group, country=country, address=address, purpose=purpose)
    seen = looks[0].seen
    assert looks[0].candidate.fits
    assert seen is not None
    assert seen.column is not None
    assert seen.column.show is show
    assert list(seen.lines) == [line_after(after, words) for after, words in decided]
    whole = line_after(SAFETY, "sees:") if purpose else line_of(f"  {what.partition('.')[0]}:")
    assert seen.rows_line == whole


def test_what_is_only_missing_is_told_as_a_question() -> None:
    asked, looks = ask(POLICY, "accounts.email", "trust-safety", country="IE", address="10.20.0.1")
    assert looks[0].enters == "if asked"
    told = " ".join("\n".join(as_lines(asked, looks)).split())
    assert (
        "trust-and-safety if asked line 46: it needs a purpose, one of abuse, legal and line 46: "
        "it needs a reference of at most 128 characters clear" in told
    )
    found = as_json(asked, looks)
    audience = found["audiences"][0]  # type: ignore[index]  # a list
    assert [one["line"] for one in audience["needs"]] == [46, 46]
    assert audience["until"] is None
    assert audience["seen"]["column"]["shown"] == "clear", "what it would be"


def test_whoever_is_refused_is_told_every_line_and_shown_nothing() -> None:
    text = POLICY.replace(
        "    who: {groups: [engineering], located: any}\n",
        "    who:\n      groups: [engineering]\n      located: any\n"
        "      claims: {department: cx}\n      networks: [192.0.2.0/24]\n",
    )
    asked, looks = ask(text, "accounts.email", "engineering", claims={"department": frozenset("x")})
    body = as_json(asked, looks)
    assert json.loads(json.dumps(body)) == body, "plain JSON"
    audiences = {one["audience"]: one for one in body["audiences"]}  # type: ignore[attr-defined]
    refused = audiences["engineering-abroad"]["refused"]
    assert [one["line"] for one in refused] == [
        line_of("claims: {department", text),
        line_of("networks: [192", text),
    ]
    assert audiences["engineering-abroad"]["seen"] is None


def test_a_table_is_told_by_its_numbers() -> None:
    asked, looks = ask(POLICY, "videos", "engineering")
    told = "\n".join(as_lines(asked, looks))
    assert "table        videos (line " in told
    assert "columns   2 clear, 2 pseudonym, 1 absent" in told


def test_however_many_audiences_it_stays_one_screen() -> None:
    many = "".join(
        f"  audience-{n:02}-with-quite-a-long-name:\n"
        f"    who: {{groups: [engineering, group-{n}], located: any}}\n    sees: public\n"
        for n in range(40)
    )
    text = POLICY.replace("networks: {10", many + "networks: {10")
    for what in ("videos.title", "videos", "follows.follower_id"):
        asked, looks = ask(text, what, "engineering")
        lines = as_lines(asked, looks)
        assert len(lines) <= LINES
        assert max(map(len, lines)) <= WIDTH
        assert lines[-1].startswith("… and ")
        assert len(as_json(asked, looks)["audiences"]) == 44  # type: ignore[arg-type]


def test_an_audience_tells_all_that_it_asks_for() -> None:
    text = POLICY.replace(
        "    who: {groups: [engineering], located: any}\n",
        "    who: {groups: [engineering], located: any, claims: {department: [cx, support]}, "
        "networks: [192.0.2.0/24]}\n"
        '    requires: {hours: "Mon-Fri 08:00-18:00 Europe/Dublin"}\n'
        "    limits: {session: {rows: 10}, day: {rows: 100, bytes: 1 GiB}}\n",
    )
    policy = parse(text, "k.yaml")
    told = explain_audience(policy, policy.audiences["engineering-abroad"])
    assert "claim        department is one of cx, support" in told
    assert "networks     192.0.2.0/24" in told
    assert "open         Mon-Fri 08:00-18:00 Europe/Dublin" in told
    assert "limit        10 rows a session" in told
    assert "limit        100 rows and 1 GiB a day" in told
