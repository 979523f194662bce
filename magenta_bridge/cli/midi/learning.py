"""Assigns controllers by turning them."""

from __future__ import annotations

from collections.abc import Sequence

import click

from magenta_bridge.midi.process.control_listener import ControlListener
from magenta_bridge.midi.process.settings import CONTROLS, PortChoice


class Learning:
    """Which controller does what, while it is being found out.

    Args:
        controls: Numbers by name, to begin with.
    """

    def __init__(self, controls: dict[str, int]) -> None:
        self.controls = dict(controls)

    def assign(self, name: str, number: int) -> str:
        """Assigns a controller, unless it does something else; returns what came of it."""
        for other, taken in self.controls.items():
            if taken == number and other != name:
                return f"Controller {number} is assigned to {other} already."
        self.controls[name] = number
        return f"Controller {number} is now {name}."

    def table(self) -> str:
        """Returns what there is to assign, numbered from 1."""
        rows = [
            f"{index:>4}  {name:<18} {self.controls.get(name, '-')}"
            for index, name in enumerate(CONTROLS, start=1)
        ]
        return "\n".join(rows)


def learn_controls(controls: dict[str, int], inputs: Sequence[PortChoice]) -> dict[str, int]:
    """Asks on the terminal what to assign, and hears what is turned.

    Args:
        controls: Numbers by name, to begin with.
        inputs: Ports to hear.

    Returns:
        The numbers afterwards.
    """
    learning = Learning(controls)
    with ControlListener(inputs) as ears:
        while (name := _ask(learning)) is not None:
            click.echo(f"Turn the controller for {name}.")
            click.echo(learning.assign(name, ears.next_turned()))
    return learning.controls


def _ask(learning: Learning) -> str | None:
    """Returns the name that the user chooses; None when done."""
    while True:
        click.echo(learning.table())
        answer = click.prompt("Number to assign, or q when done", default="q")
        if answer.strip().lower() == "q":
            return None
        if answer.strip().isdecimal() and 1 <= int(answer) <= len(CONTROLS):
            return CONTROLS[int(answer) - 1]
        click.echo(f"{answer!r} is not between 1 and {len(CONTROLS)}.")
