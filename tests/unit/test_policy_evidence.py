"""What one piece of evidence tells: a country, or nothing; never a guess."""

from ipaddress import ip_network

import pytest

from klover.policy.country import codes
from klover.policy.evidence import Address, country_told, of_time_zone
from klover.policy.model import EvidenceKind
from klover.policy.time_zones import ZONES


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("+47 22 12 34 56", "NO"),
        ("tel:+4722123456", "NO"),
        ("+44 20 7946 0958", "GB"),
        ("+44 7781 123456", "GG"),
        ("+44 1534 456789", "JE"),
        ("+262 692 12 34 56", "RE"),
        ("+590 690 00 12 34", "GP"),
        ("+358 18 12345", "AX"),
        ("+298 201234", "FO"),
        ("+383 49 123456", "XK"),
        ("+1 201 555 0123", "US"),
        ("+1 416 555 0123", "CA"),
        ("+1-787-234-5678", "PR"),
        ("0047 22123456", None),  # dialled from where?
        ("22 12 34 56", None),  # whose?
        ("+47 12", None),
        ("+999 123456", None),
        ("+1 800 555 0100", None),  # toll-free, of many countries
        ("+800 1234 5678", None),
        ("phone", None),
        ("+", None),
    ],
)
def test_a_phone_number(number: str, code: str | None) -> None:
    assert country_told(EvidenceKind.PHONE, number) == code


@pytest.mark.parametrize(
    ("locale", "code"),
    [
        ("de-AT", "AT"),
        ("de_AT.UTF-8", "AT"),
        (" nb-NO ", "NO"),
        ("sr_Latn_RS", "RS"),
        ("zh-cmn-Hans-CN", "CN"),
        ("en-UK", "GB"),
        ("ca-ES-valencia", "ES"),
        ("de", None),  # a language is spoken in several countries, and by whoever learnt it
        ("is", None),
        ("no", None),
        ("es-419", None),
        ("sr-Latn", None),
        ("en-XX", None),
        ("xx-EU", None),
        ("de-AT,de;q=0.9", None),
        ("POSIX", None),
    ],
)
def test_a_locale(locale: str, code: str | None) -> None:
    assert country_told(EvidenceKind.LOCALE, locale) == code


@pytest.mark.parametrize(
    ("zone", "code"),
    [
        ("Europe/Oslo", "NO"),
        ("europe/dublin", "IE"),
        ("Eire", "IE"),
        ("Atlantic/Reykjavik", "IS"),
        ("Atlantic/Canary", "ES"),
        ("Europe/Mariehamn", "AX"),
        ("Indian/Reunion", "RE"),
        ("Atlantic/Faroe", "FO"),
        ("Arctic/Longyearbyen", "SJ"),
        ("US/Eastern", "US"),
        ("Europe/Berlin", "DE"),  # kept elsewhere in Europe, too, and inside either way
        ("Europe/London", "GB"),
        ("Asia/Calcutta", "IN"),
        ("Iceland", None),  # a link to Abidjan's
        ("America/Puerto_Rico", None),  # Guadeloupe keeps it
        ("Africa/Abidjan", None),  # Iceland keeps it
        ("Asia/Dubai", None),  # Réunion keeps it
        ("CET", None),
        ("Etc/GMT-1", None),
        ("Europe/Atlantis", None),
    ],
)
def test_a_time_zone(zone: str, code: str | None) -> None:
    assert country_told(EvidenceKind.TIME_ZONE, zone) == code


def test_every_zone_leads_to_a_country_and_stands_once() -> None:
    seen: set[str] = set()
    for line in ZONES.strip().splitlines():
        code, *zones = line.split(" ")
        assert code in codes()
        assert not seen.intersection(zones)
        seen.update(zones)
        assert all(of_time_zone(zone) == code for zone in zones)


def look_up(address: Address) -> tuple[str | None, int]:
    for text, code in (("192.0.2.0/24", "NO"), ("2001:db8::/32", "US"), ("203.0.113.0/25", "XX")):
        network = ip_network(text)
        if address.version == network.version and address in network:
            return code, network.prefixlen
    return None, 0


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("192.0.2.7", "NO"),
        ("192.0.2.7/32", "NO"),
        ("192.0.2.7/8", "NO"),  # an inet: an address with its netmask
        ("192.0.2.0/24", "NO"),
        ("192.0.2.0/23", None),  # reaches beyond what the table says
        ("::ffff:192.0.2.7", "NO"),
        ("2001:db8::1%eth0", "US"),
        ("203.0.113.1", None),  # the table names no country
        ("10.0.0.1", None),
        ("192.0.2", None),
        ("localhost", None),
    ],
)
def test_an_address(address: str, code: str | None) -> None:
    assert country_told(EvidenceKind.IP, address, look_up) == code


def test_nothing_comes_of_nothing() -> None:
    assert country_told(EvidenceKind.IP, "192.0.2.7") is None
    for kind in EvidenceKind:
        assert country_told(kind, "", look_up) is None
        assert country_told(kind, "NO" * 200, look_up) is None
