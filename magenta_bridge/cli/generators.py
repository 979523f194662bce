"""``magenta-bridge generators``: the generators and their arguments."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from magenta_bridge.cli.options.client import open_client, server_options, take_server
from magenta_bridge.cli.options.types import EXISTING_FILE

if TYPE_CHECKING:
    from magenta_bridge.arguments import Argument
    from magenta_bridge.description import GeneratorInfo


_HEADINGS = ("ARGUMENT", "VALUES", "DEFAULT")
_HELP_WIDTH = 92


def as_dictionary(info: GeneratorInfo) -> dict[str, Any]:
    """Return a generator as data for JSON."""
    return {
        "id": info.id,
        "description": info.description,
        "family": info.family,
        "encoding": info.encoding,
        "capabilities": [capability.value for capability in info.capabilities],
        "steps_per_quarter": info.steps_per_quarter,
        "arguments": [
            {
                "name": row.name,
                "type": row.type.name.lower(),
                "default": row.default,
                "minimum": _bound(row, row.minimum),
                "maximum": _bound(row, row.maximum),
                "unit": row.unit,
                "help": row.help,
            }
            for row in info.arguments
        ],
    }


def as_text(info: GeneratorInfo) -> str:
    """Return a generator as a paragraph and, if it is ready, a table."""
    description = info.description or info.status_message
    lines = [click.style(info.id, bold=True), textwrap.indent(description, "  ")]
    if not info.capabilities:
        return "\n".join(lines) + "\n"
    cells = [_HEADINGS, *((row.name, _values(row), _default(row)) for row in info.arguments)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(_HEADINGS))]
    capabilities = ", ".join(capability.value.lower() for capability in info.capabilities)
    lines += [f"  Can: {capabilities}.", ""]
    helps = ["MEANING", *(row.help for row in info.arguments)]
    for row, explanation in zip(cells, helps, strict=True):
        start = "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        lines.append(_hanging(start + "  ", explanation))
    return "\n".join(lines) + "\n"


def _bound(row: Argument, bound: float | None) -> float | None:
    """Return a bound in the type of the argument, so that JSON has 127 instead of 127.0."""
    if bound is None:
        return None
    return int(bound) if isinstance(row.default, int) else float(bound)


def _values(row: Argument) -> str:
    if row.minimum is None or row.maximum is None:
        return row.unit or row.type.name.lower()
    return f"{row.minimum:.10g} to {row.maximum:.10g} {row.unit}".rstrip()


def _default(row: Argument) -> str:
    if isinstance(row.default, str):
        return row.default or "-"
    return f"{row.default:.10g}"


def _hanging(start: str, text: str) -> str:
    """Return the text after ``start``, with later lines indented to the same column."""
    wrapped = textwrap.wrap(text, max(30, _HELP_WIDTH - len(start)))
    return start + ("\n" + " " * len(start)).join(wrapped)


_EXAMPLES = """\b
Examples:
  magenta-bridge generators
  magenta-bridge generators --server 127.0.0.1:50051 --json
"""


@click.command(epilog=_EXAMPLES)
@click.option("--bundle", "bundles", type=EXISTING_FILE, multiple=True, help="A .mag file to list.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@server_options
def generators(bundles: Sequence[Path], as_json: bool, **options: Any) -> None:  # noqa: ANN401
    """List generators and their arguments."""
    server = take_server(options)
    if server is not None and bundles:
        raise click.UsageError(
            "--bundle cannot be combined with --server, which has its own bundles."
        )
    with open_client(server, bundles) as client:
        found = client.generators()
    if as_json:
        click.echo(json.dumps([as_dictionary(info) for info in found], indent=2))
        return
    for info in found:
        click.echo(as_text(info))
