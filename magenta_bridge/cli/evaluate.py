"""``magenta-bridge evaluate``: how well a bundle foretells music that it has not heard."""

from __future__ import annotations

import json
from pathlib import Path

import click

from magenta_bridge.cli.options.types import ANY_PATH


@click.command()
@click.argument("bundle")
@click.option(
    "--data",
    type=ANY_PATH,
    required=True,
    help="Folder or archive of music; of the music it was trained on, the held-out part is used.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def evaluate(bundle: str, data: Path, as_json: bool) -> None:
    """Score BUNDLE, a .mag file or the name of a shipped one, beside n-grams.

    The pieces of DATA are dealt out as in training: n-grams learn from the one side, and all
    models are scored on the pieces that were held out.
    """
    from magenta_bridge.lab.evaluate import run_evaluation

    report = run_evaluation(bundle, data, lambda sentence: click.echo(sentence, err=True))
    click.echo(json.dumps(report.figures) if as_json else report.table)
