"""Reads single words of the command line, each with a clear complaint."""

from __future__ import annotations

import math
import re
from pathlib import Path

import click

_ADDRESS = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):(?P<port>\d{1,5})")
_DURATION = re.compile(r"(?:(?P<h>\d{1,4})h)?(?:(?P<m>\d{1,5})m)?(?:(?P<s>\d{1,6})s)?")
_METER = re.compile(r"(?P<numerator>\d{1,2})/(?P<denominator>\d{1,2})")
_SLOWEST_QPM, _FASTEST_QPM = 10.0, 480.0

EXISTING_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
EXISTING_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
ANY_PATH = click.Path(path_type=Path)
ANY_FILE = click.Path(dir_okay=False, path_type=Path)


def read_number(text: str) -> float:
    """Reads a finite number, or complains."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise click.BadParameter(f"{text!r} is not a number, such as 0.8.")
    return number


def read_tempo(text: str) -> float:
    """Reads a tempo of 10 to 480 quarter notes a minute, or complains."""
    tempo = read_number(text)
    if not _SLOWEST_QPM <= tempo <= _FASTEST_QPM:
        raise click.BadParameter(f"{text} is not between {_SLOWEST_QPM:g} and {_FASTEST_QPM:g}.")
    return tempo


def read_address(text: str) -> str:
    """Reads ``HOST:PORT`` and returns it as it was written, or complains."""
    match = _ADDRESS.fullmatch(text)
    if match is None or not 0 < int(match["port"]) < 65_536:
        raise click.BadParameter(f"{text!r} is not HOST:PORT, such as 127.0.0.1:50051.")
    return text


def read_meter(text: str) -> tuple[int, int]:
    """Reads a time signature such as ``6/8`` into numerator and denominator, or complains."""
    match = _METER.fullmatch(text)
    if match is not None:
        numerator, denominator = int(match["numerator"]), int(match["denominator"])
        if 1 <= numerator <= 32 and denominator in (1, 2, 4, 8, 16, 32):
            return numerator, denominator
    raise click.BadParameter(f"{text!r} is not a time signature, such as 4/4 or 6/8.")


def read_duration(text: str) -> float:
    """Reads a time such as ``90s``, ``20m`` or ``1h30m`` into seconds, or complains."""
    match = _DURATION.fullmatch(text)
    hours, minutes, seconds = (int(part or 0) for part in match.groups()) if match else (0, 0, 0)
    whole = 3600 * hours + 60 * minutes + seconds
    if not whole:
        raise click.BadParameter(f"{text!r} is not a time, such as 30s, 20m, 2h or 1h30m.")
    return float(whole)


def read_setting(text: str) -> tuple[str, str]:
    """Reads ``NAME=VALUE`` into name and value, both as text, or complains."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise click.BadParameter(f"{text!r} is not NAME=VALUE, such as temperature=0.8.")
    return name.strip(), value.strip()
