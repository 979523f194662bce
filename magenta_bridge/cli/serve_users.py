"""Options of ``magenta-bridge serve`` for a program that starts a server for itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from magenta_bridge.server.users import UserSettings

_Command = TypeVar("_Command", bound="Callable[..., Any]")

_LINGER_SECONDS = 60


def user_options(command: _Command) -> _Command:
    """Gives a command the options ``--keepalive-dir`` and ``--idle-timeout``."""
    users = click.option(
        "--keepalive-dir",
        "users",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="FOLDER",
        help="Exit when no file in this folder has been modified for --idle-timeout seconds.",
    )
    linger = click.option(
        "--idle-timeout",
        "linger",
        type=click.IntRange(1, 86_400),
        metavar="SECONDS",
        help="How long to stay when no file there has been touched. Without it, "
        f"{_LINGER_SECONDS}.",
    )
    return users(linger(command))


def take_users(options: dict[str, Any]) -> UserSettings | None:
    """Takes the options out of those of a command and returns what they ask for.

    Args:
        options: Loses what is read here.

    Returns:
        For whom the server is there; None for everybody, until it is stopped.

    Raises:
        click.UsageError: One is given that says nothing without the other.
    """
    from magenta_bridge.server.users import UserSettings

    folder, linger = options.pop("users"), options.pop("linger")
    if folder is not None:
        return UserSettings(folder, _LINGER_SECONDS if linger is None else linger)
    if linger is not None:
        raise click.UsageError("--idle-timeout requires --keepalive-dir.")
    return None
