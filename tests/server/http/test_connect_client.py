"""The Connect project's own client, in JavaScript, against the HTTP port."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.contract.fake_generator import LEAK
from tests.contract.live_server import LiveServer

FOLDER = Path(__file__).with_name("node")


@pytest.fixture(scope="module")
def node() -> str:
    """Path of Node.js, with the client's packages installed."""
    program, npm = shutil.which("node"), shutil.which("npm")
    assert program, "Node.js is not installed; run: make tools"
    assert npm, "npm is not installed; run: make tools"
    if not (FOLDER / "node_modules" / ".package-lock.json").is_file():
        install = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(
            install, cwd=FOLDER, capture_output=True, text=True, timeout=100, check=False
        )
        assert done.returncode == 0, done.stderr
    return program


@pytest.mark.parametrize("encoding", ["json", "proto"])
def test_the_official_client_reads_every_response(
    live: LiveServer, node: str, repository: Path, encoding: str
) -> None:
    descriptors = str(repository / "protos" / "magenta_bridge.v1.json")
    done = subprocess.run(
        [node, "client.mjs", live.web.url, descriptors, encoding],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    assert seen["listed"] == ["endless", "faulty", "gated", "light", "scale"]
    assert (seen["got"], seen["seed"]) == ("scale", 5)
    assert len(seen["whole"]) == 16
    assert seen["notes"] == seen["whole"]
    assert seen["pieces"] == 5
    assert (seen["first"], seen["aborted"]) == (1, "Canceled")
    for name in ("unknown", "unknownStream"):
        assert seen[name]["code"] == "NotFound"
        assert seen[name]["details"][0]["type"] == "google.rpc.ErrorInfo"
        assert seen[name]["details"][0]["debug"]["metadata"]["generator_id"] == "missing"
    assert seen["bad"]["code"] == "InvalidArgument"
    violation = seen["bad"]["details"][1]["debug"]["fieldViolations"][0]
    assert violation["field"] == "options.generate_sections"
    assert seen["bug"]["code"] == "Internal"
    assert LEAK not in json.dumps(seen)
    assert seen["late"]["code"] == "DeadlineExceeded"
    live.wait_until_free()
