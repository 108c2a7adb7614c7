"""A table of addresses in MaxMind's format, written by another program's writer."""

from collections.abc import Mapping
from pathlib import Path

from mmdb_writer import MMDBWriter
from netaddr import IPSet  # type: ignore[import-untyped]

ADDRESSES: Mapping[str, Mapping[str, object]] = {
    "192.0.2.0/24": {"country": {"iso_code": "NO"}, "registered_country": {"iso_code": "US"}},
    "198.51.100.0/25": {"country": {"iso_code": "US"}},
    "198.51.100.128/25": {"country": {"iso_code": "IE"}, "traits": {"is_anonymous_proxy": True}},
    "203.0.113.0/24": {"registered_country": {"iso_code": "FR"}},
    "2001:db8:1::/48": {"country_code": "DE"},
    "2001:db8:2::/48": {"country": "CN"},
}
"""Ranges kept for documentation, so nobody's."""


def write_table(path: Path, ranges: Mapping[str, Mapping[str, object]] = ADDRESSES) -> Path:
    """Write a table of ``ranges``; tell where it is."""
    writer = MMDBWriter(
        ip_version=6, ipv4_compatible=True, database_type="Test-Country", languages=["en"]
    )
    for text, record in ranges.items():
        writer.insert_network(IPSet([text]), dict(record))
    writer.to_db_file(str(path))
    return path
