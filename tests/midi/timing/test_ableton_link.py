"""Ableton Link with a second program in the session, through the real library."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pytest

from magenta_bridge.errors import InvalidArgumentError, UnsupportedError
from magenta_bridge.midi.timing.ableton_link import LinkTempo
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from magenta_bridge.midi.timing.ticks import BarTicks
from tests.midi.bounded import ChildProgram, child_program, wait_for
from tests.midi.generators import StreamingOctaveGenerator
from tests.midi.harness import Harness

pytestmark = pytest.mark.timeout(900)

QPM = 300.0


def _ask(peer: ChildProgram, line: str) -> float:
    """Let the other program execute a command; return its beat."""
    peer.write_line(line)
    return float(peer.read_line("a beat"))


@pytest.fixture
def peer() -> Iterator[ChildProgram]:
    """Another program of the session."""
    command = [sys.executable, "-m", "tests.midi.timing.link_peer", "100"]
    with child_program(*command) as program:
        yield program
        program.finish()


@pytest.fixture
def link(peer: ChildProgram) -> Iterator[LinkTempo]:
    """Join the session of the other program."""
    tempo = LinkTempo(120.0)
    wait_for(lambda: tempo.peers >= 1, "the session")
    _ask(peer, f"tempo {QPM}")
    wait_for(lambda: tempo.qpm == pytest.approx(QPM), "the tempo of the session")
    yield tempo
    tempo.close()


def test_tempo_bar_and_transport_are_shared(link: LinkTempo, peer: ChildProgram) -> None:
    def bars_agree() -> bool:
        moment = time.monotonic()
        apart = (link.beat_at(moment) - _ask(peer, f"beat {moment}")) % 4
        return min(apart, 4 - apart) < 0.05

    def beat_converts_to_time() -> bool:
        moment = time.monotonic()
        return abs(link.time_at(link.beat_at(moment) + 4) - moment - 4 * 60.0 / QPM) < 0.005

    wait_for(bars_agree, "the same bar in both programs")
    wait_for(beat_converts_to_time, "the time of the next bar")
    link.change(240.0)
    _ask(peer, "play")
    wait_for(lambda: link.qpm == pytest.approx(240.0), "the tempo of this program")
    _ask(peer, "tempo 200")
    wait_for(lambda: link.qpm == pytest.approx(200.0), "the tempo of the other program")
    assert link.running
    _ask(peer, "stop")
    wait_for(lambda: not link.running, "the stop")
    _ask(peer, "play")
    wait_for(lambda: link.running, "the start")


def test_an_interaction_follows_the_session(link: LinkTempo, peer: ChildProgram) -> None:
    """A change of tempo is followed during a response, and a stop ends all notes."""
    harness = Harness(STEADY_CLOCK)
    try:
        _ask(peer, "play")
        harness.start(StreamingOctaveGenerator(), tick_duration=None, ticks=BarTicks(link))
        wait_for(harness.ticks, "a bar")
        harness.play(60)
        wait_for(lambda: harness.events("prepared"), "the bar at which the response is due")
        _ask(peer, "tempo 240")
        wait_for(
            lambda: [e["qpm"] for e in harness.events("tempo")][-1:] == [pytest.approx(240.0)],
            "the new tempo",
        )
        _ask(peer, "stop")
        wait_for(lambda: harness.states()[-1:] == [0], "the stop")
        assert not harness.output.ledger.sounding()
    finally:
        harness.stop()


def test_the_error_without_the_library_names_the_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "link", None)
    with pytest.raises(UnsupportedError, match="pip install LinkPython-extern"):
        LinkTempo()
    monkeypatch.setitem(sys.modules, "link", sys)  # another module of that name
    with pytest.raises(UnsupportedError):
        LinkTempo()


def test_a_tempo_out_of_range_raises_an_error() -> None:
    with pytest.raises(InvalidArgumentError):
        LinkTempo(0.0)
