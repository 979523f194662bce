"""``magenta-bridge max``: brings the Max for Live devices into Live, and takes them out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from magenta_bridge.cli.options.types import ANY_PATH
from magenta_bridge.errors import ForbiddenError

if TYPE_CHECKING:
    from magenta_bridge.cli.max.installer import Outcome

_EXAMPLES = """\b
Examples:
  magenta-bridge max install
  magenta-bridge max install --to "D:\\Ableton\\User Library"
  magenta-bridge max where
  magenta-bridge max uninstall
"""

_NEXT_STEPS = """
In Live 12.2 or later (Suite, or with Max for Live):
  1. In the browser, open Categories > Max for Live, or search for Magenta Bridge.
  2. Drag Magenta Bridge onto a MIDI track, wait until its strip says connected, press Generate.
  3. In a MIDI clip, the Generate and Transform tabs list the tools under User."""

_TO = click.option(
    "--to",
    "library",
    type=ANY_PATH,
    metavar="FOLDER",
    help="Live's User Library; by default the one that Live uses.",
)


@click.group(epilog=_EXAMPLES)
def max() -> None:  # noqa: A001 - the name of the subcommand
    """Bring the Max for Live devices into Live, and take them out."""


@max.command()
@_TO
@click.option(
    "--folder-form",
    is_flag=True,
    help="Install the MIDI effect as a folder of loose files; try it when the strip says that "
    "Node does not start.",
)
def install(library: Path | None, folder_form: bool) -> None:
    """Copy the devices to Live's User Library.

    Newer devices replace those of an earlier install. A file that was changed since, or that
    was not put there by this command, is kept.
    """
    from magenta_bridge.cli.max.devices import shipped_devices
    from magenta_bridge.cli.max.installer import InstalledDevices

    folder = _library(library)
    outcome = InstalledDevices(folder).install(shipped_devices(folder_form=folder_form))
    click.echo(f"Live's User Library is {folder}.")
    for place in outcome.written:
        click.echo(f"  installed   {place}")
    for place in outcome.same:
        click.echo(f"  up to date  {place}")
    _complain_of_kept(outcome, "move or rename them, then run this again")
    click.echo(_NEXT_STEPS)


@max.command()
@_TO
def uninstall(library: Path | None) -> None:
    """Remove what install put there and nobody has changed since."""
    from magenta_bridge.cli.max.installer import InstalledDevices

    folder = _library(library)
    outcome = InstalledDevices(folder).uninstall()
    if not outcome.removed and not outcome.kept:
        click.echo(f"Nothing of Magenta Bridge is installed in {folder}.")
    for place in outcome.removed:
        click.echo(f"  removed  {place}")
    _complain_of_kept(outcome, "remove them by hand if you want them gone")


@max.command()
@_TO
def where(library: Path | None) -> None:
    """Say where Live's User Library is, and what is installed in it."""
    from magenta_bridge.cli.max.installer import InstalledDevices

    folder = _library(library)
    places = InstalledDevices(folder).places
    click.echo(f"Live's User Library is {folder}.")
    for place in places:
        click.echo(f"  {place}")
    if not places:
        click.echo("Nothing is installed in it; run: magenta-bridge max install")


def _library(named: Path | None) -> Path:
    from magenta_bridge.cli.max.user_library import find_user_library

    return named if named is not None else find_user_library(Path.home())


def _complain_of_kept(outcome: Outcome, advice: str) -> None:
    if outcome.kept:
        names = ", ".join(map(str, outcome.kept))
        raise ForbiddenError(
            f"Kept as they are, because they were changed or are not of this program: {names}; "
            f"{advice}."
        )
