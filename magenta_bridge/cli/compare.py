"""``magenta-bridge compare``: several bundles side by side on one page."""

from __future__ import annotations

import json
from pathlib import Path

import click

from magenta_bridge.cli.options.types import ANY_PATH

_SAMPLES = 100
_FEWEST = 2

_EXAMPLES = """\b
Examples:
  magenta-bridge compare lstm_melody gru_melody --data ~/midi -o report.html
      which of the two shipped models knows your tunes better, and how each goes on from one
"""


@click.command(epilog=_EXAMPLES)
@click.argument("bundles", nargs=-1, required=True)
@click.option(
    "--data",
    type=ANY_PATH,
    required=True,
    help="Folder or archive of music; of the music that they were trained on, the part that "
    "was held out from all of them is used.",
)
@click.option(
    "-o",
    "--output",
    type=ANY_PATH,
    required=True,
    help="The page, an .html file; an older one is replaced.",
)
@click.option(
    "--samples",
    type=click.IntRange(2, 10_000),
    default=_SAMPLES,
    show_default=True,
    help="Pieces to draw from each model.",
)
@click.option("--json", "as_json", is_flag=True, help="Print all figures as one JSON object, too.")
def compare(
    bundles: tuple[str, ...], data: Path, output: Path, samples: int, as_json: bool
) -> None:
    """Lay BUNDLES, .mag files or names of shipped ones, side by side on one HTML page.

    The page tells which of them foretells held-out music best, whose music is nearest to human
    music, who copies and who is fastest, and plays how each goes on from the same primer. All
    bundles must be of one encoding.
    """
    if len(bundles) < _FEWEST:
        raise click.UsageError("Name two bundles or more; magenta-bridge evaluate scores one.")
    from magenta_bridge.lab.compare import run_comparison

    figures = run_comparison(
        bundles, data, output, samples, lambda sentence: click.echo(sentence, err=True)
    )
    click.echo(f"Wrote {output}.", err=as_json)
    if as_json:
        click.echo(json.dumps(figures))
