"""Options of ``magenta-bridge serve`` that say how much work it accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

from magenta_bridge.limits import CALLS_PER_SECOND, OPEN_REQUESTS

if TYPE_CHECKING:
    from collections.abc import Callable

_Command = TypeVar("_Command", bound="Callable[..., Any]")

_OPTIONS = (
    click.option(
        "--workers",
        type=click.IntRange(1, 256),
        help="Threads that write music at the same time. Without it, one for each core.",
    ),
    click.option(
        "--queue",
        type=click.IntRange(0, 4_096),
        default=OPEN_REQUESTS.value,
        show_default=True,
        help="Requests accepted beyond those; more are told to come back.",
    ),
    click.option(
        "--rate",
        "calls_per_second",
        type=click.IntRange(0, 10_000),
        help="Calls a second that one client may make on average; 0 for any number. Without "
        f"it, {CALLS_PER_SECOND.value} where other computers can reach the server, else any "
        "number.",
    ),
)


def load_options(command: _Command) -> _Command:
    """Adds the options to a command, which gets them as keyword arguments."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def take_load(options: dict[str, Any]) -> dict[str, Any]:
    """Takes the options out of those of a command; returns them by names of ``ServerSettings``.

    Args:
        options: Loses what is returned.
    """
    return {name: options.pop(name) for name in ("workers", "queue", "calls_per_second")}
