"""Run the Node client against a server."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.node_packages import install_packages, node_program

FOLDER = Path(__file__).resolve().parents[1] / "node"


def run_node(address: str, scenario: str) -> Any:  # noqa: ANN401 - JSON
    """Run a scenario of ``client.mjs`` and return what it printed.

    Args:
        address: The server.
        scenario: Its name.
    """
    command = [node_program("node"), "client.mjs", address, scenario]
    install_packages(FOLDER)
    done = subprocess.run(
        command, cwd=FOLDER, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
