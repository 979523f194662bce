"""Network faults cause only errors: no wrong response, no hung call, no leftover work."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import Counter

import pytest

from tests.chaos.proxy import Fault
from tests.chaos.storm import TIMEOUT, run_storm
from tests.contract.live_server import LiveServer


@pytest.mark.skipif(sys.platform == "win32", reason="The event loop of Windows has no add_reader")
def test_calls_through_faulty_connections_succeed_or_raise_expected_errors(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Within their deadlines, and without requests or incidents left on the server."""
    live = LiveServer()
    try:
        with caplog.at_level(logging.WARNING, logger="magenta_bridge"):
            outcomes = asyncio.run(run_storm(live, cases=64, seed=11))
        live.wait_until_free()
    finally:
        live.close()
    assert [outcome for outcome in outcomes if outcome.wrong] == []
    # With a margin for a loaded machine; a hung call never ends.
    assert max(outcome.seconds for outcome in outcomes) < TIMEOUT + 20
    seen = Counter(fault for outcome in outcomes for fault in outcome.faults)
    assert set(seen) == set(Fault)
    errors = Counter(outcome.error for outcome in outcomes)
    assert errors[""] >= 1
    assert errors["ServerUnavailableError"] >= 1
    assert [record for record in caplog.records if record.name.startswith("magenta_bridge")] == []
