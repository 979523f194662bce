"""The options of ``serve``, and the server settings that they make."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from magenta_bridge.cli.options.client import TOKEN_VARIABLE
from magenta_bridge.cli.options.types import ANY_FILE, EXISTING_FILE, EXISTING_FOLDER
from magenta_bridge.limits import CALLS_PER_SECOND, OPEN_REQUESTS

if TYPE_CHECKING:
    from magenta_bridge.certificates.tls import TlsFiles
    from magenta_bridge.server.idle_shutdown import IdleShutdownSettings
    from magenta_bridge.server.security.tokens import Tokens
    from magenta_bridge.server.settings import HttpSettings, ServerSettings

T = TypeVar("T")

_HIGHEST_PORT = 65_535
_PORT = click.IntRange(0, _HIGHEST_PORT)
_IDLE_SECONDS = 60

_OPTIONS = (
    click.option(
        "--host", default="127.0.0.1", show_default=True, help="Local address to listen on."
    ),
    click.option(
        "--port",
        type=_PORT,
        default=50_051,
        show_default=True,
        help="Port to listen on; 0 for any free port.",
    ),
    click.option(
        "--bundle",
        "bundles",
        type=EXISTING_FILE,
        multiple=True,
        help="A .mag file to serve; repeatable. Default: the included bundles.",
    ),
    click.option(
        "--shipped", is_flag=True, help="Serve the included bundles, too, beside your own."
    ),
    click.option(
        "--bundles",
        "folder",
        type=EXISTING_FOLDER,
        help="Serve the .mag files of this folder instead, including files added later.",
    ),
    click.option(
        "--http-port",
        type=_PORT,
        help="Port for HTTP with JSON; 0 for any free port. Default: --port plus 1.",
    ),
    click.option("--no-http", is_flag=True, help="Serve gRPC only."),
    click.option(
        "--http-origin",
        "http_origins",
        metavar="ORIGIN",
        multiple=True,
        help="Allow requests from web pages of this origin, such as http://localhost:8000; "
        "repeatable.",
    ),
    click.option(
        "--workers",
        type=click.IntRange(1, 256),
        help="Number of worker threads. Default: one per core.",
    ),
    click.option(
        "--queue",
        type=click.IntRange(0, 4_096),
        default=OPEN_REQUESTS.value,
        show_default=True,
        help="Maximum queued requests; further requests get RESOURCE_EXHAUSTED with a retry delay.",
    ),
    click.option(
        "--rate",
        "calls_per_second",
        type=click.IntRange(0, 10_000),
        help="Average calls per second of one client; 0 for no limit. Default: "
        f"{CALLS_PER_SECOND.value} if other computers can reach the server, else no limit.",
    ),
    click.option("--tls-cert", type=ANY_FILE, help="The server's certificate, a PEM file."),
    click.option("--tls-key", type=ANY_FILE, help="The certificate's private key, a PEM file."),
    click.option(
        "--tls-client-ca",
        type=ANY_FILE,
        help="Require client certificates that this CA has signed.",
    ),
    click.option(
        "--token-file",
        type=ANY_FILE,
        help="Require a token of this file, which has one NAME:TOKEN per line. The variable "
        f"{TOKEN_VARIABLE} may contain another token.",
    ),
    click.option(
        "--keepalive-dir",
        type=click.Path(file_okay=False, path_type=Path),
        metavar="FOLDER",
        help="Exit when no file in this folder has been modified for --idle-timeout seconds.",
    ),
    click.option(
        "--idle-timeout",
        type=click.IntRange(1, 86_400),
        metavar="SECONDS",
        help=f"Timeout of --keepalive-dir. Default: {_IDLE_SECONDS}.",
    ),
    click.option(
        "--metrics-port",
        type=_PORT,
        help="Port of 127.0.0.1 for Prometheus and magenta-bridge top, usually 9464; 0 for any "
        "free port. Default: no metrics.",
    ),
    click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="Format of the log on standard error.",
    ),
    click.option(
        "--log-level",
        type=click.Choice(["debug", "info", "warning", "error"]),
        default="info",
        show_default=True,
        help="Minimum level of the log; info includes a line for each call.",
    ),
    click.option("--otel", is_flag=True, help="Send an OpenTelemetry trace of each call."),
)


class _ExposedError(click.ClickException):
    """The options would expose the server; reported without the usage."""

    exit_code = 2


@dataclass(frozen=True)
class ServeOptions:
    """The options, as click reads them; see their help."""

    host: str = "127.0.0.1"
    port: int = 50_051
    bundles: tuple[Path, ...] = ()
    folder: Path | None = None
    shipped: bool = False
    http_port: int | None = None
    no_http: bool = False
    http_origins: tuple[str, ...] = ()
    workers: int | None = None
    queue: int = OPEN_REQUESTS.value
    calls_per_second: int | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    tls_client_ca: Path | None = None
    token_file: Path | None = None
    keepalive_dir: Path | None = None
    idle_timeout: int | None = None
    metrics_port: int | None = None
    log_format: str = "text"
    log_level: str = "info"
    otel: bool = False

    def settings(self) -> ServerSettings:
        """Return the server settings.

        Raises:
            click.ClickException: Options contradict each other, or would expose the server.
            MagentaBridgeError: A file or an origin is invalid.
        """
        from magenta_bridge.errors import UnsupportedError
        from magenta_bridge.generators.loading import bundles_to_serve
        from magenta_bridge.server.bind_policy import check_exposure
        from magenta_bridge.server.bundles.sources import Sources
        from magenta_bridge.server.settings import ServerSettings

        host = f"[{self.host}]" if ":" in self.host else self.host
        tls, tokens = self._tls(), self._tokens()
        files = [*self.bundles, *(bundles_to_serve() if self.shipped else ())]
        if not (files or self.folder):
            files = [*bundles_to_serve()]
        settings = ServerSettings(
            address=f"{host}:{self.port}",
            workers=self.workers,
            queue=self.queue,
            calls_per_second=self.calls_per_second,
            tls=tls,
            tokens=tokens,
            sources=Sources(files=files, folder=self.folder),
            metrics_port=self.metrics_port,
            tracing=self.otel,
            http=self.http(),
            idle_shutdown=self._idle_shutdown(),
        )
        try:
            check_exposure(settings)
        except UnsupportedError as error:
            raise _ExposedError(error.message) from error
        return settings

    def http(self) -> HttpSettings | None:
        """Return the settings of the HTTP port; None without one.

        Raises:
            click.UsageError: The options contradict each other.
            InvalidArgumentError: An origin is invalid.
        """
        from magenta_bridge.server.http.origin_guard import read_origin
        from magenta_bridge.server.settings import HttpSettings

        if self.no_http:
            if self.http_port is not None or self.http_origins:
                raise click.UsageError("--no-http cannot be combined with other HTTP options.")
            return None
        port = self.http_port
        if port is None:
            if self.port == _HIGHEST_PORT:
                raise click.UsageError(
                    f"There is no port after {self.port}; choose one with --http-port."
                )
            port = self.port + 1 if self.port else 0
        if port == self.port != 0:
            raise click.UsageError(f"--port and --http-port are both {port}; choose two ports.")
        return HttpSettings(port=port, origins=tuple(map(read_origin, self.http_origins)))

    def logging(self) -> AbstractContextManager[None]:
        """Return a context in which the log goes to standard error."""
        from magenta_bridge.server.telemetry.log import logging_to

        return logging_to(sys.stderr, form=self.log_format, level=self.log_level)

    def _tls(self) -> TlsFiles | None:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise click.UsageError("--tls-cert and --tls-key must be given together.")
        if self.tls_cert is None:
            if self.tls_client_ca is not None:
                raise click.UsageError("--tls-client-ca requires --tls-cert and --tls-key.")
            return None
        from magenta_bridge.certificates.tls import TlsFiles

        return TlsFiles(ca=self.tls_client_ca, cert=self.tls_cert, key=self.tls_key)

    def _tokens(self) -> Tokens | None:
        text = os.environ.get(TOKEN_VARIABLE)
        if self.token_file is None and text is None:
            return None
        from magenta_bridge.server.security.reloading import FileTokens
        from magenta_bridge.server.security.tokens import Tokens, make_token

        others = [] if text is None else [make_token("environment", text, where=TOKEN_VARIABLE)]
        return FileTokens(self.token_file, others) if self.token_file else Tokens(others)

    def _idle_shutdown(self) -> IdleShutdownSettings | None:
        if self.keepalive_dir is None:
            if self.idle_timeout is not None:
                raise click.UsageError("--idle-timeout requires --keepalive-dir.")
            return None
        from magenta_bridge.server.idle_shutdown import IdleShutdownSettings

        return IdleShutdownSettings(self.keepalive_dir, self.idle_timeout or _IDLE_SECONDS)


def serve_options(command: Callable[[ServeOptions], T]) -> Callable[..., T]:
    """Add the options to a command, which receives them as one argument."""

    @functools.wraps(command)
    def with_options(**options: Any) -> T:  # noqa: ANN401 - of several types
        return command(ServeOptions(**options))

    return functools.reduce(lambda inner, option: option(inner), reversed(_OPTIONS), with_options)
