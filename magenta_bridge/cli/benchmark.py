"""``magenta-bridge benchmark``: models on the datasets of published results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import click

from magenta_bridge.cli.options.types import ANY_PATH

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
      11.09 nats per frame, on the data and with the metric of the published tables
  magenta-bridge benchmark poly --data mdata --dataset JSB_Chorales \\
      --from benchmarks/runs/jsb_chorales-lstm-300k-joint
      score a saved network
  magenta-bridge benchmark poly --data mdata --dataset JSB_Chorales \\
      --model gru --size 20k --output sigmoid --seeds 3
      train one, with three seeds
Ctrl-C stops; the same command resumes after the last finished epoch.
"""


@click.command(epilog=_EXAMPLES)
@click.argument("kind", type=click.Choice(["poly"]))
@click.option(
    "--data",
    type=ANY_PATH,
    required=True,
    help="Folder with the .mat files of the four datasets.",
)
@click.option("--dataset", type=click.Choice(DATASETS), required=True, help="Dataset.")
@click.option("--baseline", type=click.Choice(BASELINES), help="Score event counts.")
@click.option("--from", "saved", type=ANY_PATH, metavar="DIR", help="Score a saved network.")
@click.option("--model", "cell", type=click.Choice(CELLS), help="Train a network, and score it.")
@click.option("--size", type=click.Choice(SIZES), help="Maximum parameters.  [default: 300k]")
@click.option(
    "--output",
    type=click.Choice(OUTPUTS),
    help="Independent pitches, or chords note by note.  [default: joint]",
)
@click.option("--seeds", type=click.IntRange(1, 20), help="Trainings to average.  [default: 1]")
@click.option("--epochs", type=click.IntRange(1, 1000), help="Maximum passes over the music.")
@click.option(
    "--run",
    "run_folder",
    type=ANY_PATH,
    metavar="DIR",
    help="Folder for checkpoints.  [default: runs/ and the network's name]",
)
@click.option("--save", type=ANY_PATH, metavar="DIR", help="Save the network for --from.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead.")
def benchmark(**words: Any) -> None:  # noqa: ANN401 - one argument per option
    """Score a model on published data, by the published protocol.

    KIND is poly: the piano rolls of Boulanger-Lewandowski et al. 2012 with their official splits.
    A model is trained on the training pieces, selected on the validation pieces and scored on the
    test pieces.
    """
    _check_words(words)
    data, dataset, as_json = words["data"], words["dataset"], words["as_json"]
    if words["baseline"] is not None:
        from magenta_bridge.pianoroll_benchmark.score import score_baseline

        click.echo(score_baseline(data, dataset, words["baseline"], as_json=as_json))
        return
    from magenta_bridge.lab import load_packages
    from magenta_bridge.pianoroll_benchmark.rolls import read_rolls

    split = read_rolls(data, dataset)  # before TensorFlow, which takes seconds to load
    load_packages("A network", "keras")
    from magenta_bridge.pianoroll_benchmark import run as networks
    from magenta_bridge.pianoroll_benchmark.recipe import RollKind

    if words["saved"] is not None:
        click.echo(networks.score_saved(split, dataset, words["saved"], as_json=as_json))
        return
    kind = RollKind(dataset, words["cell"], words["size"] or "300k", words["output"] or "joint")
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
            "--size, --output, --seeds, --epochs, --run and --save require --model."
        )
