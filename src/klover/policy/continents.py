"""Which continent a country is on: those of the United Nations' M49, America in its two halves.

Data only, by two-letter code; every code that ``country`` knows stands here once. Cyprus, Georgia
and Turkey are in Asia there, Russia in Europe. https://unstats.un.org/unsd/methodology/m49/
"""

from collections.abc import Mapping
from functools import cache

CONTINENTS: Mapping[str, str] = {
    "Africa": "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY"
    " MA MG ML MR MU MW MZ NA NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TF TG TN TZ UG IO YT ZA ZM"
    " ZW",
    "Antarctica": "AQ BV GS HM",
    "Asia": "AE AF AM AZ BD BH BN BT CN CY GE HK ID IL IN IQ IR JO JP KG KH KP KR KW KZ LA LB LK"
    " MM MN MO MV MY NP OM PH PK PS QA SA SG SY TH TJ TL TM TR TW UZ VN YE",
    "Europe": "AD AL AT AX BA BE BG BY CH CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE"
    " LI LT LU LV MC MD ME MK MT NL NO PL PT RO RS RU SE SI SJ SK SM UA VA XK",
    "North America": "AG AI AW BB BL BM BQ BS BZ CA CR CU CW DM DO GD GL GP GT HN HT JM KN KY LC"
    " MF MQ MS MX NI PA PM PR SV SX TC TT US VC VG VI",
    "Oceania": "AS AU CC CK CX FJ FM GU KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TO TV UM VU WF"
    " WS",
    "South America": "AR BO BR CL CO EC FK GF GY PE PY SR UY VE",
}
"""Codes by continent, with spaces between them."""


def continent(code: str) -> str | None:
    """Tell the continent of a two-letter code; None for one that nobody knows."""
    return _by_code().get(code)


@cache
def _by_code() -> Mapping[str, str]:
    return {code: name for name, codes in CONTINENTS.items() for code in codes.split()}
