"""``magenta-bridge train``: from music files to a bundle that can be served."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from magenta_bridge.cli.options.types import ANY_FILE
from magenta_bridge.cli.progress import count_files, print_message

FAMILIES: Final = ("lstm", "gru", "rnn", "gan")
ENCODINGS: Final = ("melody", "drums", "groove", "polyphony", "performance", "duo")

_EXAMPLES = """\b
Examples:
  magenta-bridge train ~/midi --family gru -o mine.mag
      train on a folder of MIDI files, then: magenta-bridge serve --bundle mine.mag
  magenta-bridge train ~/midi --from lstm_melody -o mine.mag
      fine-tune a shipped bundle on your own music
  magenta-bridge train --recipe models/lstm/lstm_melody.toml
      train the shipped bundle again, from the public tunes in its recipe
Ctrl-C stops; the same command resumes after the last finished epoch.
"""


@click.command(epilog=_EXAMPLES)
@click.argument("data", type=click.Path(path_type=Path), required=False)
@click.option("--family", type=click.Choice(FAMILIES), help="Kind of network.  [default: lstm]")
@click.option("--encoding", type=click.Choice(ENCODINGS), help="Encoding.  [default: melody]")
@click.option(
    "--from",
    "start",
    metavar="BUNDLE",
    help="Fine-tune this bundle: a .mag file, or the name of a shipped one.",
)
@click.option("--recipe", type=ANY_FILE, help="A recipe in TOML.")
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
@click.option("--id", "bundle_id", help="Id of the generator.  [default: from OUTPUT]")
@click.option(
    "--description",
    help="One sentence for a musician.  [default: family, encoding, music]",
)
@click.option("--epochs", type=click.IntRange(1, 1000), help="Maximum passes over the music.")
def train(**words: Any) -> None:  # noqa: ANN401 - one argument per option
    """Train a model on your own music.

    DATA is a folder of MIDI or MusicXML files, or an archive of them; start with at least twenty
    files. A model card (.md) and a picture of the learning curve (.png) are written beside the
    bundle; files of these names that are not from an earlier training are never replaced.
    """
    if words["data"] is None and words["recipe"] is None:
        raise click.UsageError("Name a folder of MIDI files, or a --recipe with its own data.")
    if words["recipe"] is not None and any(
        words[name] is not None for name in ("family", "encoding", "start")
    ):
        raise click.UsageError("--recipe cannot be combined with --family, --encoding or --from.")
    from magenta_bridge import lab
    from magenta_bridge.lab.train import train as run_training

    lab.load_packages("Training", "keras", "tensorflow")
    from magenta_bridge.training.callbacks import TerminalWatcher

    watcher = TerminalWatcher()
    try:
        with count_files() as on_file:
            run = run_training(
                **words,
                on_file=on_file,
                on_batch=watcher.on_batch,
                on_epoch=watcher.on_epoch,
                on_message=print_message,
            )
    finally:
        watcher.close()
    print_message(run.headline)
    click.echo(f"Wrote {run.bundle}, with its model card and learning curve beside it.")
