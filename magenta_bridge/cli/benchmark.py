"""``magenta-bridge benchmark``: models on the data that results are published on."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import click

from magenta_bridge.cli.words import ANY_PATH

# The names of ``evaluation.rolls`` and ``evaluation.roll_baselines``; a test holds them equal.
DATASETS: Final = ("JSB_Chorales", "Nottingham", "MuseData", "Piano_midi")
BASELINES: Final = ("unigram", "markov")

_EXAMPLES = """\b
Examples:
  magenta-bridge benchmark poly --data mdata --dataset JSB_Chorales --baseline unigram
      11.09 nats a frame: the same data and the same metric as in the published tables
"""


@click.command(epilog=_EXAMPLES)
@click.argument("kind", type=click.Choice(["poly"]))
@click.option(
    "--data",
    type=ANY_PATH,
    required=True,
    help="Folder of the four sets' .mat files.",
)
@click.option("--dataset", type=click.Choice(DATASETS), required=True, help="Which set of music.")
@click.option("--baseline", type=click.Choice(BASELINES), required=True, help="What is scored.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
def benchmark(kind: str, data: Path, dataset: str, baseline: str, as_json: bool) -> None:
    """Score a model on published data, by the published protocol.

    KIND is poly: the piano rolls of Boulanger-Lewandowski et al. 2012 with their official splits.
    The model learns from the training pieces and is scored on the test pieces.
    """
    from magenta_bridge.cli.benchmark_job import run_benchmark

    click.echo(run_benchmark(kind, data, dataset, baseline, as_json=as_json))
