"""Shows what happens while somebody plays."""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import time
from collections.abc import Iterator
from typing import Any, Protocol

import click

from magenta_bridge.cli.midi.view_state import sentence_of
from magenta_bridge.midi.process.settings import Settings


class View(Protocol):
    """Takes what happens and shows it."""

    def say(self, sentence: str) -> None:
        """Shows a sentence."""

    def begin(self, settings: Settings) -> None:
        """Shows what is played with."""

    def hear(self, what: str, details: dict[str, Any]) -> None:
        """Takes a report of the player."""


class LineView:
    """Writes a line for each thing that a musician wants to know."""

    def __init__(self) -> None:
        self._states: dict[int, str] = {}

    def say(self, sentence: str) -> None:
        """Writes a sentence."""
        click.echo(sentence)

    def begin(self, settings: Settings) -> None:
        """Writes what is played with, and how."""
        for musician in settings.musicians:
            ports = ", ".join(choice.name for choice in musician.inputs)
            click.echo(f"{', '.join(musician.generators)} answers {ports} at {settings.qpm:g} qpm.")
        click.echo("Play, stop for a bar, and listen. Ctrl-C ends.")

    def hear(self, what: str, details: dict[str, Any]) -> None:
        """Writes a line, if the report is news."""
        line = self._line(what, details)
        if line is not None:
            click.echo(f"{time.strftime('%H:%M:%S')} {line}")

    def _line(self, what: str, details: dict[str, Any]) -> str | None:
        if what == "state":
            before = self._states.get(details["musician"])
            self._states[details["musician"]] = details["state"]
            return None if before == details["state"] else str(details["state"])
        return sentence_of(what, details)


@contextlib.contextmanager
def open_view(*, drawn: bool) -> Iterator[View]:
    """Yields a view: drawn where that is wanted and possible, lines elsewhere."""
    if drawn and sys.stdout.isatty() and importlib.util.find_spec("rich") is not None:
        from magenta_bridge.cli.midi.rich_view import ScreenView

        with ScreenView() as screen:
            yield screen
    else:
        yield LineView()
