"""Reads command lines written for Magenta's programs, which use absl flags."""

from __future__ import annotations

from collections.abc import Sequence

import click

_TRUE = frozenset({"1", "true", "t", "yes", "y"})
_FALSE = frozenset({"0", "false", "f", "no", "n"})


class AbslCommand(click.Command):
    """A command that also accepts options in absl spelling.

    ``--input_ports=a`` and ``-input_ports a`` mean ``--input-ports a``. A boolean option can be
    given as ``--nopassthrough`` and ``--passthrough=false``. ``--helpfull`` is ``--help``.
    """

    def get_help_option_names(self, ctx: click.Context) -> list[str]:
        """Return the options that show the help: also those of absl."""
        return [*super().get_help_option_names(ctx), "--helpshort", "--helpfull"]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Convert the arguments to click's spelling and parse them."""
        flags = {
            name.removeprefix("--")
            for parameter in self.params
            if isinstance(parameter, click.Option) and parameter.is_flag
            for name in parameter.opts
            if parameter.secondary_opts
        }
        return super().parse_args(ctx, to_click_arguments(args, flags))


def to_click_arguments(arguments: Sequence[str], flags: set[str]) -> list[str]:
    """Return a command line in click's spelling; ``flags`` names its boolean options."""
    converted: list[str] = []
    for position, argument in enumerate(arguments):
        if argument == "--":
            return converted + list(arguments[position:])
        converted.append(_to_click_argument(argument, flags))
    return converted


def _to_click_argument(argument: str, flags: set[str]) -> str:
    name, equals, value = argument.partition("=")
    bare = name.lstrip("-").replace("_", "-")
    dashes = len(name) - len(name.lstrip("-"))
    if dashes not in (1, 2) or len(bare) < 2 or not bare[0].isalpha():
        return argument
    if bare in flags and equals:
        if value.lower() in _TRUE:
            return f"--{bare}"
        if value.lower() in _FALSE:
            return f"--no-{bare}"
        raise click.UsageError(f"--{bare} is a boolean option; use --{bare} or --no-{bare}.")
    if not equals and bare.startswith("no") and bare[2:].lstrip("-") in flags:
        return f"--no-{bare[2:].lstrip('-')}"
    return f"--{bare}{equals}{value}"
