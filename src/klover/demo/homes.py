"""Where the invented people live, as a sign-up form has taken it over the years.

Nobody cleaned this column: lower case, English names, three letters, ``UK`` and ``EL``, overseas
territories that are part of the Union and others that are not, a country that is gone, nothing at
all. ``side`` is what a careful reader would say of the home under ``inside: [EEA, GB, CH]``.
"""
# ruff: noqa: RUF001 - letters of many scripts are the point

from dataclasses import dataclass
from enum import Enum


class Side(Enum):
    """Whether a home lies inside; what nobody can say counts as inside and is listed."""

    INSIDE = "inside"
    OUTSIDE = "outside"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """One spelling of a home, with what people there are called, dial and speak."""

    spelling: str | None
    side: Side
    weight: int
    pool: str
    dial: str
    language: str | None
    city: str


def _home(side: Side, line: str) -> Home:
    spelling, weight, pool, dial, language, city = (part.strip() for part in line.split(";"))
    return Home(
        spelling=None if spelling == "NULL" else spelling.strip("'"),
        side=side,
        weight=int(weight),
        pool=pool,
        dial=dial,
        language=language or None,
        city=city,
    )


def _homes(side: Side, text: str) -> tuple[Home, ...]:
    return tuple(_home(side, line) for line in text.strip().splitlines())


# spelling; weight; pool; dial; language; city
_INSIDE = """
DE; 440; german; 49; de; Köln
FR; 390; romance; 33; fr; Besançon
IT; 300; romance; 39; it; Forlì
ES; 270; romance; 34; es; A Coruña
GB; 330; islands; 44; en; Hebden Bridge
PL; 190; slavic; 48; pl; Łódź
NL; 110; german; 31; nl; 's-Hertogenbosch
NO; 80; nordic; 47; nb; Hamar
SE; 100; nordic; 46; sv; Malmö
DK; 70; nordic; 45; da; Aarhus
FI; 60; nordic; 358; fi; Jyväskylä
IE; 60; islands; 353; ga; Dún Laoghaire
IS; 8; nordic; 354; is; Höfn
LI; 3; german; 423; de; Vaduz
CH; 80; german; 41; de; Zürich
AT; 80; german; 43; de; Sankt Pölten
BE; 80; romance; 32; nl; Liège
LU; 10; romance; 352; fr; Esch
PT; 90; romance; 351; pt; Évora
GR; 70; greek; 30; el; Ηράκλειο
CY; 10; greek; 357; el; Λεμεσός
BG; 60; bulgarian; 359; bg; Велико Търново
RO; 140; romance; 40; ro; Târgu Mureș
CZ; 80; slavic; 420; cs; Český Krumlov
SK; 45; slavic; 421; sk; Žilina
SI; 20; slavic; 386; sl; Škofja Loka
HR; 35; slavic; 385; hr; Đakovo
HU; 80; baltic; 36; hu; Győr
EE; 15; baltic; 372; et; Pärnu
LV; 18; baltic; 371; lv; Rēzekne
LT; 25; baltic; 370; lt; Šiauliai
MT; 6; romance; 356; en; Ħal Qormi
"""

_INSIDE_ODD = """
UK; 40; islands; 44; en; Llanfairpwllgwyngyll
EL; 15; greek; 30; el; Θεσσαλονίκη
de; 25; german; 49; de; Görlitz
fr; 20; romance; 33; ; Nîmes
' nl '; 3; german; 31; nl; Den Haag
Germany; 20; german; 49; de; Würzburg
Norway; 8; nordic; 47; nb; Tromsø
United Kingdom; 12; islands; 44; en; Stoke-on-Trent
FRA; 10; romance; 33; fr; Sète
DEU; 10; german; 49; de; Saarbrücken
RE; 6; romance; 262; fr; Saint-Denis
GP; 4; romance; 590; fr; Pointe-à-Pitre
GF; 3; romance; 594; fr; Cayenne
MQ; 4; romance; 596; fr; Fort-de-France
YT; 3; romance; 262; fr; Mamoudzou
"""

_UNDECIDED = """
NULL; 60; slavic; 388; ; somewhere
''; 30; romance; 388; ; somewhere
ZZ; 12; nordic; 388; ; somewhere
Unknown; 12; islands; 388; en; somewhere
Yugoslavia; 6; slavic; 381; hr; Novi Sad
"""

_OUTSIDE = """
US; 1750; american; 1; en; Toledo
BR; 800; latin; 55; pt; São Luís
MX; 620; latin; 52; es; Mérida
CN; 300; chinese; 86; zh; 哈尔滨
TW; 150; chinese; 886; zh; 臺南
SG; 90; chinese; 65; en; Singapore
JP; 420; japanese; 81; ja; 札幌
KR; 260; japanese; 82; ko; 부산
IN; 620; indian; 91; hi; लखनऊ
BD; 130; indian; 880; bn; চট্টগ্রাম
PH; 330; latin; 63; tl; Iloilo
EG; 220; arabic; 20; ar; أسيوط
SA; 160; arabic; 966; ar; جدة
IL; 70; arabic; 972; he; חיפה
NG; 260; african; 234; en; Ìbàdàn
KE; 120; african; 254; sw; Kisumu
ZA; 140; african; 27; zu; eThekwini
TR; 220; eastern; 90; tr; Eskişehir
UA; 160; eastern; 380; uk; Чернівці
KZ; 70; eastern; 7; ru; Қарағанды
GE; 30; eastern; 995; ka; ქუთაისი
AU; 180; american; 61; en; Wagga Wagga
CA; 230; american; 1; en; Trois-Rivières
"""

_OUTSIDE_ODD = """
us; 40; american; 1; en; Truth or Consequences
United States; 40; american; 1; en; Boise
USA; 40; american; 1; en; Intercourse
Brazil; 20; latin; 55; pt; Olinda
GL; 4; overseas; 299; da; Nuuk
FO; 4; overseas; 298; da; Tórshavn
PF; 4; overseas; 689; fr; Papeʻete
SJ; 2; overseas; 47; nb; Longyearbyen
GI; 4; overseas; 350; en; Gibraltar
JE; 4; overseas; 44; en; Saint Helier
"""

HOMES: tuple[Home, ...] = (
    *_homes(Side.INSIDE, _INSIDE),
    *_homes(Side.INSIDE, _INSIDE_ODD),
    *_homes(Side.UNDECIDED, _UNDECIDED),
    *_homes(Side.OUTSIDE, _OUTSIDE),
    *_homes(Side.OUTSIDE, _OUTSIDE_ODD),
)

ODD: tuple[Home, ...] = (
    *_homes(Side.INSIDE, _INSIDE_ODD),
    *_homes(Side.UNDECIDED, _UNDECIDED),
    *_homes(Side.OUTSIDE, _OUTSIDE_ODD),
)
"""The homes that every population has at least one person of, however small it is."""
