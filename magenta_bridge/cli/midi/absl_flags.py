"""Reads command lines written for Magenta's programs, whose flags are those of absl."""

from __future__ import annotations

from collections.abc import Sequence

import click

_TRUE = frozenset({"1", "true", "t", "yes", "y"})
_FALSE = frozenset({"0", "false", "f", "no", "n"})


class AbslCommand(click.Command):
    """A command whose options may be spelled as absl does.

    ``--input_ports=a`` and ``-input_ports a`` are ``--input-ports a``; a switch may be given as
    ``--nopassthrough`` and ``--passthrough=false``.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Turns the words into those of click, and reads them."""
        switches = {
            name.removeprefix("--")
            for parameter in self.params
            if isinstance(parameter, click.Option) and parameter.is_flag
            for name in parameter.opts
            if parameter.secondary_opts
        }
        return super().parse_args(ctx, as_click_words(args, switches))


def as_click_words(words: Sequence[str], switches: set[str]) -> list[str]:
    """Returns a command line as click reads it.

    Args:
        words: Words as the user wrote them.
        switches: Names, with dashes, of the options that are on or off.
    """
    read: list[str] = []
    for position, word in enumerate(words):
        if word == "--":
            return read + list(words[position:])
        read.append(_as_click_word(word, switches))
    return read


def _as_click_word(word: str, switches: set[str]) -> str:
    name, equals, value = word.partition("=")
    bare = name.lstrip("-").replace("_", "-")
    dashes = len(name) - len(name.lstrip("-"))
    if dashes not in (1, 2) or len(bare) < 2 or not bare[0].isalpha():
        return word
    if bare in switches and equals:
        return _as_switch(bare, value)
    if not equals and bare.startswith("no") and bare[2:].lstrip("-") in switches:
        return f"--no-{bare[2:].lstrip('-')}"
    return f"--{bare}{equals}{value}"


def _as_switch(name: str, value: str) -> str:
    if value.lower() in _TRUE:
        return f"--{name}"
    if value.lower() in _FALSE:
        return f"--no-{name}"
    raise click.UsageError(f"--{name} is on or off; write --{name} or --no-{name}.")
