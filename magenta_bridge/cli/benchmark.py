"""``magenta-bridge benchmark``: models on the data that results are published on."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from typing import Any, Final

import click

from magenta_bridge.cli.options.types import ANY_PATH
from magenta_bridge.errors import UnsupportedError
from magenta_bridge.runtime.interpreter import silent_stderr

# The names of ``evaluation.rolls``, ``evaluation.roll_baselines``, ``training.roll_recipe`` and
# ``models.roll_network``; a test holds them equal.
DATASETS: Final = ("JSB_Chorales", "Nottingham", "MuseData", "Piano_midi")
BASELINES: Final = ("unigram", "markov")
CELLS: Final = ("lstm", "gru", "rnn")
SIZES: Final = ("20k", "300k", "1m")
OUTPUTS: Final = ("sigmoid", "joint")

_EXAMPLES = """\b
Examples:
  magenta-bridge benchmark poly --data mdata --dataset JSB_Chorales --baseline unigram
      11.09 nats a frame: the same data and the same metric as in the published tables
  magenta-bridge benchmark poly --data mdata --dataset JSB_Chorales \\
      --from benchmarks/runs/jsb_chorales-lstm-300k-joint
      score a saved network
  magenta-bridge benchmark poly --data mdata --dataset JSB_Chorales \\
      --model gru --size 20k --output sigmoid --seeds 3
      train one, with three seeds
Ctrl-C stops; the same command goes on at the last finished epoch.
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
@click.option("--baseline", type=click.Choice(BASELINES), help="Count, and score the counts.")
@click.option("--from", "saved", type=ANY_PATH, metavar="DIR", help="Score a saved network.")
@click.option("--model", "cell", type=click.Choice(CELLS), help="Train a network, and score it.")
@click.option("--size", type=click.Choice(SIZES), help="Most parameters.  [default: 300k]")
@click.option(
    "--output",
    type=click.Choice(OUTPUTS),
    help="Pitches apart, or chords note by note.  [default: joint]",
)
@click.option("--seeds", type=click.IntRange(1, 20), help="Trainings to average.  [default: 1]")
@click.option("--epochs", type=click.IntRange(1, 1000), help="Most passes over the music.")
@click.option(
    "--run",
    "run_folder",
    type=ANY_PATH,
    metavar="DIR",
    help="Folder for checkpoints.  [default: runs/ and the network's name]",
)
@click.option("--save", type=ANY_PATH, metavar="DIR", help="Save the network for --from.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
def benchmark(**words: Any) -> None:  # noqa: ANN401 - one option each, of its own type
    """Score a model on published data, by the published protocol.

    KIND is poly: the piano rolls of Boulanger-Lewandowski et al. 2012 with their official splits.
    A model learns from the training pieces, is chosen by the validation pieces and scored on the
    test pieces.
    """
    _check_words(words)
    data, dataset, as_json = words["data"], words["dataset"], words["as_json"]
    if words["baseline"] is not None:
        from magenta_bridge.pianoroll_benchmark.score import score_baseline

        click.echo(score_baseline(data, dataset, words["baseline"], as_json=as_json))
        return
    _check_keras()
    from magenta_bridge.pianoroll_benchmark.rolls import read_rolls

    split = read_rolls(data, dataset)  # before TensorFlow, which takes its time to load
    with silent_stderr():  # TensorFlow greets on loading, past every log level
        from magenta_bridge.pianoroll_benchmark import run as networks
    if words["saved"] is not None:
        click.echo(networks.score_saved(split, dataset, words["saved"], as_json=as_json))
        return
    kind = networks.RollKind(
        dataset, words["cell"], words["size"] or "300k", words["output"] or "joint"
    )
    job = networks.NetworkJob(
        kind,
        seeds=words["seeds"] or 1,
        epochs=words["epochs"],
        run_folder=words["run_folder"],
        save=words["save"],
    )
    click.echo(networks.train_and_score(split, job, as_json=as_json))


def _check_words(words: Mapping[str, Any]) -> None:
    if sum(words[name] is not None for name in ("baseline", "saved", "cell")) != 1:
        raise click.UsageError("Name one of --baseline, --model and --from.")
    of_training = ("size", "output", "seeds", "epochs", "run_folder", "save")
    if words["cell"] is None and any(words[name] is not None for name in of_training):
        raise click.UsageError(
            "--size, --output, --seeds, --epochs, --run and --save go with --model alone."
        )


def _check_keras() -> None:
    if importlib.util.find_spec("keras") is None:
        raise UnsupportedError(
            'Networks need TensorFlow; install it with: pip install "magenta-bridge[train]"'
        )
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
