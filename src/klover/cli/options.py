"""Options that many commands share, worded once. Those of one command stand in its signature."""

from pathlib import Path
from typing import Annotated

import typer

CONFIG = Path("klover.toml")
Config = Annotated[Path, typer.Option("--config", help="The deployment's configuration.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
PolicyFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="The policy, usually klover.yaml.")
]
PolicyDsn = Annotated[
    str | None,
    typer.Option(
        "--dsn", envvar="KLOVER_DSN", help="The database whose tables the policy is about."
    ),
]
