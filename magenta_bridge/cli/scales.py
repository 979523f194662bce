"""Scales and their roots, by the names musicians use."""

from __future__ import annotations

import re
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
    """Reads a pitch class, as a name like ``F#`` or ``Bb`` or as 0 to 11, or complains."""
    if text.isascii() and text.isdigit() and int(text) < 12:
        return int(text)
    match = _ROOT.fullmatch(text)
    if match is None:
        raise click.BadParameter(f"{text!r} is not a note name, such as C, F# or Bb.")
    shift = {"#": 1, "b": -1, "": 0}[match["accidental"]]
    return (_LETTERS[match["letter"].upper()] + shift) % 12


def read_scale(text: str) -> str:
    """Reads a scale by name, or as semitones above its root, or complains.

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
