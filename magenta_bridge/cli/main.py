"""The command ``magenta-bridge``: run a subcommand and report errors in one line.

Exit status: 0 for success, 1 for an error, 2 for an invalid command line, 130 for Ctrl-C.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import click

from magenta_bridge import __version__
from magenta_bridge.errors import MagentaBridgeError

_INTERRUPTED = 130

_EXAMPLES = """\b
Examples:
  magenta-bridge generate -o clip.mid                     generate four bars
  magenta-bridge generate --primer tune.mid -o clip.mid   continue a MIDI file
  magenta-bridge serve                                    run the server for the devices in Live
  magenta-bridge doctor                                   check the installation
"""


class _Commands(click.Group):
    """The subcommands, each imported when it is used."""

    _HELP: ClassVar[dict[str, str]] = {
        "generate": "Generate music and write it to a MIDI file.",
        "generators": "List generators and their arguments.",
        "serve": "Run a server for gRPC and HTTP.",
        "certs": "Create TLS certificates for a server and its clients.",
        "health": "Check whether a server is serving.",
        "models": "Manage the bundles of a running server.",
        "top": "Monitor a running server.",
        "midi": "Play with a generator over MIDI.",
        "max": "Install the devices in Ableton Live.",
        "train": "Train a model on your music.",
        "evaluate": "Evaluate a model on held-out music.",
        "search": "Search for the best hyperparameters.",
        "compare": "Compare models in one HTML report.",
        "benchmark": "Train and score models on published datasets.",
        "doctor": "Check the installation and say how to fix it.",
    }

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in the order of the help."""
        return list(self._HELP)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return a command; None if there is no such command."""
        if cmd_name not in self._HELP:
            return None
        module = importlib.import_module(f"magenta_bridge.cli.{cmd_name}")
        command = getattr(module, cmd_name)
        return command if isinstance(command, click.Command) else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._HELP.items()))

    def invoke(self, ctx: click.Context) -> object:
        """Run the subcommand; report any error in one line on standard error."""
        debug = bool(ctx.params.get("debug"))
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, BrokenPipeError):
            raise
        except (KeyboardInterrupt, click.Abort):
            click.echo("Stopped.", err=True)
            ctx.exit(_INTERRUPTED)
        except MagentaBridgeError as error:
            if debug:
                traceback.print_exc()
            raise click.ClickException(error.message) from error
        except Exception as error:
            raise click.ClickException(_unexpected(error, debug=debug)) from error


def _unexpected(error: Exception, *, debug: bool) -> str:
    """Return the sentence for an error that is not one of ours."""
    from magenta_bridge.files import is_full, unwritable

    if isinstance(error, OSError) and is_full(error):
        name = "A temporary file" if error.filename is None else str(error.filename)
        return unwritable(Path(name), error).message
    message = " ".join(f"{type(error).__name__}: {error}".split()).rstrip(".")
    if debug:
        traceback.print_exc()
    else:
        message += ". Run again with --debug for a traceback"
    return f"Unexpected error: {message}."


@click.command(cls=_Commands, epilog=_EXAMPLES)
@click.option("--debug", is_flag=True, help="Print a traceback of an error.")
@click.version_option(__version__, prog_name="magenta-bridge")
@click.pass_context
def magenta_bridge(ctx: click.Context, debug: bool) -> None:  # noqa: ARG001
    """Generate music with neural networks."""
    if os.environ.get("NO_COLOR"):
        ctx.color = False


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with its status.

    Args:
        arguments: Arguments after the program's name; None for those of this process.
    """
    # gRPC would log each failed handshake in addition to our error.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    for stream in (sys.stdout, sys.stderr):
        # A file name may contain characters that a Windows code page lacks.
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        magenta_bridge.main(args=arguments, prog_name="magenta-bridge")
    except KeyboardInterrupt:
        click.echo("Stopped.", err=True)
        sys.exit(_INTERRUPTED)
