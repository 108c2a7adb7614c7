#!/usr/bin/env python3
"""Writes the data that Klover takes from elsewhere: native country names and time zones.

Native names are CLDR's (Unicode licence, see NOTICE), read with babel; time zones are those of the
IANA database (public domain), read from the tzdata package. Run it after either has a new edition,
look at the difference, and commit it: `.venv/bin/python scripts/generate_countries.py`.
"""

import re
import sys
from importlib import metadata, resources
from pathlib import Path

from babel import Locale, localedata
from babel.languages import get_official_languages

from klover.policy import country
from klover.policy.countries import BUILT_IN, EDITION_DATE
from klover.policy.model import Region

ROOT = Path(__file__).parents[1]
POLICY = ROOT / "src" / "klover" / "policy"
SHARED = frozenset({"Saint-Martin"})
"""Names that mean an island which two countries share."""

NATIVE_HEAD = '''"""What countries are called in their own languages. Generated: do not edit.

`scripts/generate_countries.py` writes it from the Unicode CLDR as babel {babel} has it (its
licence is in NOTICE), for every official language of each territory, de facto and regional ones
included. Two letters, then the names.
"""

NATIVE = """
'''
ZONES_HEAD = '''"""Which country a time zone lies in, where it lies in one. Generated: do not edit.

`scripts/generate_countries.py` writes it from the IANA time zone database {zones} (public domain,
https://www.iana.org/time-zones): the country that a zone is named for. Left out are zones named for
a country elsewhere that somebody in Europe keeps, too (`Africa/Abidjan` is Iceland's), for they
would leave a European outside; and offsets (`Etc/GMT+1`, `CET`). Two letters, then the zones.
"""

ZONES = """
'''

OFFSET = re.compile(r"([CEMW]ET|[EHM]ST|[A-Z]{3}\d[A-Z]{3}|Etc/.*)\Z")
"""Names of offsets that links lead from one city's zone: who writes ``CET`` names no city."""


def native() -> str:
    """Tell the module of native names."""
    lines = []
    for code in sorted(country.codes()):
        found = []
        for language in get_official_languages(code, regional=True, de_facto=True):
            if not localedata.exists(language):
                continue
            word = Locale.parse(language).territories.get(code)
            known = [country.folded(other) for other in (*found, country.name(code))]
            if word and word not in SHARED and country.folded(word) not in known:
                found.append(word)
        if found:
            lines.append(f"{code} {'|'.join(found)}")
    return NATIVE_HEAD.format(babel=metadata.version("babel")) + "\n".join(lines) + '\n"""\n'


def zones() -> str:
    """Tell the module of time zones.

    zone.tab tells the one country that a zone is named for, zone1970.tab all that keep it; links
    take what they lead to.
    """
    named = {zone: code for code, zone in rows("zone.tab")}
    kept = {zone: set(codes.split(",")) for codes, zone in rows("zone1970.tab")}
    for target, alias in links():
        if target in named and not OFFSET.match(alias):
            named.setdefault(alias, named[target])
            if named[alias] == named[target]:
                kept.setdefault(alias, kept.get(target, set()))
    europe = country.members(Region(names=("EEA", "GB", "CH")), EDITION_DATE, BUILT_IN)
    by_code: dict[str, list[str]] = {}
    for zone, code in named.items():
        if code in europe or not europe & kept.get(zone, set()):
            by_code.setdefault(code, []).append(zone)
    lines = [line for code in sorted(by_code) for line in wrapped(code, sorted(by_code[code]))]
    version = metadata.version("tzdata")
    return ZONES_HEAD.format(zones=version) + "\n".join(lines) + '\n"""\n'


def rows(file: str) -> list[tuple[str, str]]:
    """Read the countries and the zone of each row of a table."""
    text = read(file)
    found = [line.split("\t") for line in text.splitlines() if line and line[0] != "#"]
    return [(row[0], row[2]) for row in found]


def links() -> list[tuple[str, str]]:
    """Read the links: what they lead to, and their name."""
    return re.findall(r"^L (\S+) (\S+)$", read("tzdata.zi"), flags=re.MULTILINE)


def read(file: str) -> str:
    """Read a file of the time zone database."""
    return (resources.files("tzdata") / "zoneinfo" / file).read_text(encoding="utf-8")


def wrapped(code: str, names: list[str]) -> list[str]:
    """Lay a country's zones out in lines that begin with its code."""
    lines = [code]
    for word in names:
        if len(lines[-1]) + len(word) >= 99:  # noqa: PLR2004 - the length of a line
            lines.append(code)
        lines[-1] += f" {word}"
    return lines


MODULES = {"country_native.py": native, "time_zones.py": zones}

if __name__ == "__main__":
    for module, text in MODULES.items():
        (POLICY / module).write_text(text(), encoding="utf-8")
        sys.stdout.write(f"{module} written\n")
