"""A bad network costs answers at most: none is wrong, no call hangs, no work is left behind."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import Counter

import pytest

from tests.chaos.proxy import Fault
from tests.chaos.storm import TIMEOUT, run_storm
from tests.contract.live_server import LiveServer


@pytest.mark.skipif(sys.platform == "win32", reason="Its event loop watches no sockets of ours")
def test_calls_through_bad_connections_end_well_or_with_an_error_of_ours(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Within their deadlines; then the server is free, and has logged no incident."""
    live = LiveServer()
    try:
        with caplog.at_level(logging.WARNING, logger="magenta_bridge"):
            outcomes = asyncio.run(run_storm(live, cases=64, seed=11))
        live.wait_until_free()
    finally:
        live.close()
    assert [outcome for outcome in outcomes if outcome.wrong] == []
    # A margin for a busy computer; a call that hangs takes for ever.
    assert max(outcome.seconds for outcome in outcomes) < TIMEOUT + 20
    seen = Counter(fault for outcome in outcomes for fault in outcome.faults)
    assert set(seen) == set(Fault)
    errors = Counter(outcome.error for outcome in outcomes)
    assert errors[""] >= 8
    assert errors["ServerUnavailableError"] >= 8
    assert [record for record in caplog.records if record.name.startswith("magenta_bridge")] == []
