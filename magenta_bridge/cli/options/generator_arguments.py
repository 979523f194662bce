"""A generator's arguments, from the command line."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import click

from magenta_bridge.errors import InvalidArgumentError
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
