"""Which ports there are, found out by a process of its own.

The MIDI system may take every process along that has used it when it dies; the supervisor, which
must outlive that, asks through this module and never touches it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import Any, Final

from magenta_bridge.errors import MagentaBridgeError, UnsupportedError
from magenta_bridge.midi.ports.names import matching_ports
from magenta_bridge.midi.process.settings import ECHO, PortChoice

_TRIES: Final = 3
_PATIENCE_S: Final = 15.0
_SILENT: Final = "The MIDI system of this machine does not answer."


@dataclass(frozen=True)
class Survey:
    """Names of the ports there are.

    Attributes:
        inputs: Ports to hear.
        outputs: Ports to play to.
    """

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


def survey() -> Survey:
    """Returns the ports there are.

    Raises:
        UnsupportedError: There is no MIDI system, or it does not answer.
    """
    found = next((each for each in (_ask() for _ in range(_TRIES)) if each is not None), None)
    if found is None:
        raise UnsupportedError(_SILENT)
    if "error" in found:
        raise UnsupportedError(found["error"])
    return Survey(tuple(found["inputs"]), tuple(found["outputs"]))


def _ask() -> dict[str, Any] | None:
    """Returns what the process reports; None when it crashes.

    Raises:
        UnsupportedError: It waits for a system that hangs.
    """
    try:
        result = subprocess.run(
            [sys.executable, "-m", "magenta_bridge.midi.process.port_discovery"],
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE_S,
        )
        found = json.loads(result.stdout.splitlines()[-1])
    except subprocess.TimeoutExpired as error:
        raise UnsupportedError(_SILENT) from error
    except (IndexError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def choose(name: str, names: tuple[str, ...]) -> PortChoice:
    """Returns the choice of a port by name: a virtual one unless there is such a port."""
    virtual = name != ECHO and not matching_ports(name, names)
    return PortChoice(name, virtual=virtual)


def _report() -> dict[str, object]:
    from magenta_bridge.midi.ports import ports

    try:
        return {"inputs": ports.input_names(), "outputs": ports.output_names()}
    except MagentaBridgeError as error:
        return {"error": error.message}


if __name__ == "__main__":
    print(json.dumps(_report()), flush=True)  # noqa: T201 - read by the parent
    # A MIDI system that is going away can keep a process from ending.
    os._exit(0)
