"""The rate gate: bursts, averages, retry delays, and bounded memory."""

from __future__ import annotations

import pytest

from magenta_bridge.errors import OverloadedError, RateLimitedError
from magenta_bridge.limits import CALLS_AT_ONCE
from magenta_bridge.server.rpc.call import Call
from magenta_bridge.server.security.rate_limit import RateGate, rate_gates


class _Clock:
    """A simulated clock."""

    def __init__(self) -> None:
        self.time = 1_000.0

    def __call__(self) -> float:
        return self.time


def _call(caller: str, connection: str = "") -> Call:
    return Call("/magenta_bridge.v1.S/M", 0.0, caller=caller, connection=connection)


def _admitted(gate: RateGate, call: Call, attempts: int) -> int:
    """Return how many of the calls are admitted."""
    count = 0
    for _ in range(attempts):
        try:
            count += gate.admit(call) is call
        except RateLimitedError:
            continue
    return count


def test_a_burst_is_admitted_and_then_the_average_rate() -> None:
    clock = _Clock()
    gate = RateGate(20, 40, now=clock)
    assert _admitted(gate, _call("a"), 100) == 40
    clock.time += 1.0
    assert _admitted(gate, _call("a"), 100) == 20
    clock.time += 3_600.0
    assert _admitted(gate, _call("a"), 100) == 40


def test_the_retry_delay_is_exact() -> None:
    clock = _Clock()
    gate = RateGate(8, 2, now=clock)
    assert _admitted(gate, _call("a"), 3) == 2
    with pytest.raises(RateLimitedError) as caught:
        gate.admit(_call("a"))
    wait_ms = int(caught.value.metadata["retry_after_ms"])
    assert wait_ms == 125
    clock.time += (wait_ms - 1) / 1_000
    assert _admitted(gate, _call("a"), 1) == 0
    clock.time += 1 / 1_000
    assert _admitted(gate, _call("a"), 1) == 1


def test_callers_do_not_share_a_rate() -> None:
    gate = RateGate(1, 1, now=_Clock())
    assert [_admitted(gate, _call(name), 2) for name in ("10.0.0.1", "10.0.0.2", "stage")] == [
        1
    ] * 3


def test_connections_count_for_themselves_on_this_computer_only() -> None:
    """Local programs share an address; remote callers must not gain from more connections."""
    gate = RateGate(1, 1, now=_Clock())
    ports = ("ipv4:127.0.0.1:5", "ipv4:127.0.0.1:6")
    assert [_admitted(gate, _call("127.0.0.1", port), 2) for port in ports] == [1, 1]
    ports = ("ipv4:10.0.0.1:5", "ipv4:10.0.0.1:6")
    assert [_admitted(gate, _call("10.0.0.1", port), 2) for port in ports] == [1, 0]
    ports = ("ipv4:127.0.0.1:5", "ipv4:127.0.0.1:6")
    assert [_admitted(gate, _call("token of stage", port), 2) for port in ports] == [1, 0]


def test_the_number_of_buckets_is_limited() -> None:
    clock = _Clock()
    gate = RateGate(1, 2, callers=100, now=clock)
    for number in range(10_000):
        gate.admit(_call(f"caller {number}"))
    assert len(gate) <= 100
    clock.time += 10.0
    for number in range(100):
        gate.admit(_call(f"late {number}"))
        clock.time += 10.0
    assert len(gate) <= 1, "who has waited long enough is forgotten"


def test_it_is_an_overload_with_its_own_reason() -> None:
    assert issubclass(RateLimitedError, OverloadedError)
    assert RateLimitedError.reason != OverloadedError.reason


def test_the_limit_can_be_disabled() -> None:
    for loopback in (False, True):
        assert rate_gates(0.0, 20, loopback=loopback) == []
        assert len(rate_gates(5.0, 20, loopback=loopback)) == 1


def test_the_default_limits_remote_callers_only() -> None:
    (gate,) = rate_gates(None, CALLS_AT_ONCE.value, loopback=False)
    assert isinstance(gate, RateGate)
    assert _admitted(gate, _call("10.0.0.1"), 100) in range(40, 100)
    assert rate_gates(None, 20, loopback=True) == []
