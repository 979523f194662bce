"""The arguments, seeds and files of ``generate``, checked before it starts."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.files import ready_folder
from magenta_bridge.limits import SEEDS

if TYPE_CHECKING:
    from magenta_bridge.arguments import Argument, ArgumentValue

_TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def choose_seeds(seed: int | None, variations: int) -> list[int]:
    """Return consecutive seeds, one per variation, from the given one or a random one."""
    first = secrets.randbelow(SEEDS) if seed is None else seed
    return [(first + index) % SEEDS for index in range(variations)]


def read_settings(
    named: Mapping[str, ArgumentValue | None],
    free: Iterable[tuple[str, str]],
    table: Iterable[Argument],
) -> dict[str, ArgumentValue]:
    """Return the given values, checked against the generator's table.

    Args:
        named: Values of arguments that have options; None where not given.
        free: Names and texts of ``--set``, which override ``named``.
        table: The generator's arguments.

    Raises:
        InvalidArgumentError: The generator has no such argument, or a value is out of range.
        click.UsageError: The seed is given with ``--set``.
    """
    rows = {row.name: row for row in table}
    values: dict[str, ArgumentValue] = {}
    for name, value in named.items():
        if value is not None:
            values[name] = _row(rows, name).check(value)
    for name, text in free:
        if name == "seed":
            raise click.UsageError("Give the seed with --seed instead of --set.")
        values[name] = _read(_row(rows, name), text)
    return values


@dataclass(frozen=True)
class Targets:
    """The files of one variation.

    Attributes:
        clip: The MIDI file.
        picture: The piano roll, a PNG file; None for none.
        sound: The recording, a WAV file; None for none.
    """

    clip: Path
    picture: Path | None
    sound: Path | None


def plan_targets(
    clip: Path,
    picture: Path | None,
    sound: Path | None,
    variations: int,
    *,
    overwrite: bool = False,
) -> list[Targets]:
    """Return the files of each variation; several variations are numbered ``-1``, ``-2``.

    A file that the user has named is replaced. Before numbered ones are, ask, on a terminal and
    unless ``overwrite`` is given.

    Raises:
        InvalidArgumentError: A suffix is wrong, a file is a folder, or a file exists that is not
            to be replaced.
        NotFoundError: A folder cannot be created or is not writable.
    """
    from magenta_bridge.formats import suffixes

    _check_suffix(clip, suffixes())
    _check_suffix(picture, [".png"])
    _check_suffix(sound, [".wav"])
    for folder in {path.parent for path in (clip, picture, sound) if path is not None}:
        ready_folder(folder)
    targets = [Targets(clip, picture, sound)]
    if variations > 1:
        targets = [
            Targets(
                _numbered(clip, number),
                picture and _numbered(picture, number),
                sound and _numbered(sound, number),
            )
            for number in range(1, variations + 1)
        ]
    if variations > 1 and not overwrite:
        _confirm_overwriting(targets)
    return targets


def _confirm_overwriting(targets: Iterable[Targets]) -> None:
    paths = (path for each in targets for path in vars(each).values() if path is not None)
    existing = ", ".join(str(path) for path in paths if os.path.lexists(path))
    if not existing:
        return
    if sys.stdin.isatty() and click.confirm(f"Overwrite {existing}?", err=True):
        return
    raise InvalidArgumentError(
        f"Not overwritten: {existing}. Name another output, or add --overwrite."
    )


def _row(rows: Mapping[str, Argument], name: str) -> Argument:
    if name not in rows:
        raise InvalidArgumentError(
            f"There is no argument {name!r}; this generator takes {', '.join(rows)}."
        )
    return rows[name]


def _read(row: Argument, text: str) -> ArgumentValue:
    """Convert a text to the type of its row, and check its range."""
    if isinstance(row.default, bool):
        return row.check(_TRUTHS.get(text.lower(), text))
    if isinstance(row.default, str):
        return row.check(text)
    try:
        return row.check(float(text))
    except ValueError:
        return row.check(text)


def _check_suffix(path: Path | None, known: Iterable[str]) -> None:
    if path is None:
        return
    if path.suffix.lower() not in known:
        raise InvalidArgumentError(f"{path} must end in {' or '.join(known)}.")
    if path.is_dir():
        raise InvalidArgumentError(f"{path} is a folder; give the name of a file in it.")


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.stem}-{number}{path.suffix}")
