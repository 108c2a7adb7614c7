"""``klover policy schema``: the JSON Schema of the policy's language."""

import typer


def schema() -> None:
    """Print the JSON Schema of the policy's language, for editors."""
    from klover.policy.schema import text

    typer.echo(text(), nl=False)
