"""Casts that conditions on rows may have: Postgres itself is asked whether they can say a value."""

import psycopg
import pytest

from klover.policy import casts
from klover.policy.casts import never_fails
from klover.store.connect import Connection

EDGES = {
    "smallint": ("-32768", "0", "32767"),
    "integer": ("-2147483648", "0", "2147483647"),
    "bigint": ("-9223372036854775808", "0", "9223372036854775807"),
    "numeric": ("1e400", "-0.0001", "NaN", "Infinity", "-Infinity"),
    "real": ("3.4e38", "1e-45", "NaN", "Infinity", "-Infinity"),
    "double precision": ("1.7e308", "5e-324", "NaN", "Infinity", "-Infinity"),
    "boolean": ("true", "false"),
    "date": ("-infinity", "infinity", "4713-01-01 BC", "294276-12-30"),
    "timestamp without time zone": ("-infinity", "infinity", "4713-01-02 BC", "294276-12-30"),
    "timestamp with time zone": ("-infinity", "infinity", "4713-01-02 BC", "294276-12-30"),
    "time without time zone": ("00:00", "24:00"),
    "uuid": ("00000000-0000-0000-0000-000000000000",),
    "inet": ("10.1.2.3/8", "2001:db8::1/0", "192.0.2.1"),
    "cidr": ("10.0.0.0/8", "::/0"),
    "jsonb": ('{"a": [1, null, "\\ud83d\\ude00"]}', "7"),
    "json": ('{"a": "\\u0000"}', "7"),
}
TARGETS = sorted({*EDGES, *(casts.TEXT - {"citext"})})


@pytest.mark.parametrize("source", EDGES)
def test_a_cast_that_is_let_through_fails_for_no_value(database: Connection, source: str) -> None:
    allowed = [target for target in TARGETS if never_fails(source, target)]
    assert source in allowed
    for target in allowed:
        for value in EDGES[source]:
            database.execute(f"select '{value}'::{source}::{target}".encode())
        database.execute(f"select array['{EDGES[source][0]}']::{source}[]::{target}[]".encode())
        assert never_fails(f"{source}[]", f"{target}[]")


def test_a_day_out_of_range_is_not_said(database: Connection) -> None:
    with pytest.raises(psycopg.errors.DatetimeFieldOverflow) as caught:
        database.execute("select '5874897-12-31'::date::timestamp")
    assert "5874897" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "target", "value"),
    [
        ("text", "integer", "kalle"),
        ("text", "date", "kalle"),
        ("text", "text[]", "kalle"),
        ("numeric", "double precision", "1e400"),
        ("text", "uuid", "kalle"),
        ("text", "jsonb", "kalle"),
    ],
)
def test_a_cast_that_says_its_value_is_never_let_through(
    database: Connection, source: str, target: str, value: str
) -> None:
    with pytest.raises(psycopg.Error) as caught:
        database.execute(f"select '{value}'::{source}::{target}".encode())
    said = f"{caught.value} {caught.value.diag.message_detail}"
    assert value in said or value.replace("1e4", "10000") in said
    assert not never_fails(source, target)
