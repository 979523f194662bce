"""Plays scenarios with the built devices in the simulated Live, which runs in Node."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.max_for_live.controls import FOLDER
from tests.node_packages import install_packages, node_program

Step = tuple[object, ...]


def press(
    servers: dict[str, str],
    *steps: Step,
    tempo: float | None = None,
    device: Path | None = None,
) -> Any:  # noqa: ANN401 - JSON
    """Drags the main device into a Set, does the steps, and returns what came of it.

    Args:
        servers: Where servers are, as ``Servers`` in ``sim/stage.ts``.
        steps: Words of ``sim/press.ts`` and their arguments.
        tempo: Of the Set, in quarter notes a minute; None for its own.
        device: The main device's file; None for the one that is built.
    """
    install_packages(FOLDER)
    scenario: dict[str, Any] = {"servers": servers, "steps": steps}
    if tempo is not None:
        scenario["tempo"] = tempo
    if device is not None:
        scenario["device"] = str(device)
    done = subprocess.run(
        [node_program("node"), "--import", "tsx", "sim/press.ts", json.dumps(scenario)],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    outcome = json.loads(done.stdout)
    assert outcome["complaints"] == []
    return outcome
