"""The options of ``serve`` that say how it is watched: its log, its metrics, its traces."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Concatenate, ParamSpec, TypeVar

import click

P = ParamSpec("P")
T = TypeVar("T")

_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True)
class Watching:
    """How a server is watched.

    Attributes:
        metrics_port: Port for Prometheus, 0 for any free one; None for no metrics.
        log_format: ``text`` or ``json``.
        log_level: Least level that is written.
        otel: Whether to send traces.
    """

    metrics_port: int | None
    log_format: str
    log_level: str
    otel: bool

    def logging(self) -> AbstractContextManager[None]:
        """Returns a context in which the log goes to standard error."""
        from magenta_bridge.server.log_writer import logging_to

        return logging_to(sys.stderr, form=self.log_format, level=self.log_level)


def watch_options(
    command: Callable[Concatenate[Watching, P], T],
) -> Callable[..., T]:
    """Gives a command the options, and hands them to it as its first argument."""

    @click.option(
        "--metrics-port",
        type=click.IntRange(0, 65_535),
        help="Let Prometheus, and magenta-bridge top, read on this port of this computer; "
        "9464 is usual, 0 takes any free one. Without it nothing is counted.",
    )
    @click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="How the log on standard error looks: for people or for programs.",
    )
    @click.option(
        "--log-level",
        type=click.Choice(_LEVELS),
        default="info",
        show_default=True,
        help="What is logged; info has a line for each call.",
    )
    @click.option("--otel", is_flag=True, help="Send a trace of each call (OpenTelemetry).")
    @functools.wraps(command)
    def with_options(
        metrics_port: int | None,
        log_format: str,
        log_level: str,
        otel: bool,
        *words: P.args,
        **options: P.kwargs,
    ) -> T:
        watching = Watching(metrics_port, log_format, log_level, otel)
        return command(watching, *words, **options)

    return with_options
