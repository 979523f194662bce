"""Assigns controllers interactively."""

from __future__ import annotations

from collections.abc import Sequence

import click

from magenta_bridge.midi.process.control_listener import listen_to_controls
from magenta_bridge.midi.process.settings import CONTROLS, PortChoice


def learn_controls(controls: dict[str, int], inputs: Sequence[PortChoice]) -> dict[str, int]:
    """Assign controllers that the user moves; return the controller numbers by name."""
    assigned = dict(controls)
    with listen_to_controls(inputs) as next_control:
        while (name := _prompt(assigned)) is not None:
            click.echo(f"Move the controller for {name}.")
            number = next_control()
            others = {taken: other for other, taken in assigned.items() if other != name}
            if number in others:
                click.echo(f"Controller {number} is already assigned to {others[number]}.")
            else:
                assigned[name] = number
                click.echo(f"Controller {number} is assigned to {name}.")
    return assigned


def _prompt(assigned: dict[str, int]) -> str | None:
    """Return the name that the user selects; None when done."""
    while True:
        for index, name in enumerate(CONTROLS, start=1):
            click.echo(f"{index:>4}  {name:<18} {assigned.get(name, '-')}")
        reply = click.prompt("Number to assign, or q when done", default="q").strip()
        if reply.lower() == "q":
            return None
        if reply.isdecimal() and 1 <= int(reply) <= len(CONTROLS):
            return CONTROLS[int(reply) - 1]
        click.echo(f"{reply!r} is not between 1 and {len(CONTROLS)}.")
