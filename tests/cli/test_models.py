"""``magenta-bridge models``: list, load and unload bundles of a running server."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from magenta_bridge.cli.main import magenta_bridge
from magenta_bridge.server.settings import ServerSettings
from tests.contract.live_server import LiveServer
from tests.contract.secured_server import MARIA, known_tokens, running


def _run(*words: str, token: str = "") -> Result:
    return CliRunner(env={"MAGENTA_BRIDGE_TOKEN": token}).invoke(magenta_bridge, words)


@pytest.fixture(scope="module")
def live() -> Iterator[LiveServer]:
    """A server with one bundle in its folder."""
    server = LiveServer()
    yield server
    server.close()


def test_each_bundle_of_the_folder_has_a_line(live: LiveServer) -> None:
    result = _run("models", "status", "--server", live.address)
    assert result.exit_code == 0
    assert result.output.startswith("light.mag: READY, light, ")
    (row,) = json.loads(_run("models", "status", "--json", "--server", live.address).output)
    assert (row["name"], row["status"], row["generator_id"]) == ("light.mag", "READY", "light")


def test_a_missing_bundle_or_generator_is_a_one_line_error(live: LiveServer) -> None:
    for words in (("load", "nothing.mag"), ("unload", "missing")):
        result = _run("models", *words, "--server", live.address)
        assert result.exit_code == 1
        assert result.output.startswith("Error: ")
        assert len(result.output.splitlines()) == 1


def test_only_administrators_can_manage_bundles() -> None:
    with running(ServerSettings("127.0.0.1:0", tokens=known_tokens())) as address:
        result = _run("models", "status", "--server", address, token=MARIA)
    assert result.exit_code == 1
    assert "administrator" in result.output
