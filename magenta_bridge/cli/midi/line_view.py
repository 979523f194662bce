"""Print the events of the player as lines."""

from __future__ import annotations

import time
from typing import Any, Final

import click

from magenta_bridge.midi.process.settings import MidiSettings

_SENTENCES: Final = {
    "ready": "Ready.",
    "late": "The response is late and starts {ticks} bars later.",
    "failure": "No response: {message}",
    "tempo": "{qpm:g} qpm",
    "port": "The {direction} port {name!r} is {state}.",
    "panic": "All notes off.",
    "log": "{level}: {message}",
    "waiting": "Waiting for {waiting_for}.",
}


def event_sentence(event: str, details: dict[str, Any]) -> str | None:
    """Return the sentence for an event; None if it is not shown."""
    if event == "prepared":
        ahead = details["ahead"]
        return ahead and f"The response was ready {1000 * ahead:.0f} ms ahead."
    if event == "waiting" and not details["waiting_for"]:
        return None
    template = _SENTENCES.get(event)
    return template and template.format(**details)


class LineView:
    """Prints a line for each event."""

    is_drawn: Final = False

    def __init__(self) -> None:
        self._states: dict[int, str] = {}

    def show(self, sentence: str) -> None:
        """Print a sentence."""
        click.echo(sentence)

    def begin(self, settings: MidiSettings) -> None:
        """Print the musicians and their generators."""
        for musician in settings.musicians:
            ports = ", ".join(choice.name for choice in musician.inputs)
            click.echo(f"{', '.join(musician.generators)} answers {ports} at {settings.qpm:g} qpm.")
        click.echo("Play, pause for a bar, and listen. Press Ctrl-C to stop.")

    def on_event(self, event: str, details: dict[str, Any]) -> None:
        """Print an event unless it repeats a state."""
        line = event_sentence(event, details)
        if event == "state":
            before = self._states.get(details["musician"])
            self._states[details["musician"]] = details["state"]
            line = None if before == details["state"] else str(details["state"])
        elif event == "waiting" and details["musician"]:
            line = None  # all musicians follow the same clock
        if line is not None:
            click.echo(f"{time.strftime('%H:%M:%S')} {line}")
