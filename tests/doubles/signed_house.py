"""A deployment's folder with an enclave, signers and an overseer, and the commands run in it."""

import json
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from typer.testing import CliRunner, Result

from doubles.configured import write_config
from doubles.demo_doors import load_application
from doubles.signed import ANNA, BERT, MALLORY, OLGA, signing
from klover.cli import app
from klover.store.connect import connect
from klover.store.embedded import Server
from klover.store.replay import flushed_position, wait_replayed

RUN = CliRunner()
UNSIGNED = files("klover.demo").joinpath("klover.yaml").read_text()
PEOPLE = (("anna", ANNA), ("bert", BERT))
BASE = UNSIGNED + signing(*PEOPLE)
LOOSER = BASE.replace("email_domain:  restricted", "email_domain:  public")
TIGHTER = BASE.replace("title:         {class: public", "title:         {class: restricted")


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """A deployment's folder, its enclave, and everybody's key files."""

    folder: Path
    server: Server
    standby: Server
    database: str

    @property
    def config(self) -> Path:
        return self.folder / "klover.toml"

    @property
    def dsn(self) -> str:
        return self.server.dsn(self.database)

    def run(self, *words: str | Path) -> Result:
        return RUN.invoke(app, [*map(str, words), "--config", str(self.config)])

    def ok(self, *words: str | Path) -> Result:
        done = self.run(*words)
        assert done.exit_code == 0, (done.output, done.exception)
        return done

    def write(self, text: str, name: str = "klover.yaml") -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def sign(self, path: Path, *names: str) -> None:
        for name in names:
            self.ok("policy", "sign", path, "--key", self.key(name), "--yes")

    def begin(self) -> None:
        """Put BASE into effect."""
        path = self.write(BASE)
        self.sign(path, "anna", "bert")
        self.ok("policy", "propose", path)

    def status(self) -> list[dict[str, object]]:
        told: list[dict[str, object]] = json.loads(self.ok("policy", "status", "--json").stdout)[
            "versions"
        ]
        return told

    def replicate(self) -> None:
        with connect(self.dsn, what="the enclave") as primary:
            position = flushed_position(primary)
        with connect(self.standby.dsn(), what="the standby") as standby:
            wait_replayed(standby, position)


def make_house(server: Server, standby: Server, database: str, folder: Path) -> House:
    """Make the application's tables, the configuration and the keys; nothing is signed yet."""
    with connect(server.dsn(database), what="the test enclave") as connection:
        load_application(connection)
    write_config(folder, primary=server.dsn(database), standby=standby.dsn(database))
    for name, key in (("anna", ANNA), ("bert", BERT), ("olga", OLGA), ("mallory", MALLORY)):
        path = folder / f"{name}.key"
        path.write_text(key.skey + "\n")
        path.chmod(0o600)
    return House(folder=folder, server=server, standby=standby, database=database)
