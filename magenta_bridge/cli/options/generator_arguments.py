"""A generator's arguments, from words of the command line."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import click

from magenta_bridge.errors import InvalidArgumentError

if TYPE_CHECKING:
    from magenta_bridge.generators.arguments import Argument, ArgumentValue

SEEDS = 1 << 31
_TRUTHS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


def choose_seeds(seed: int | None, variations: int) -> list[int]:
    """Returns one seed per variation: the given one, or a drawn one, and those that follow it."""
    first = secrets.randbelow(SEEDS) if seed is None else seed
    return [(first + index) % SEEDS for index in range(variations)]


def read_settings(
    named: Mapping[str, ArgumentValue | None],
    free: Iterable[tuple[str, str]],
    table: Iterable[Argument],
) -> dict[str, ArgumentValue]:
    """Returns the values that were given, each checked by the generator's table.

    Args:
        named: Values of the options that have a name of their own; None where not given.
        free: Names and texts of ``--set``; they win over ``named``.
        table: The generator's arguments.

    Raises:
        InvalidArgumentError: The generator lacks an argument, or a value is out of range.
        click.UsageError: The seed was given by ``--set``.
    """
    rows = {row.name: row for row in table}
    values: dict[str, ArgumentValue] = {}
    for name, value in named.items():
        if value is not None:
            values[name] = _row(rows, name).check(value)
    for name, text in free:
        if name == "seed":
            raise click.UsageError("Give the seed as --seed, not as --set.")
        values[name] = _read(_row(rows, name), text)
    return values


def _row(rows: Mapping[str, Argument], name: str) -> Argument:
    if name not in rows:
        raise InvalidArgumentError(
            f"There is no argument {name!r}; this generator takes {', '.join(rows)}."
        )
    return rows[name]


def _read(row: Argument, text: str) -> ArgumentValue:
    """Reads a text in the type of its row, and checks its range."""
    if isinstance(row.default, bool):
        return row.check(_TRUTHS.get(text.lower(), text))
    if isinstance(row.default, str):
        return row.check(text)
    try:
        return row.check(float(text))
    except ValueError:
        return row.check(text)
