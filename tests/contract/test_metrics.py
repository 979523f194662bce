"""The metrics match the calls exactly."""

from __future__ import annotations

import random
import string
from collections import Counter
from collections.abc import Callable, Iterator

import grpc
import pytest

from magenta_bridge.v1 import generation_pb2 as pb
from tests.contract.accounted_calls import PATIENCE, SLOTS, AccountedCalls
from tests.contract.live_server import LiveServer
from tests.contract.rpc_cases import options
from tests.contract.scrape import Scrape, scrape, scrape_idle

BAD = ("INVALID_ARGUMENT", "scale", "INVALID_ARGUMENT")
UNKNOWN = ("NOT_FOUND", "other", "NOT_FOUND")
BROKEN = ("INTERNAL", "faulty", "INTERNAL")


@pytest.fixture
def watched() -> Iterator[LiveServer]:
    """A server with metrics, four slots, and a timeout of 0.2 s for calls without a deadline."""
    server = LiveServer(seconds=0.2, threads=SLOTS, waiting=0, metrics_port=0)
    yield server
    server.close()


def test_a_thousand_calls_are_a_thousand_calls(watched: LiveServer) -> None:
    """Valid, invalid, unknown, rejected, canceled, late and failed calls are counted once each."""
    caller = AccountedCalls(watched)
    ways: list[Callable[[], None]] = [
        *[lambda: caller.good(1)] * 300,
        *[lambda: caller.good(3)] * 60,
        *[caller.streamed] * 140,
        *[caller.listed] * 100,
        *[lambda: caller.fails("scale", options(temperature=9), *BAD)] * 100,
        *[lambda: caller.fails("missing", options(), *UNKNOWN)] * 100,
        *[lambda: caller.fails("faulty", options(), *BROKEN)] * 40,
        *[caller.undecodable] * 60,
        *[lambda: caller.overloaded(11)] * 5,  # 11 refused and 4 cancelled each
        *[caller.too_slow] * 5,  # 4 calls each
        *[lambda: caller.overloaded(0)] * 1,
        caller.listed,
    ]
    random.Random(17).shuffle(ways)  # noqa: S311
    for way in ways:
        way()
    assert caller.ended.total() == 1_000
    _check(scrape_idle(watched), caller)


def _check(found: Scrape, caller: AccountedCalls) -> None:
    started: Counter[tuple[str, ...]] = Counter()
    for (method, _), count in caller.ended.items():
        started[(method,)] += count
    assert found.by("grpc_server_call_started_total", "grpc_method") == started
    duration = "grpc_server_call_duration_seconds_count"
    assert found.by(duration, "grpc_method", "grpc_status") == caller.ended
    labels = ("generator", "grpc_method", "grpc_status")
    assert found.by("magenta_bridge_requests_total", *labels) == caller.requests
    assert found.by("magenta_bridge_rejected_total", "reason") == caller.rejected
    assert found.by("magenta_bridge_failed_total", "reason") == caller.failed
    # Two chunks and an end; eight quarter notes; four seconds.
    for name, each in (("chunks", 3), ("notes", 8), ("music_seconds", 4)):
        counted = found.by(f"magenta_bridge_{name}_total", "generator")
        assert counted[("scale",)] == each * caller.variations
    steps = found.value("magenta_bridge_step_run_seconds_count")
    assert steps == found.value("magenta_bridge_step_wait_seconds_count")
    assert steps > sum(found.by("magenta_bridge_chunks_total").values())


def test_unknown_names_do_not_add_labels(watched: LiveServer) -> None:
    """A thousand unknown generator names share one series."""
    caller = AccountedCalls(watched)
    caller.fails("missing", options(), *UNKNOWN)
    before = len(scrape_idle(watched).samples)
    draw = random.Random(3)  # noqa: S311
    for _ in range(1_000):
        name = "".join(draw.choices(string.printable + "\u266d", k=draw.randrange(1, 40)))
        request = pb.GenerateRequest(generator_id=name, options=options())
        with pytest.raises(grpc.RpcError):
            caller.stub.Generate(request, timeout=PATIENCE)
    found = scrape_idle(watched)
    assert len(found.samples) == before
    assert found.by("magenta_bridge_requests_total", "generator") == {("other",): 1_001}


def test_calls_in_flight_are_counted(watched: LiveServer) -> None:
    with AccountedCalls(watched).all_slots_taken():
        found = scrape(watched)
        assert found.value("magenta_bridge_calls_in_flight") == SLOTS
        assert found.value("magenta_bridge_requests_open") == SLOTS
        assert found.value("magenta_bridge_steps_waiting") == 0
        assert found.value("magenta_bridge_serving") == 1
    loaded = found.by("magenta_bridge_generator_loaded", "generator")
    assert loaded == {(name,): 1 for name in ("endless", "faulty", "gated", "light", "scale")}


def test_without_a_port_there_are_no_metrics(live: LiveServer) -> None:
    assert live.notices() == []
