"""The deployment's file: read whole, or refused with a sentence."""

from typing import Any

import pytest

from klover.config import Deployment, parse
from klover.errors import ConfigError

FULL: dict[str, Any] = {
    "policy": "klover.yaml",
    "cell": {"name": "hamar", "primary": "host=a", "standby": "host=b"},
    "sources": [{"name": "us-east", "dsn": "host=c", "place": "us-east"}],
    "log": {"directory": "log", "origin": "example.com/log", "keys": "keys", "witnesses": ["w"]},
    "gateway": {
        "listeners": [{"host": "127.0.0.1", "port": 6432, "simulated_client": "10.20.0.7"}],
        "certificate": "tls/server.pem",
        "private_key": "tls/server.key",
        "backend": {"host": "/run/postgres", "database": "app"},
    },
    "issuer": {"name": "https://id.example", "audience": "klover", "keys": "issuer.jwks"},
    "homes": {"ip_countries": "GeoLite2-Country.mmdb"},
}


def read(table: dict[str, Any]) -> Deployment:
    return parse(table, lambda text: "/etc/klover/" + text)


def test_a_full_file_is_read_with_paths_made_absolute() -> None:
    deployment = read(FULL)
    assert deployment.policy == "/etc/klover/klover.yaml"
    assert deployment.log.directory == "/etc/klover/log"
    assert deployment.gateway is not None
    assert deployment.gateway.listeners[0].simulated_client == "10.20.0.7"
    assert deployment.gateway.backend.port == 5432
    assert deployment.source(None).name == "us-east"
    assert deployment.ip_countries == "/etc/klover/GeoLite2-Country.mmdb"


def test_gateway_and_issuer_may_be_left_out() -> None:
    deployment = read({key: FULL[key] for key in ("policy", "cell", "sources", "log")})
    assert deployment.gateway is None
    assert deployment.issuer is None


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"policy": 3}, "`policy` has to be a text"),
        ({"colour": "green"}, "unknown parts: colour"),
        ({"cell": {"name": "hamar"}}, "needs `primary`"),
        ({"cell": {"name": "h", "primary": "x", "port": 1}}, "unknown keys: port"),
        ({"gateway": {**FULL["gateway"], "listeners": []}}, "at least one"),
        ({"gateway": {**FULL["gateway"], "max_sessions": True}}, "whole number"),
        ({"sources": [7]}, "has to be a table"),
        ({"homes": {}}, "needs `ip_countries`"),
        ({"homes": {"ip_countries": "a", "phones": "b"}}, "unknown keys: phones"),
    ],
)
def test_what_is_wrong_is_told_in_a_sentence(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        read({**FULL, **change})


def test_an_unknown_source_names_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="us-east"):
        read(FULL).source("us-west")
