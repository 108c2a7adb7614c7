"""Where doors open: on a standby by default, on a primary only while its hardening reads back."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from conftest import NewDatabase
from doubles.configured import write_config
from doubles.tiny_doors import SOUND, make_tables
from klover.cli import app
from klover.errors import CheckFailed, ConfigError
from klover.store.connect import connect
from klover.store.embedded import Server

RUN = CliRunner()


@pytest.fixture
def database(server: Server, new_database: NewDatabase) -> str:
    name = new_database()
    with connect(server.dsn(name), what="the test enclave") as connection:
        make_tables(connection)
    return name


@pytest.fixture
def alone(server: Server, database: str, tmp_path: Path) -> Iterator[Path]:
    """Configure a cell that has a primary only, its doors applied."""
    (tmp_path / "klover.yaml").write_text(SOUND)
    with tempfile.TemporaryDirectory(prefix="klover-log-") as log:
        config = write_config(tmp_path, primary=server.dsn(database), log=log)
        applied = RUN.invoke(app, ["doors", "apply", "--config", str(config)])
        assert applied.exit_code == 0, applied.exception
        yield config


@pytest.mark.parametrize(
    "softened",
    [
        "grant execute on function pg_catalog.pg_notify(text, text) to public",
        "grant execute on function pg_catalog.lo_create(oid) to public",
        "grant usage on language plpgsql to public",
        "grant temporary on database {} to public",
        "grant select on pg_catalog.pg_stat_activity to public",
        "grant create on schema public to public",
        "alter role klover_s_abroad_01 set work_mem = '1GB'",
    ],
)
def test_a_primary_whose_hardening_does_not_read_back_stays_shut(
    alone: Path, server: Server, database: str, softened: str
) -> None:
    words = ["up", "--config", str(alone)]
    proved = RUN.invoke(app, words)
    assert isinstance(proved.exception, ConfigError)  # proved; only [gateway] is missing
    with connect(server.dsn(database), what="the primary") as owner:
        owner.execute(softened.format(database).encode())
    refused = RUN.invoke(app, words)
    assert isinstance(refused.exception, CheckFailed)
    assert "stays shut" in str(refused.exception)
    mended = RUN.invoke(app, ["doors", "apply", "--config", str(alone)])
    assert mended.exit_code == 0
    assert isinstance(RUN.invoke(app, words).exception, ConfigError)


def test_while_every_door_is_suspended_the_gateway_may_open(alone: Path) -> None:
    words = ["--config", str(alone)]
    assert RUN.invoke(app, ["doors", "suspend", *words]).exit_code == 0
    assert isinstance(RUN.invoke(app, ["up", *words]).exception, ConfigError)
