"""``magenta-bridge search``: try many recipes on your own music, keep the best one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import click

from magenta_bridge.cli.options.types import ANY_PATH, read_duration
from magenta_bridge.cli.progress import count_files, print_message
from magenta_bridge.cli.progress.progress_table import ProgressTable
from magenta_bridge.cli.train import ENCODINGS, FAMILIES

_EXAMPLES: Final = """\b
Examples:
  magenta-bridge search ~/midi --trials 30 --time 2h
      try LSTMs and GRUs for two hours; then: magenta-bridge serve --bundle runs/search/best.mag
  magenta-bridge search ~/midi --families gru --encoding drums --output runs/drums
      drum patterns, one family
Ctrl-C or the end of --time stops; the same command resumes.
"""


def _read_families(context: click.Context, option: click.Parameter, text: str) -> tuple[str, ...]:
    del context, option
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in FAMILIES:
            raise click.BadParameter(
                f"{name!r} is not a family; choose from {', '.join(FAMILIES)}."
            )
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
    help=f"Families to try, comma-separated: {', '.join(FAMILIES)}.",
)
@click.option(
    "--encoding",
    type=click.Choice(ENCODINGS),
    default="melody",
    show_default=True,
    help="Encoding.",
)
@click.option(
    "--trials",
    type=click.IntRange(1, 10_000),
    default=20,
    show_default=True,
    help="Total number of trials, earlier calls included.",
)
@click.option(
    "--time",
    "seconds",
    metavar="TIME",
    callback=_read_time,
    help="Stop after the epoch in which this time is up, such as 30s, 20m, 2h or 1h30m.",
)
@click.option(
    "--epochs",
    type=click.IntRange(1, 1000),
    help="Maximum passes over the music per trial.  [default: as train]",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("runs/search"),
    show_default=True,
    help="Folder for the winner, the leaderboard and all trials.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the leaderboard as one JSON object.")
def search(**words: Any) -> None:  # noqa: ANN401 - one argument per option
    """Try many hyperparameters on your own music and keep the best network.

    DATA is a folder of MIDI or MusicXML files, or an archive of them. Each trial is trained as by
    ``train``; trials that fall behind are cut short. The winner is selected on validation pieces,
    becomes best.mag with its model card, and is scored once on held-out pieces.
    """
    from magenta_bridge.lab.search import search as run_search

    as_json = words.pop("as_json")
    table = ProgressTable()
    try:
        with count_files() as on_file:
            found = run_search(
                words.pop("data"),
                **words,
                on_file=on_file,
                on_batch=table.on_batch,
                on_epoch=table.on_epoch,
                on_trial=table.on_trial,
                on_message=table.on_message,
            )
    finally:
        table.close()
    if as_json:
        click.echo(json.dumps(found.leaderboard))
        return
    for ranking in found.rankings:
        if ranking.winner:
            best, bundle = ranking.finished[0], found.output / ranking.winner["bundle"]
            print_message(ranking.winner["held_out"])
            click.echo(
                f"Wrote {bundle}: trial {best.trial}, {best.family}, {best.value:.4f} "
                f"{ranking.objective.unit} on validation pieces; the leaderboard is "
                f"{found.output / 'leaderboard.md'}."
            )
