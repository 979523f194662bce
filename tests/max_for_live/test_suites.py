"""The devices' own suites, in Node: what ``npm test`` runs in max_for_live, folder by folder."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.cli.program import PROGRAM
from tests.max_for_live.controls import FOLDER
from tests.node_packages import install_packages, node_program

SUITES = sorted(path.name for path in (FOLDER / "tests").iterdir() if [*path.glob("*.test.ts")])


def _run(*command: str) -> None:
    install_packages(FOLDER)
    install_packages(FOLDER / "tests" / "node16", scripts=True)
    done = subprocess.run(
        [node_program(command[0]), *command[1:]],
        cwd=FOLDER,
        env={**os.environ, "MAGENTA_BRIDGE_PROGRAM": str(PROGRAM)},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-8000:]}\n{done.stderr[-4000:]}"


@pytest.mark.timeout(600)
@pytest.mark.parametrize("suite", SUITES)
def test_a_suite_passes(suite: str) -> None:
    files = [str(path.relative_to(FOLDER)) for path in (FOLDER / "tests" / suite).glob("*.test.ts")]
    _run("node", "--import", "tsx", "--test", "--test-concurrency=1", *sorted(files))


@pytest.mark.parametrize("check", ["lint", "types"])
def test_the_sources_are_in_the_house_style(check: str) -> None:
    _run("npm", "run", "--silent", check)


def test_every_suite_is_known() -> None:
    """A folder that is renamed would otherwise be run no more."""
    assert SUITES == ["core", "live", "node", "patch", "whole"]
