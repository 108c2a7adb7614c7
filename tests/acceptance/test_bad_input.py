"""Wrong input through the real command line: one sentence, the exit code, nothing changed."""

import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from psycopg import sql

from doubles.deployed import Deployed, deployed, klover, state
from doubles.ports import free_ports
from doubles.small_world import contents, run_sql
from klover.demo.ground import DATABASE
from klover.store.connect import connect

pytestmark = [pytest.mark.xdist_group("bad-input"), pytest.mark.timeout(600)]

ALL = (
    ("doors", "plan"),
    ("doors", "apply"),
    ("doors", "prove"),
    ("migrate", "plan"),
    ("migrate", "run"),
    ("migrate", "retire"),
    ("up",),
)
SOME = (("doors", "apply"), ("migrate", "run"))
DEVICES = """  devices:
    subject: account_id
    columns:
      id:            restricted
      account_id:    interoperable
      model:         {class: restricted, category: user.device}
      push_token:    {class: restricted, category: user.device.device_id}
      first_seen:    restricted

"""


@pytest.fixture(scope="module")
def house() -> Iterator[Deployed]:
    with deployed() as running:
        yield running


# The policy -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "old", "new", "line", "words", "commands"),
    [
        ("table", "  videos:\n", "  vidoes:\n", True, "no table vidoes", ALL),
        ("column", "email_domain: ", "emial_domain: ", True, "no column 'emial_domain'", ALL),
        ("key", "    subject: account_id\n", "    subjekt: x\n", True, "'subjekt'", SOME),
        ("located", ", located: not CN}", "}", True, "needs `located:`", SOME),
        ("trace", DEVICES, "", False, "Table devices cannot be traced", SOME),
        ("yaml", "klover: 1", "klover: [1", True, "not YAML", SOME),
        ("country", "inside: [EEA, GB, CH]", "inside: [EEA, GB, XQ]", True, "XQ", SOME),
    ],
)
def test_a_policy_that_is_wrong_changes_nothing(
    house: Deployed,
    name: str,
    old: str,
    new: str,
    line: bool,  # noqa: FBT001 - a parameter of the test
    words: str,
    commands: tuple[tuple[str, ...], ...],
) -> None:
    config = house.policy(f"policy-{name}", (old, new))
    before = house.both()
    where = f"policy-{name}.yaml:" + (
        str(1 + (house.folder / "klover.yaml").read_text().partition(old)[0].count("\n"))
        if line and name != "yaml"
        else ""
    )
    for command in commands:
        klover(*command, "--config", config).refused(2, where, words)
    checked = klover("policy", "check", config.with_suffix(".yaml"), "--dsn", house.source)
    assert checked.code == 2
    assert words in checked.out
    assert "Traceback" not in checked.err
    assert house.both() == before


def test_an_enclave_without_tables_says_what_comes_first(house: Deployed) -> None:
    with other_database(house, "bare", "") as (config, dsn):
        before = state(dsn)
        for command in (("doors", "apply"), ("doors", "prove"), ("doors", "plan")):
            klover(*command, "--config", config).refused(2, "klover migrate schema")
        klover("migrate", "run", "--config", config).refused(2, "missing in the enclave")
        assert state(dsn) == before


# Databases --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "to", "words"),
    [
        ("socket", "host=/nonexistent dbname=app user=app_owner", "No such file"),
        ("port", "host=127.0.0.1 port=1 dbname=app user=x password=hunter2", "refused"),
        ("name", "host=nowhere.invalid dbname=app user=x password=hunter2", "nowhere.invalid"),
        ("words", "hots=there password=hunter2", "connection string"),
    ],
)
def test_a_source_that_cannot_be_reached(house: Deployed, name: str, to: str, words: str) -> None:
    config = house.variant(f"source-{name}", (r"^dsn = .*$", f'dsn = "{to}"'))
    before = house.both()
    for command in ("plan", "run", "schema", "status"):
        done = klover("migrate", command, "--config", config)
        done.refused(2, "the source", words)
        assert "hunter2" not in done.err
    klover("policy", "suggest", "--dsn", to).refused(2, "the database", words)
    assert house.both() == before


def test_a_source_without_that_database(house: Deployed) -> None:
    config = house.variant("source-db", (r"(?<=^dsn = ).*$", f'"{swap(house.source, "none")}"'))
    klover("migrate", "run", "--config", config).refused(2, "us-east", '"none" does not exist')


@pytest.mark.parametrize(
    ("server", "commands"),
    [
        (
            "primary",
            [("doors", "apply"), ("doors", "prove"), ("migrate", "run"), ("migrate", "status")],
        ),
        ("standby", [("doors", "prove"), ("up",)]),
    ],
)
def test_an_enclave_that_cannot_be_reached(
    house: Deployed, server: str, commands: list[tuple[str, ...]]
) -> None:
    nowhere = f'{server} = "host=/nonexistent dbname=app user=klover"'
    config = house.variant(f"enclave-{server}", (rf"^{server} = .*$", nowhere))
    before = house.both()
    for command in commands:
        klover(*command, "--config", config).refused(2, f"the enclave's {server} (cell hamar)")
    assert house.both() == before


def test_an_enclave_that_holds_other_tables_is_left_alone(house: Deployed) -> None:
    made = "create table ledger (id int primary key); insert into ledger values (1), (2)"
    with other_database(house, "ledger", made) as (config, dsn):
        before = state(house.source), state(dsn)
        klover("migrate", "schema", "--config", config).refused(2, "already holds other data")
        klover("migrate", "run", "--config", config).refused(2)
        klover("doors", "apply", "--config", config).refused(2)
        assert (state(house.source), state(dsn)) == before


def test_an_enclave_whose_tables_hold_other_rows_is_left_alone(house: Deployed) -> None:
    with other_database(house, "rows", "") as (config, dsn):
        assert klover("migrate", "schema", "--config", config).code == 0
        run_sql(dsn, "insert into audit_events (event, detail, at) values ('x', '{}', now())")
        before = state(house.source), state(dsn)
        klover("migrate", "run", "--config", config).refused(2, "audit_events")
        assert (state(house.source), state(dsn)) == before
        run_sql(dsn, "delete from audit_events")
        run_sql(dsn, "insert into hashtags (id, tag) values (99999, 'mine')")
        # A shared table is compared only while copying: the migration keeps notes by then.
        rows = state(house.source), contents(dsn)
        klover("migrate", "run", "--config", config).refused(2, "hashtags")
        assert (state(house.source), contents(dsn)) == rows


# The deployment's file --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [("doors", "plan"), ("migrate", "run"), ("log", "show"), ("up",), ("login", "--user", "x")],
)
def test_a_folder_without_a_configuration(tmp_path: Path, command: tuple[str, ...]) -> None:
    done = klover(*command, folder=tmp_path)
    done.refused(2, "no configuration klover.toml", "--config")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "pattern", "to", "words"),
    [
        ("toml", r"^policy = .*$", "policy = ", "not valid TOML"),
        ("unknown", r"^\[cell\]$", '[cell]\nhost = "x"', "unknown keys: host"),
        ("part", r"^\[cell\]$", "[house]\n[cell]", "unknown parts: house"),
        ("missing", r"^origin = .*$", "", "needs `origin`"),
        ("kind", r"^origin = .*$", "origin = 3", "`origin` has to be a text"),
        ("policy", r"^policy = .*$", 'policy = "none.yaml"', "none.yaml"),
        ("certificate", r"^certificate = .*$", 'certificate = "none.pem"', "none.pem"),
        ("key", r"^private_key = .*$", 'private_key = "none.key"', "private_key"),
        ("issuer", r'^keys = "keys/issuer.jwks"$', 'keys = "none.jwks"', "none.jwks"),
        ("jwks", r'^keys = "keys/issuer.jwks"$', 'keys = "klover.yaml"', "JSON Web Key Set"),
        ("port", r"^port = .*$", "port = 99999", "`port` has to be from"),
        ("client", r"^simulated_client = .*$", 'simulated_client = "x"', "network address"),
        ("witness", r"^witnesses = .*$", 'witnesses = ["garbage"]', "`witnesses`, number 1"),
        ("sessions", r"^\[gateway\]$", "[gateway]\nmax_sessions = 0", "`max_sessions`"),
        ("keys", r'^keys = "keys"$', 'keys = "klover.yaml"', "klover.yaml"),
    ],
)
def test_a_configuration_that_is_wrong(
    house: Deployed, name: str, pattern: str, to: str, words: str
) -> None:
    config = house.variant(f"wrong-{name}", (pattern, to))
    klover("up", "--config", config).refused(2, words)


def test_keys_that_cannot_be_used(house: Deployed) -> None:
    log = (r'^directory = "log"$', 'directory = "other-log"')
    own = house.variant("keys", (r'^keys = "keys"$', 'keys = "other-keys"'), log)
    keys = house.folder / "other-keys"
    assert klover("doors", "apply", "--config", own).code == 0
    key = keys / "writer-doors.key"
    text = key.read_text()
    key.chmod(0o644)
    klover("doors", "apply", "--config", own).refused(2, "chmod 600")
    key.chmod(stat.S_IRUSR | stat.S_IWUSR)
    key.write_text("rubbish\n")
    klover("doors", "apply", "--config", own).refused(2, "writer-doors.key")
    assert "rubbish" not in klover("doors", "apply", "--config", own).err
    key.write_text(text)
    for trial, words in (("none.key", "none.key"), ("klover.yaml", "trial_key")):
        config = house.variant("trial", (r"^trial_key = .*$", f'trial_key = "{trial}"'))
        klover("login", "--user", "x", "--config", config).refused(2, words)
    config = house.variant("trial", (r"^trial_key = .*$", ""))
    klover("login", "--user", "x", "--config", config).refused(2, "no trial issuer")


def test_a_port_in_use(house: Deployed) -> None:
    port = house.ground.ports["Singapore"]
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        klover("up", "--config", house.ground.configuration).refused(
            2, f"127.0.0.1:{port} is in use"
        )
        klover("demo", "--exit", "--port", str(port)).refused(2, f"Port {port} is in use")


# The log ----------------------------------------------------------------------------------------


def test_verifying_what_is_not_there(house: Deployed, tmp_path: Path) -> None:
    key = "example.org/log+3b6df3ec+AcvLgPYvGz1JmcJeQbdRBmtsMrJvq7EeJJm3bXrsbvTP"
    vkey = (house.folder / "keys" / "log.vkey").read_text().strip()
    for path in (tmp_path, tmp_path / "none", house.folder / "klover.yaml"):
        done = klover("log", "verify", path, "--key", vkey)
        done.refused(done.code)
        assert done.code in {1, 2}
    for text in ("garbage", "a+b+c", key[:-4]):
        klover("log", "verify", tmp_path, "--key", text).refused(2, "key")
    klover("log", "verify", tmp_path, "--key", vkey, "--witness", "x").refused(2, "key")
    klover("log", "show", "--log", tmp_path).refused(2, "no log")
    klover("log", "prove", "0", "--log", tmp_path).refused(2, "no log")
    assert list(tmp_path.iterdir()) == []


# The demonstration ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--port", "80"), "out of range"),
        (("--port", "65535"), "out of range"),
        (("--people", "3"), "--people"),
        (("--people", "many"), "valid integer"),
        (("--dir", "/proc/nowhere/here"), "/proc/nowhere"),
    ],
)
def test_a_demo_that_cannot_begin(words: tuple[str, ...], said: str) -> None:
    if "--port" not in words:
        words += ("--port", str(free_ports()[0]))
    klover("demo", "--exit", *words).refused(2, said)


def test_a_demo_in_a_folder_with_something_in_it(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    port = ("--port", str(free_ports()[0]))
    klover("demo", "--exit", *port, "--dir", tmp_path).refused(2, "not empty")
    klover("demo", "--exit", *port, "--dir", tmp_path / "mine").refused(2, "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


# --json -----------------------------------------------------------------------------------------


def test_every_command_tells_json(house: Deployed) -> None:
    config = ("--json", "--config", house.ground.configuration)
    policy = ("policy", "explain", house.folder / "klover.yaml", "accounts.email", "--json")
    audience = ("--audience", "engineering-abroad", "--dsn", house.source)
    told = [
        klover("policy", "check", house.folder / "klover.yaml", "--json", "--dsn", house.source),
        klover(*policy, *audience),
        klover("doors", "plan", *config),
        klover("doors", "apply", *config),
        klover("doors", "prove", *config),
        klover("migrate", "schema", *config),
        klover("migrate", "plan", *config),
        klover("migrate", "status", *config),
        klover("migrate", "run", *config),
        klover("migrate", "compare", *config),
        klover("migrate", "status", *config),
        klover("login", "--user", "x", *config),
    ]
    for done in told:
        done.json()
        assert done.err == ""


class other_database:  # noqa: N801 - used as a function
    """A second database on the enclave's primary, and a configuration that names it."""

    def __init__(self, house: Deployed, name: str, made: str) -> None:
        self.house, self.name, self.made = house, name, made

    def __enter__(self) -> tuple[Path, str]:
        dsn = swap(self.house.enclave, self.name)
        with connect(self.house.enclave, what="the enclave") as connection:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(self.name)))
        if self.made:
            with connect(dsn, what="the enclave") as connection:
                connection.execute("set search_path = public")
                connection.execute(self.made.encode())
        config = self.house.variant(
            f"enclave-{self.name}",
            (r"^primary = .*$", f'primary = "{dsn}"'),
            (r"^standby = .*$", ""),
        )
        return config, dsn

    def __exit__(self, *_: object) -> None:
        with connect(self.house.enclave, what="the enclave") as connection:
            connection.execute(
                sql.SQL("drop database {} with (force)").format(sql.Identifier(self.name))
            )


def swap(dsn: str, database: str) -> str:
    assert f"dbname={DATABASE}" in dsn
    return dsn.replace(f"dbname={DATABASE}", f"dbname={database}")
