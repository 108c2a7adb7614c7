"""Tables of network addresses: where an address is, and what says nothing."""

from ipaddress import ip_address
from pathlib import Path

import pytest

from doubles.address_table import write_table
from klover.errors import ConfigError
from klover.migrate.addresses import country_of, open_addresses
from klover.policy.evidence import country_told
from klover.policy.model import EvidenceKind


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("192.0.2.7", "NO"),  # where it is, not where it is registered
        ("198.51.100.7", "US"),
        ("198.51.100.200", None),  # an anonymiser's
        ("203.0.113.1", None),  # registered somewhere, and nobody knows where it is
        ("192.0.2.0/24", "NO"),
        ("192.0.0.0/16", None),  # a range that the table knows a part of
        ("198.51.100.0/24", None),  # two parts of it differ
        ("::ffff:192.0.2.7", "NO"),
        ("2001:db8:1::7", "DE"),
        ("2001:db8:2::7", "CN"),
        ("10.0.0.1", None),
    ],
)
def test_an_address_in_a_table(tmp_path: Path, address: str, code: str | None) -> None:
    table = open_addresses(write_table(tmp_path / "t.mmdb"))
    assert country_told(EvidenceKind.IP, address, table.look_up) == code


@pytest.mark.parametrize(
    ("record", "code"),
    [
        ({"country": {"iso_code": "NO"}}, "NO"),
        ({"country": {"iso_code": "NO"}, "traits": {"is_hosting_provider": True}}, None),
        ({"country": {"iso_code": "NO"}, "traits": {"is_anonymous": False}}, "NO"),
        ({"country": {"names": {"en": "Norway"}}}, None),
        ({"country": {"iso_code": 47}}, None),
        ({"country": {"iso_code": "EU"}}, None),
        ({"country_code": "NO", "country": "Norway"}, "NO"),
        ({"continent": {"code": "EU"}}, None),
        ("NO", None),
        (None, None),
    ],
)
def test_records_of_several_publishers(record: object, code: str | None) -> None:
    assert country_of(record) == code


def test_the_table_is_named_with_the_day_it_was_built(tmp_path: Path) -> None:
    name, _, day = open_addresses(write_table(tmp_path / "t.mmdb")).name.partition(" ")
    assert name == "Test-Country"
    assert len(day) == len("2026-11-20")


def test_what_is_no_table_is_refused_in_a_sentence(tmp_path: Path) -> None:
    whole = write_table(tmp_path / "t.mmdb").read_bytes()
    (tmp_path / "text.mmdb").write_text("no table")
    (tmp_path / "cut.mmdb").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "empty.mmdb").write_bytes(b"")
    (tmp_path / "folder.mmdb").mkdir()
    for name in ("none.mmdb", "text.mmdb", "cut.mmdb", "empty.mmdb", "folder.mmdb"):
        with pytest.raises(ConfigError, match=name):
            open_addresses(tmp_path / name)


def test_a_damaged_record_ends_in_a_sentence(tmp_path: Path) -> None:
    whole = bytearray(write_table(tmp_path / "t.mmdb").read_bytes())
    start, end = whole.index(b"\0" * 16) + 16, whole.index(b"\xab\xcd\xefMaxMind.com")
    whole[start:end] = b"\xff" * (end - start)
    (tmp_path / "bad.mmdb").write_bytes(whole)
    table = open_addresses(tmp_path / "bad.mmdb")
    with pytest.raises(ConfigError, match="damaged"):
        table.look_up(ip_address("192.0.2.7"))
