"""Lists the MIDI ports in a child process.

If the MIDI system crashes, it can crash every process that uses it. The supervisor must survive
that, so it lists ports through this module and never uses the MIDI system itself.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any, Final, NamedTuple

from magenta_bridge.errors import MagentaBridgeError, UnsupportedError
from magenta_bridge.midi.ports.names import matching_ports
from magenta_bridge.midi.process.settings import ECHO, PortChoice

_TRIES: Final = 3
_TIMEOUT_S: Final = 15.0
_NO_RESPONSE: Final = "The MIDI system does not respond."


class PortNames(NamedTuple):
    """The names of the available ports."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def discover_ports() -> PortNames:
    """Return the available ports.

    Raises:
        UnsupportedError: The machine has no MIDI system, or it does not respond.
    """
    found = next((each for each in (_query() for _ in range(_TRIES)) if each is not None), None)
    if found is None:
        raise UnsupportedError(_NO_RESPONSE)
    if "error" in found:
        raise UnsupportedError(found["error"])
    return PortNames(tuple(found["inputs"]), tuple(found["outputs"]))


def _query() -> dict[str, Any] | None:
    """Return what the child process reports; None if it crashes.

    Raises:
        UnsupportedError: It times out.
    """
    try:
        result = subprocess.run(
            [sys.executable, "-m", "magenta_bridge.midi.process.port_discovery"],
            capture_output=True,
            text=True,
            check=False,
            timeout=_TIMEOUT_S,
        )
        found = json.loads(result.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired as error:
        raise UnsupportedError(_NO_RESPONSE) from error
    except (IndexError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def choose_port(name: str, names: tuple[str, ...]) -> PortChoice:
    """Return the port with a name, or a virtual port if there is none."""
    return PortChoice(name, virtual=name != ECHO and not matching_ports(name, names))


def _report() -> dict[str, object]:
    from magenta_bridge.midi.ports import ports

    try:
        return {"inputs": ports.input_names(), "outputs": ports.output_names()}
    except MagentaBridgeError as error:
        return {"error": error.message}


if __name__ == "__main__":
    print(json.dumps(_report()), flush=True)  # noqa: T201 - read by the parent
    # A MIDI system that is shutting down can prevent a process from exiting.
    os._exit(0)
