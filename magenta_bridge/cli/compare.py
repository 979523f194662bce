"""``magenta-bridge compare``: several bundles side by side on one page."""

from __future__ import annotations

import json
from pathlib import Path

import click

from magenta_bridge.cli.options.types import ANY_PATH
from magenta_bridge.cli.progress import count_files, print_message

_SAMPLES = 100
_FEWEST = 2

_EXAMPLES = """\b
Examples:
  magenta-bridge compare lstm_melody gru_melody --data ~/midi -o report.html
      which of the two shipped models predicts your tunes better, and how each continues one
"""


@click.command(epilog=_EXAMPLES)
@click.argument("bundles", nargs=-1, required=True)
@click.option(
    "--data",
    type=ANY_PATH,
    required=True,
    help="Folder or archive of music. Of music that BUNDLES were trained on, the part that was "
    "held out from all of them is used.",
)
@click.option(
    "-o",
    "--output",
    type=ANY_PATH,
    required=True,
    help="The page, an .html file; an earlier one is replaced.",
)
@click.option(
    "--samples",
    type=click.IntRange(2, 10_000),
    default=_SAMPLES,
    show_default=True,
    help="Pieces to generate with each model.",
)
@click.option("--json", "as_json", is_flag=True, help="Print all figures as one JSON object, too.")
def compare(
    bundles: tuple[str, ...], data: Path, output: Path, samples: int, as_json: bool
) -> None:
    """Compare BUNDLES, .mag files or names of shipped ones, on one HTML page.

    The page shows which bundle predicts held-out music best, whose music is closest to human
    music, which ones copy, which one is fastest, and plays how each continues the same primer.
    All bundles must have the same encoding.
    """
    if len(bundles) < _FEWEST:
        raise click.UsageError("Name at least two bundles; magenta-bridge evaluate scores one.")
    from magenta_bridge.lab.compare import check_page
    from magenta_bridge.lab.compare import compare as run_comparison

    page = check_page(output)  # before the work
    with count_files() as on_file:
        found = run_comparison(
            bundles, data, samples=samples, on_file=on_file, on_message=print_message
        )
    if as_json:  # first, since the page may fail
        click.echo(json.dumps(found.figures))
    found.to_html(page)
    click.echo(f"Wrote {output}.", err=as_json)
