"""Is the usual port free, or does a server of ours answer there."""

from __future__ import annotations

import socket

from magenta_bridge.cli.doctor.check_result import Finding, ok, warn
from magenta_bridge.errors import MagentaBridgeError, UnauthenticatedError

_HOST = "127.0.0.1"
_PORT = 50_051
_PATIENCE_S = 3.0


def check_port(port: int = _PORT) -> Finding:
    """Looks at a port of this machine.

    Args:
        port: The port that ``magenta-bridge serve`` takes by default.
    """
    address = f"{_HOST}:{port}"
    if not _is_taken(port):
        return ok("server", f"none runs; {address} is free for: magenta-bridge serve")
    from magenta_bridge.client import Client

    try:
        with Client(address, timeout=_PATIENCE_S) as client:
            names = ", ".join(info.id for info in client.generators())
    except UnauthenticatedError:
        return ok("server", f"runs on {address} and asks for a token")
    except MagentaBridgeError as error:
        return warn(
            "server",
            f"{address} is taken by something that does not answer as ours ({error.message})",
            f"End that program, or use another port: magenta-bridge serve --port {port + 1}",
        )
    return ok("server", f"runs on {address} with {names}")


def _is_taken(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PATIENCE_S)
        return probe.connect_ex((_HOST, port)) == 0
