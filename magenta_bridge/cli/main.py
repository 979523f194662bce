"""The command ``magenta-bridge``: finds the subcommand and turns faults into sentences.

Exit status: 0 done, 1 it could not be done, 2 the command line is wrong, 130 interrupted.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import IO, ClassVar

import click

from magenta_bridge import __version__
from magenta_bridge.errors import MagentaBridgeError

_INTERRUPTED = 130

_EXAMPLES = """\b
Examples:
  magenta-bridge generate -o clip.mid                     write four new bars
  magenta-bridge generate --primer tune.mid -o clip.mid   continue a tune of yours
  magenta-bridge serve                                    wait for requests, as Live's device needs
  magenta-bridge doctor                                   find out what is wrong
"""


class _Commands(click.Group):
    """Subcommands that are imported only when one is asked for."""

    _HELP: ClassVar[dict[str, str]] = {
        "generate": "Write new music as a MIDI file.",
        "generators": "List what can generate, and its settings.",
        "serve": "Wait for requests over gRPC and HTTP.",
        "certs": "Make certificates, to let other computers in safely.",
        "health": "Ask a server whether it serves.",
        "models": "Look after the bundles of a running server.",
        "top": "Watch a running server.",
        "midi": "Play together with a generator over MIDI.",
        "max": "Bring the devices into Ableton Live.",
        "train": "Train a model on your own music.",
        "evaluate": "Score a model on music that it has not heard.",
        "search": "Try many hyperparameters and keep the best.",
        "compare": "Lay several models side by side on one page.",
        "benchmark": "Score a model on the data of published tables.",
        "doctor": "Check this installation and say what to do.",
    }

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Returns the names in the order of the help."""
        return list(self._HELP)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Imports one command; None when there is no such."""
        if cmd_name not in self._HELP:
            return None
        module = importlib.import_module(f"magenta_bridge.cli.{cmd_name}")
        command = getattr(module, cmd_name)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Writes the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._HELP.items()))

    def invoke(self, ctx: click.Context) -> object:
        """Runs the subcommand; any fault becomes one sentence on stderr."""
        debug = bool(ctx.params.get("debug"))
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit):
            raise
        except (KeyboardInterrupt, click.Abort):
            click.echo("Stopped.", err=True)
            ctx.exit(_INTERRUPTED)
        except MagentaBridgeError as error:
            _trace(debug)
            raise click.ClickException(error.message) from error
        except Exception as error:
            if isinstance(error, BrokenPipeError):
                raise
            _trace(debug)
            raise click.ClickException(_unexpected(error, debug)) from error


@click.command(cls=_Commands, epilog=_EXAMPLES)
@click.option("--debug", is_flag=True, help="Print a traceback when something goes wrong.")
@click.version_option(__version__, prog_name="magenta-bridge")
@click.pass_context
def magenta_bridge(ctx: click.Context, debug: bool) -> None:  # noqa: ARG001
    """Magenta Bridge writes music with neural networks."""
    if os.environ.get("NO_COLOR"):
        ctx.color = False


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and ends the process with its exit status.

    Args:
        arguments: Words after the program's name; None for those of this process.
    """
    # Or gRPC tells of each failed handshake on its own, beside our sentence.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    for stream in (sys.stdout, sys.stderr):
        _never_fail_on_a_character(stream)
    try:
        magenta_bridge.main(args=arguments, prog_name="magenta-bridge")
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
        sys.exit(_INTERRUPTED)


def _trace(debug: bool) -> None:
    if debug:
        traceback.print_exc()


def _unexpected(error: Exception, debug: bool) -> str:
    told = " ".join(f"{type(error).__name__}: {error}".split())
    hint = "" if debug else " To see where, run: magenta-bridge --debug and the same words again."
    return f"Something went wrong that should not ({told}).{hint}"


def _never_fail_on_a_character(stream: IO[str]) -> None:
    # A file name may hold characters that a Windows code page lacks.
    with contextlib.suppress(AttributeError, ValueError):
        stream.reconfigure(errors="replace")  # type: ignore[attr-defined]
