"""``python -m magenta_bridge.cli.reexport BUNDLE ...``: bundles get this version's programs."""

from __future__ import annotations

import os
from pathlib import Path

import click

from magenta_bridge.cli.words import ANY_FILE
from magenta_bridge.errors import MagentaBridgeError
from magenta_bridge.runtime.silence import silent_stderr


@click.command()
@click.argument("bundles", type=ANY_FILE, nargs=-1, required=True)
def main(bundles: tuple[Path, ...]) -> None:
    """Make the programs of BUNDLES anew from the networks inside them, without training."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silent_stderr():  # TensorFlow greets on loading, past every log level
        from magenta_bridge.training.reexport import reexport

    for bundle in bundles:
        try:
            size = reexport(bundle)
        except MagentaBridgeError as error:
            raise click.ClickException(error.message) from error
        click.echo(f"{bundle}: a program of {size} bytes.")


if __name__ == "__main__":
    main()
