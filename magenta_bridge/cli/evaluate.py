"""``magenta-bridge evaluate``: the likelihood of held-out music under a bundle."""

from __future__ import annotations

import json
from pathlib import Path

import click

from magenta_bridge.cli.options.types import ANY_PATH
from magenta_bridge.cli.progress import count_files, print_message


@click.command()
@click.argument("bundle")
@click.option(
    "--data",
    type=ANY_PATH,
    required=True,
    help="Folder or archive of music. If BUNDLE was trained on it, the held-out part is used.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def evaluate(bundle: str, data: Path, as_json: bool) -> None:
    """Score BUNDLE, a .mag file or the name of a shipped one, beside n-grams.

    DATA is split as in training: n-grams learn from the training side, and all models are scored
    on the held-out pieces.
    """
    from magenta_bridge.lab.evaluate import evaluate as run_evaluation

    with count_files() as on_file:
        found = run_evaluation(bundle, data, on_file=on_file, on_message=print_message)
    click.echo(json.dumps(found.figures) if as_json else str(found))
