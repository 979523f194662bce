"""Progress of long commands, on standard error."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Final

import click

_EVERY: Final = 10
_BLANK: Final = "\r" + " " * 32 + "\r"


def print_message(text: str) -> None:
    """Print a line on standard error, in place of a file count."""
    click.echo(f"{_BLANK}{text}" if sys.stderr.isatty() else text, err=True)


@contextlib.contextmanager
def count_files() -> Iterator[Callable[[int], None]]:
    """Yield an ``on_file`` callback that shows the number of files read, on a terminal only."""
    terminal = sys.stderr.isatty()

    def on_file(count: int) -> None:
        if terminal and count % _EVERY == 0:
            click.echo(f"\r  {count:,} files read", nl=False, err=True)

    try:
        yield on_file
    finally:
        if terminal:
            click.echo(_BLANK, nl=False, err=True)
