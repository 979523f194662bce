"""Lines for what happens in a bundle folder while ``magenta-bridge serve`` runs."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from magenta_bridge.generators.registry import GeneratorRegistry

_SOURCE = "magenta_bridge.server.library"


class _Teller(logging.Handler):
    """Prints what changes, and on stderr what is refused."""

    def emit(self, record: logging.LogRecord) -> None:
        """Prints one line."""
        click.echo(record.getMessage(), err=record.levelno >= logging.WARNING)


@contextlib.contextmanager
def told_changes() -> Iterator[None]:
    """Prints a line for each bundle that is loaded, refused or unloaded while it is open."""
    logger = logging.getLogger(_SOURCE)
    teller, level = _Teller(logging.INFO), logger.level
    logger.addHandler(teller)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(teller)


def served_names(registry: GeneratorRegistry, folder: Path | None) -> str:
    """Returns the ids of what serves, or what to do where nothing does."""
    names = ", ".join(generator.info.id for generator in registry.list())
    return names or f"no generator yet (put .mag files into {folder})"
