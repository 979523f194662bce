"""Run the devices' own test suites in Node, folder by folder, as ``npm test`` does."""

from __future__ import annotations

import pytest

from tests.cli.program import PROGRAM
from tests.max_for_live.node import FOLDER, run_node
from tests.node_packages import install_packages

TESTS = FOLDER / "tests"
SUITES = sorted(path.name for path in TESTS.iterdir() if [*path.rglob("*.test.ts")])
RUNNER = ("node", "--import", "tsx", "--test", "--test-concurrency=2", "--test-timeout=300000")


@pytest.mark.timeout(600)
@pytest.mark.parametrize("suite", SUITES)
def test_a_suite_passes(suite: str) -> None:
    install_packages(TESTS / "node16", scripts=True)
    files = [str(path.relative_to(FOLDER)) for path in (TESTS / suite).rglob("*.test.ts")]
    run_node(*RUNNER, *sorted(files), timeout=500, MAGENTA_BRIDGE_PROGRAM=str(PROGRAM))


@pytest.mark.parametrize("check", ["lint", "types"])
def test_the_sources_pass_the_linters(check: str) -> None:
    run_node("npm", "run", "--silent", check, timeout=100)


def test_every_suite_is_run() -> None:
    """A renamed folder would be skipped silently."""
    assert SUITES == ["core", "live", "node", "patch", "whole"]
