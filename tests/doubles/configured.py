"""A deployment's file for tests: one cell, a log, and a source where there is one."""

from pathlib import Path


def write_config(
    folder: Path,
    *,
    primary: str,
    standby: str | None = None,
    source: str | None = None,
    log: str = ".",
) -> Path:
    """Write ``klover.toml`` beside ``klover.yaml``; the log and its keys lie under ``log``."""
    lines = ['policy = "klover.yaml"', "[cell]", 'name = "hamar"', f'primary = "{primary}"']
    if standby is not None:
        lines.append(f'standby = "{standby}"')
    if source is not None:
        lines += ["[[sources]]", 'name = "us-east"', f'dsn = "{source}"', 'place = "us-east"']
    lines += ["[log]", f'directory = "{log}/log"', 'origin = "example.org/log"']
    lines.append(f'keys = "{log}/keys"')
    path = folder / "klover.toml"
    path.write_text("\n".join(lines) + "\n")
    return path
