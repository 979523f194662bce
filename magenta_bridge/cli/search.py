"""``magenta-bridge search``: many recipes tried on one's own music, the best one kept."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any, Final

import click

from magenta_bridge.cli.options.types import ANY_PATH, read_duration
from magenta_bridge.cli.train import ENCODINGS, FAMILIES
from magenta_bridge.errors import UnsupportedError
from magenta_bridge.runtime.interpreter import silent_stderr

_EXAMPLES: Final = """\b
Examples:
  magenta-bridge search ~/midi --trials 30 --time 2h
      try LSTMs and GRUs for two hours; then: magenta-bridge serve --bundle runs/search/best.mag
  magenta-bridge search ~/midi --families gru --encoding drums --output runs/drums
      grooves, by one family
Ctrl-C stops, and so does the end of --time; the same command goes on where it was.
"""


def _read_families(context: click.Context, option: click.Parameter, text: str) -> tuple[str, ...]:
    del context, option
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in FAMILIES:
            raise click.BadParameter(f"{name!r} is no family; there is {', '.join(FAMILIES)}.")
    return tuple(name for name in FAMILIES if name in names)


def _read_time(context: click.Context, option: click.Parameter, text: str | None) -> float | None:
    del context, option
    return None if text is None else read_duration(text)


@click.command(epilog=_EXAMPLES)
@click.argument("data", type=ANY_PATH)
@click.option(
    "--families",
    default="lstm,gru",
    show_default=True,
    callback=_read_families,
    help=f"Families to try, with commas between: {', '.join(FAMILIES)}.",
)
@click.option(
    "--encoding",
    type=click.Choice(ENCODINGS),
    default="melody",
    show_default=True,
    help="What is learned.",
)
@click.option(
    "--trials",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="Trials in all, those of earlier calls among them.",
)
@click.option(
    "--time",
    "seconds",
    metavar="TIME",
    callback=_read_time,
    help="Stop this call at the first end of an epoch after 30s, 20m, 2h or 1h30m.",
)
@click.option(
    "--epochs",
    type=click.IntRange(1, 1000),
    help="Most passes over the music in a trial.  [default: as train would]",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("runs/search"),
    show_default=True,
    help="Folder for the winner, the leaderboard and all trials.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the leaderboard as one JSON object.")
def search(**words: Any) -> None:  # noqa: ANN401 - one option each, of its own type
    """Try many hyperparameters on your own music and keep the best network.

    DATA is a folder of MIDI or MusicXML files, or an archive of them. Each trial is trained as
    ``train`` would; trials that fall behind are cut short. The winner is chosen on validation
    pieces, becomes best.mag with its model card, and is measured once on pieces that no trial
    has heard.
    """
    if any(importlib.util.find_spec(name) is None for name in ("keras", "optuna")):
        raise UnsupportedError(
            "Searching needs TensorFlow and Optuna; install them with: pip install "
            '"magenta-bridge[train]"'
        )
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silent_stderr():  # TensorFlow greets on loading, past every log level
        from magenta_bridge.lab.search.run import SearchJob, run_search

    run_search(SearchJob(**words))
