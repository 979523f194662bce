"""``magenta-bridge max``: install the Max for Live devices, and uninstall them."""

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
  2. Drag Magenta Bridge onto a MIDI track, wait until its status line shows the number of
     generators, and press Generate.
  3. In a MIDI clip, the Generate and Transform tabs list the tools under User."""

_TO = click.option(
    "--to",
    "library",
    type=ANY_PATH,
    metavar="FOLDER",
    help="Live's User Library. Default: the one that Live uses.",
)


@click.group(epilog=_EXAMPLES)
def max() -> None:  # noqa: A001 - the name of the subcommand
    """Install the Max for Live devices, and uninstall them."""


@max.command()
@_TO
@click.option(
    "--folder-form",
    is_flag=True,
    help="Install the MIDI effect as a folder of separate files; try it if the device's status "
    "line says that Node does not start.",
)
def install(library: Path | None, folder_form: bool) -> None:
    """Copy the devices to Live's User Library.

    Devices of an earlier installation are updated. Files that you have changed, and files that
    this command did not install, are kept.
    """
    from magenta_bridge.cli.max.installer import InstalledDevices, shipped_devices

    folder = _library(library)
    with InstalledDevices.locked(folder) as devices:
        outcome = devices.install(shipped_devices(folder_form=folder_form))
    click.echo(f"Live's User Library is {folder}.")
    for place in outcome.written:
        click.echo(f"  installed   {place}")
    for place in outcome.same:
        click.echo(f"  up to date  {place}")
    _raise_if_kept(outcome, "Move or rename them, then run this again.")
    click.echo(_NEXT_STEPS)


@max.command()
@_TO
def uninstall(library: Path | None) -> None:
    """Remove the installed devices, except those that you have changed."""
    from magenta_bridge.cli.max.installer import InstalledDevices

    folder = _library(library)
    with InstalledDevices.locked(folder) as devices:
        outcome = devices.uninstall()
    if not outcome.removed and not outcome.kept:
        click.echo(f"No devices of Magenta Bridge are installed in {folder}.")
    for place in outcome.removed:
        click.echo(f"  removed  {place}")
    _raise_if_kept(outcome, "Delete them yourself if you do not need them.")


@max.command()
@_TO
def where(library: Path | None) -> None:
    """Print the path of Live's User Library, and the devices installed in it."""
    from magenta_bridge.cli.max.installer import InstalledDevices

    folder = _library(library)
    places = InstalledDevices(folder).places
    click.echo(f"Live's User Library is {folder}.")
    for place in places:
        click.echo(f"  {place}")
    if not places:
        click.echo(
            "No devices of Magenta Bridge are installed in it; run: magenta-bridge max install"
        )


def _library(named: Path | None) -> Path:
    from magenta_bridge.cli.max.user_library import find_user_library

    return named if named is not None else find_user_library(Path.home())


def _raise_if_kept(outcome: Outcome, advice: str) -> None:
    if outcome.kept:
        names = ", ".join(map(str, outcome.kept))
        raise ForbiddenError(
            f"Kept, because they were changed or installed by another program: {names}. {advice}"
        )
