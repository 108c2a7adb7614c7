"""Which countries belong to which groups, and since when: dated data with its sources.

``BUILT_IN`` is what Klover knows, as of ``EDITION``; a policy may add to it or correct it with a
file of its own (``parse.countries``), and every answer names the edition that it rests on. Data
only: ``country`` answers from it. Check a row against its source before you rely on it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

EDITION = "2026-11"
EDITION_DATE = date(2026, 11, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """``country`` belongs to ``group`` from ``since`` to ``until`` (both days included).

    A membership with a ``condition`` holds for some transfers only, so it does not count.
    """

    group: str
    country: str
    since: date
    until: date | None = None
    condition: str | None = None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Countries:
    """One edition of the memberships; equal editions hold equal data."""

    edition: str
    """``2026-11``, or ``2026-11+sha256:…`` with the digest of the policy's own file."""
    since: date
    """The day the edition tells the state of; answers for every day count from here."""
    memberships: tuple[Membership, ...]

    def __hash__(self) -> int:
        """Hash by the edition, which decides the rest."""
        return hash(self.edition)

    @property
    def groups(self) -> tuple[str, ...]:
        """List the groups, built-in ones first."""
        return tuple(dict.fromkeys([*GROUPS, *(row.group for row in self.memberships)]))


GROUPS = ("EEA", "EU", "EFTA", "adequate", "adequate-uk", "adequate-ch")
"""``adequate`` is the European Union's list; those of the United Kingdom and of Switzerland differ
from it and stand apart. A list of countries counts its own as adequate too."""
HOLDS: Mapping[str, tuple[str, ...]] = {"adequate": ("EEA",), "adequate-uk": ("EEA",)}
"""Groups whose members belong to another group on the same days."""

_TREATIES = "Treaty on European Union, accession treaties"
_EEA = "Agreement on the European Economic Area"
_OUTERMOST = "TFEU articles 349 and 355(1); Protocol 2 to the 1994 accession for Åland"
_COMMISSION = (
    "Adequacy decisions under GDPR article 45, https://commission.europa.eu/law/law-topic/"
    "data-protection/international-dimension-data-protection/adequacy-decisions_en"
)
_SCHEDULE_21 = (
    "Data Protection Act 2018 (United Kingdom), Schedule 21, paragraphs 4 and 5, "
    "https://www.legislation.gov.uk/ukpga/2018/12/schedule/21"
)
_ANNEX_1 = (
    "Data Protection Ordinance (Switzerland, SR 235.11), Annex 1, https://www.bj.admin.ch/bj/en/"
    "home/staat/datenschutz/internationales/anerkennung-staaten.html"
)

_JOINED = (
    (date(1958, 1, 1), "BE DE FR IT LU NL"),
    (date(1973, 1, 1), "DK IE"),
    (date(1981, 1, 1), "GR"),
    (date(1986, 1, 1), "ES PT"),
    (date(1995, 1, 1), "AT FI SE"),
    (date(2004, 5, 1), "CY CZ EE HU LT LV MT PL SI SK"),
    (date(2007, 1, 1), "BG RO"),
    (date(2013, 7, 1), "HR"),
)
_OUTERMOST_REGIONS = (
    (date(1958, 1, 1), "GF GP MQ RE"),
    (date(1995, 1, 1), "AX"),
    (date(2007, 7, 15), "MF"),
    (date(2014, 1, 1), "YT"),
)
_EEA_START = date(1994, 1, 1)
_EEA_LATER = {"HR": date(2014, 4, 12)}
_EFTA = ((date(1960, 5, 3), "CH NO"), (date(1970, 3, 1), "IS"), (date(1991, 9, 1), "LI"))
_EEA_EFTA = {"IS": _EEA_START, "NO": _EEA_START, "LI": date(1995, 5, 1)}

_Decision = tuple[str, date, date | None, str | None]
_ADEQUATE: tuple[_Decision, ...] = (
    ("CH", date(2000, 7, 26), None, None),
    ("CA", date(2001, 12, 20), None, "commercial organisations under PIPEDA only"),
    ("AR", date(2003, 6, 30), None, None),
    ("GG", date(2003, 11, 21), None, None),
    ("IM", date(2004, 4, 28), None, None),
    ("JE", date(2008, 5, 8), None, None),
    ("FO", date(2010, 3, 5), None, None),
    ("AD", date(2010, 10, 19), None, None),
    ("IL", date(2011, 1, 31), None, None),
    ("UY", date(2012, 8, 21), None, None),
    ("NZ", date(2012, 12, 19), None, None),
    ("JP", date(2019, 1, 23), None, None),
    ("GB", date(2021, 6, 28), date(2031, 12, 27), None),
    ("KR", date(2021, 12, 17), None, None),
    (
        "US",
        date(2023, 7, 10),
        None,
        "organisations certified under the Data Privacy Framework only",
    ),
    (
        "BR",
        date(2026, 1, 26),
        None,
        "transfers from the Union only until it is part of the EEA Agreement (pending in May 2026)",
    ),
)
_UK_START = date(2021, 1, 1)
_UK = "AD AR CH FO GB GG GI IL IM JE NZ UY"
_UK_CONDITIONAL = {
    "CA": "recipients subject to PIPEDA only",
    "JP": "data subject to the Act on the Protection of Personal Information only",
}
_UK_LATER: tuple[tuple[str, date, str | None, str], ...] = (
    (
        "KR",
        date(2022, 12, 19),
        None,
        "Data Protection (Adequacy) (Republic of Korea) Regulations 2022, SI 2022/1213",
    ),
    (
        "US",
        date(2023, 10, 12),
        "organisations certified under the UK Extension to the Data Privacy Framework only",
        "Data Protection (Adequacy) (United States of America) Regulations 2023, SI 2023/1028",
    ),
)
_SWISS_START = date(2023, 9, 1)
_SWISS = (
    "AD AR AT BE BG CH CY CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IL IM IS IT JE LI LT LU LV "
    "MC MT NL NO NZ PL PT RO SE SI SK UY"
)
_SWISS_TERRITORIES = "AX GF GP MF MQ RE YT"
"""Parts of Finland and France that have codes of their own."""
_SWISS_CONDITIONAL = {
    "CA": (_SWISS_START, "recipients subject to PIPEDA or to an equal law of a province only"),
    "US": (date(2024, 9, 15), "organisations certified under the Swiss-US framework only"),
}


def _european() -> list[Membership]:
    found = []
    for source, table in ((_TREATIES, _JOINED), (_OUTERMOST, _OUTERMOST_REGIONS)):
        for since, codes in table:
            for code in codes.split():
                eea = max(_EEA_LATER.get(code, since), _EEA_START)
                found += [
                    Membership(group="EU", country=code, since=since, source=source),
                    Membership(group="EEA", country=code, since=eea, source=f"{_EEA}; {source}"),
                ]
    found += [
        Membership(group="EEA", country=code, since=since, source=_EEA)
        for code, since in _EEA_EFTA.items()
    ]
    return found + [
        Membership(group="EFTA", country=code, since=since, source="EFTA Convention")
        for since, codes in _EFTA
        for code in codes.split()
    ]


def _by_the_union() -> list[Membership]:
    return [
        Membership(
            group="adequate",
            country=code,
            since=since,
            until=until,
            condition=condition,
            source=_COMMISSION,
        )
        for code, since, until, condition in _ADEQUATE
    ]


def _by_the_kingdom() -> list[Membership]:
    first: list[tuple[str, date, str | None, str]] = [
        (code, _UK_START, _UK_CONDITIONAL.get(code), _SCHEDULE_21)
        for code in (*_UK.split(), *_UK_CONDITIONAL)
    ]
    return [
        Membership(
            group="adequate-uk", country=code, since=since, condition=condition, source=source
        )
        for code, since, condition, source in (*first, *_UK_LATER)
    ]


def _by_switzerland() -> list[Membership]:
    whole = f"{_SWISS} {_SWISS_TERRITORIES}".split()
    listed = [
        *((code, _SWISS_START, None) for code in whole),
        *((code, since, words) for code, (since, words) in _SWISS_CONDITIONAL.items()),
    ]
    return [
        Membership(
            group="adequate-ch", country=code, since=since, condition=condition, source=_ANNEX_1
        )
        for code, since, condition in listed
    ]


BUILT_IN = Countries(
    edition=EDITION,
    since=EDITION_DATE,
    memberships=(*_european(), *_by_the_union(), *_by_the_kingdom(), *_by_switzerland()),
)
