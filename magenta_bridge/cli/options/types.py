"""Parameter types of the command line; each raises ``click.BadParameter`` on bad input."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Final

import click

_LETTERS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_ROOT = re.compile(r"(?P<letter>[A-Ga-g])(?P<accidental>[#b]?)")

SCALES: Final = {
    "major": "0,2,4,5,7,9,11",
    "minor": "0,2,3,5,7,8,10",
    "harmonic-minor": "0,2,3,5,7,8,11",
    "melodic-minor": "0,2,3,5,7,9,11",
    "dorian": "0,2,3,5,7,9,10",
    "phrygian": "0,1,3,5,7,8,10",
    "lydian": "0,2,4,6,7,9,11",
    "mixolydian": "0,2,4,5,7,9,10",
    "locrian": "0,1,3,5,6,8,10",
    "major-pentatonic": "0,2,4,7,9",
    "minor-pentatonic": "0,3,5,7,10",
    "blues": "0,3,5,6,7,10",
    "whole-tone": "0,2,4,6,8,10",
}


def read_root(text: str) -> int:
    """Parse a pitch class, as a name like ``F#`` or ``Bb`` or as 0 to 11."""
    if text.isascii() and text.isdigit() and int(text) < 12:
        return int(text)
    match = _ROOT.fullmatch(text)
    if match is None:
        raise click.BadParameter(f"{text!r} is not a note name, such as C, F# or Bb.")
    shift = {"#": 1, "b": -1, "": 0}[match["accidental"]]
    return (_LETTERS[match["letter"].upper()] + shift) % 12


def read_scale(text: str) -> str:
    """Parse a scale by name, or as semitones above its root.

    Returns:
        Semitones above the root, ascending, separated by commas.
    """
    named = SCALES.get(text.strip().lower().replace(" ", "-").replace("_", "-"))
    if named is not None:
        return named
    parts = [part.strip() for part in text.split(",")]
    if all(part.isascii() and part.isdigit() and int(part) < 12 for part in parts):
        return ",".join(map(str, sorted({int(part) for part in parts})))
    raise click.BadParameter(
        f"{text!r} is not a scale; give one of {', '.join(SCALES)}, or semitones like 0,2,4,7,9."
    )


_ADDRESS = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):(?P<port>\d{1,5})")
_DURATION = re.compile(r"(?:(?P<h>\d{1,4})h)?(?:(?P<m>\d{1,5})m)?(?:(?P<s>\d{1,6})s)?")
_METER = re.compile(r"(?P<numerator>\d{1,2})/(?P<denominator>\d{1,2})")
_SLOWEST_QPM, _FASTEST_QPM = 10.0, 480.0

EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
EXISTING_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
ANY_PATH = click.Path(path_type=Path)
ANY_FILE = click.Path(dir_okay=False, path_type=Path)


def read_number(text: str) -> float:
    """Parse a finite number."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise click.BadParameter(f"{text!r} is not a number, such as 0.8.")
    return number


def read_tempo(text: str) -> float:
    """Parse a tempo of 10 to 480 quarter notes per minute."""
    tempo = read_number(text)
    if not _SLOWEST_QPM <= tempo <= _FASTEST_QPM:
        raise click.BadParameter(f"{text} is not between {_SLOWEST_QPM:g} and {_FASTEST_QPM:g}.")
    return tempo


def read_address(text: str) -> str:
    """Parse ``HOST:PORT`` and return it unchanged."""
    match = _ADDRESS.fullmatch(text)
    if match is None or not 0 < int(match["port"]) < 65_536:
        raise click.BadParameter(f"{text!r} is not HOST:PORT, such as 127.0.0.1:50051.")
    return text


def read_meter(text: str) -> tuple[int, int]:
    """Parse a time signature such as ``6/8`` into numerator and denominator."""
    match = _METER.fullmatch(text)
    if match is not None:
        numerator, denominator = int(match["numerator"]), int(match["denominator"])
        if 1 <= numerator <= 32 and denominator in (1, 2, 4, 8, 16, 32):
            return numerator, denominator
    raise click.BadParameter(f"{text!r} is not a time signature, such as 4/4 or 6/8.")


def read_duration(text: str) -> float:
    """Parse a time such as ``90s``, ``20m`` or ``1h30m`` into seconds."""
    match = _DURATION.fullmatch(text)
    hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    whole = 3600 * hours + 60 * minutes + seconds
    if not whole:
        raise click.BadParameter(f"{text!r} is not a time, such as 30s, 20m, 2h or 1h30m.")
    return float(whole)


def read_setting(text: str) -> tuple[str, str]:
    """Parse ``NAME=VALUE`` into name and value, both as text."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise click.BadParameter(f"{text!r} is not NAME=VALUE, such as temperature=0.8.")
    return name.strip(), value.strip()
