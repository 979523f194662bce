"""``magenta-bridge train``: from music files to a bundle that can be served."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any, Final

import click

from magenta_bridge.cli.options.types import ANY_FILE
from magenta_bridge.errors import UnsupportedError
from magenta_bridge.runtime.interpreter import silent_stderr

FAMILIES: Final = ("lstm", "gru", "rnn", "gan")
ENCODINGS: Final = ("melody", "drums", "polyphony", "performance", "duo")

_EXAMPLES = """\b
Examples:
  magenta-bridge train ~/midi --family gru -o mine.mag
      learn from a folder of MIDI files, then: magenta-bridge serve --bundle mine.mag
  magenta-bridge train ~/midi --from lstm_melody -o mine.mag
      teach a shipped bundle your own music
  magenta-bridge train --recipe models/lstm/lstm_melody.toml
      make the shipped bundle again, from the public tunes it names
Ctrl-C stops; the same command goes on at the last finished epoch.
"""


@click.command(epilog=_EXAMPLES)
@click.argument("data", type=click.Path(path_type=Path), required=False)
@click.option("--family", type=click.Choice(FAMILIES), help="Kind of network.  [default: lstm]")
@click.option(
    "--encoding", type=click.Choice(ENCODINGS), help="What is learned.  [default: melody]"
)
@click.option(
    "--from",
    "start",
    metavar="BUNDLE",
    help="Go on from this bundle: a .mag file, or the name of a shipped one.",
)
@click.option("--recipe", "recipe_file", type=ANY_FILE, help="A recipe in TOML.")
@click.option(
    "-o",
    "--output",
    type=ANY_FILE,
    help="The .mag bundle to write.  [default: the recipe's, or my_melody.mag]",
)
@click.option("--card", type=ANY_FILE, help="The model card to write.  [default: OUTPUT.md]")
@click.option(
    "--run",
    "run_folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for checkpoints and TensorBoard logs.  [default: runs/ and the bundle's name]",
)
@click.option("--epochs", type=click.IntRange(1, 1000), help="Most passes over the music.")
def train(**words: Any) -> None:  # noqa: ANN401 - one option each, of its own type
    """Train a model on your own music.

    DATA is a folder of MIDI or MusicXML files, or an archive of them; twenty files are enough to
    begin with. The bundle gets a model card (.md) and a picture of the learning curve (.png)
    beside it.
    """
    if words["data"] is None and words["recipe_file"] is None:
        raise click.UsageError("Name a folder of MIDI files, or a --recipe that has its own.")
    if words["recipe_file"] is not None and any(
        words[name] is not None for name in ("family", "encoding", "start")
    ):
        raise click.UsageError(
            "A --recipe says itself what to train; leave out --family, --encoding and --from."
        )
    if importlib.util.find_spec("keras") is None:
        raise UnsupportedError(
            'Training needs TensorFlow; install it with: pip install "magenta-bridge[train]"'
        )
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silent_stderr():  # TensorFlow greets on loading, past every log level
        from magenta_bridge.lab.train import TrainingJob, run_training

    run_training(TrainingJob(**words))
