"""Ableton Link with a second program of the session, through the real library."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from magenta_bridge.errors import InvalidArgumentError, UnsupportedError
from magenta_bridge.midi.timing.ableton_link import LinkTempo
from magenta_bridge.midi.timing.bar_ticks import BarTicks
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from tests.midi.generators import StreamingParrot
from tests.midi.notes import wait_for
from tests.midi.stage import Stage

QPM = 300.0


class Peer:
    """Another program of the session, in a process of its own."""

    def __init__(self, qpm: float) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.midi.timing.link_peer", str(qpm)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, line: str) -> float:
        """Has it do something; returns its beat."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return float(self.process.stdout.readline())

    def close(self) -> None:
        """Leaves the session."""
        self.process.communicate(timeout=60)


@pytest.fixture
def peer() -> Iterator[Peer]:
    other = Peer(100.0)
    yield other
    other.close()


@pytest.fixture
def link(peer: Peer) -> Iterator[LinkTempo]:
    """Joins the session of the peer."""
    tempo = LinkTempo(120.0)
    wait_for(lambda: tempo.peers >= 1, "the session")
    peer.ask(f"tempo {QPM}")
    wait_for(lambda: tempo.qpm == pytest.approx(QPM), "its tempo")
    yield tempo
    tempo.close()


def test_tempo_bar_and_transport_are_those_of_the_session(link: LinkTempo, peer: Peer) -> None:
    moment = time.monotonic()
    apart = (link.beat_at(moment) - peer.ask(f"beat {moment}")) % 4
    assert min(apart, 4 - apart) < 0.05
    assert link.time_at(link.beat_at(moment) + 4) == pytest.approx(moment + 0.8, abs=0.005)
    link.change(240.0)
    peer.ask("play")
    wait_for(lambda: link.qpm == pytest.approx(240.0), "our tempo")
    peer.ask("tempo 200")
    wait_for(lambda: link.qpm == pytest.approx(200.0), "the other's tempo")
    assert link.running
    peer.ask("stop")
    wait_for(lambda: not link.running, "the stop")
    peer.ask("play")
    wait_for(lambda: link.running, "the start")


def test_the_response_is_on_the_bar_of_the_session(
    stage: Stage, link: LinkTempo, peer: Peer
) -> None:
    """Also when another program changes the tempo while it is played; a stop is silence."""
    peer.ask("play")
    stage.begin(StreamingParrot(), tick_duration=None, ticks=BarTicks(link))
    wait_for(stage.ticks, "a bar")
    stage.play(60)
    wait_for(lambda: stage.events("prepared"), "the bar at which the response is due")
    due = STEADY_CLOCK.monotonic(stage.ticks()[-1])
    off = peer.ask(f"beat {due}") % 4
    assert min(off, 4 - off) < 0.1
    peer.ask("tempo 240")
    wait_for(lambda: stage.events("tempo")[-1]["qpm"] == pytest.approx(240.0), "the new tempo")
    peer.ask("stop")
    wait_for(lambda: stage.states()[-1:] == [0], "the stop")
    assert not stage.outlet.ledger.sounding()


def test_without_the_library_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "link", None)
    with pytest.raises(UnsupportedError, match="pip install LinkPython-extern"):
        LinkTempo()
    monkeypatch.setitem(sys.modules, "link", sys)  # another module of that name
    with pytest.raises(UnsupportedError, match="is not Ableton Link"):
        LinkTempo()


def test_a_tempo_that_cannot_be_played_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="cannot be played"):
        LinkTempo(0.0)
