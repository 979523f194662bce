"""Plays scenarios with the built devices in the simulated Live, which runs in Node."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.max_for_live.node import run_node

Step = tuple[object, ...]


def play(
    servers: dict[str, str],
    *steps: Step,
    tempo: float | None = None,
    device: Path | None = None,
) -> Any:  # noqa: ANN401 - JSON
    """Load the main device into a Set, execute the steps, and return the result.

    Args:
        servers: Addresses of servers, as ``Servers`` in ``sim/simulation.ts``.
        steps: Words of ``sim/scenario.ts`` with their arguments.
        tempo: Tempo of the Set in quarter notes per minute; None for its default.
        device: File of the main device; None for the built one.
    """
    scenario: dict[str, Any] = {"servers": servers, "steps": steps}
    if tempo is not None:
        scenario["tempo"] = tempo
    if device is not None:
        scenario["device"] = str(device)
    words = ("node", "--import", "tsx", "sim/scenario.ts", json.dumps(scenario))
    outcome = json.loads(run_node(*words, timeout=100))
    assert outcome["complaints"] == []
    return outcome
