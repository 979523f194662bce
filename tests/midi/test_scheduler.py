"""Messages are played when they are due: in virtual time, and once by the thread that plays."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import mido
import pytest

from magenta_bridge.midi.clock import Clock, RealClock, VirtualClock
from magenta_bridge.midi.ledger import Ledger
from magenta_bridge.midi.memory_port import MemoryPort
from magenta_bridge.midi.outlet import Outlet
from magenta_bridge.midi.scheduler import Scheduler


class Stage:
    """A scheduler whose messages are kept with the time."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self.clock = clock
        self.port = MemoryPort()
        self.heard: list[tuple[float, str]] = []
        self.port.callback = self._hear
        self.scheduler = Scheduler(Outlet(self.port, ledger, clock), clock)

    def _hear(self, message: mido.Message) -> None:
        name = f"{message.type} {message.note}" if "note" in message.type else message.type
        self.heard.append((round(self.clock.now(), 6), name))

    def play(self) -> None:
        """Lets all of it pass."""
        while (due := self.scheduler.step()) is not None:
            self.clock.sleep_until(due)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    ledger = Ledger.create(tmp_path)
    yield Stage(ledger, VirtualClock())
    ledger.close()


def _note(stage: Stage, start: float, end: float, pitch: int = 60, tag: str = "") -> None:
    stage.scheduler.at(start, mido.Message("note_on", note=pitch), tag)
    stage.scheduler.at(end, mido.Message("note_off", note=pitch), tag)


def test_messages_are_played_in_the_order_of_time(stage: Stage) -> None:
    _note(stage, 2.0, 3.0)
    _note(stage, 1.0, 2.0)
    stage.play()
    assert stage.heard == [
        (1.0, "note_on 60"),
        (2.0, "note_off 60"),
        (2.0, "note_on 60"),
        (3.0, "note_off 60"),
    ]


def test_cancelling_ends_what_sounds_and_leaves_other_tags(stage: Stage) -> None:
    _note(stage, 1.0, 4.0, 60, "response")
    _note(stage, 1.0, 4.0, 72, "metronome")
    stage.scheduler.at(2.0, lambda _due: stage.scheduler.cancel("response"))
    stage.play()
    assert stage.heard[2:] == [(2.0, "note_off 60"), (4.0, "note_off 72")]
    assert stage.scheduler.next_due is None


def test_a_change_of_tempo_moves_what_waits(stage: Stage) -> None:
    _note(stage, 1.0, 3.0)
    stage.scheduler.at(2.0, lambda _due: stage.scheduler.stretch(0.5))
    stage.play()
    assert stage.heard == [(1.0, "note_on 60"), (2.5, "note_off 60")]


def test_a_dropped_note_on_takes_its_note_off_along(stage: Stage) -> None:
    _note(stage, -1.0, 1.0)
    stage.play()
    assert stage.heard == []


def test_panic_takes_everything_back(stage: Stage) -> None:
    _note(stage, 1.0, 4.0)
    _note(stage, 3.0, 4.0, 61)
    stage.scheduler.at(2.0, lambda _due: stage.scheduler.panic())
    stage.play()
    assert [name for at, name in stage.heard if at > 2.0] == []
    assert (2.0, "note_off 60") in stage.heard


def test_a_message_may_go_to_another_outlet(stage: Stage, tmp_path: Path) -> None:
    ledger = Ledger.create(tmp_path)
    port = MemoryPort()
    other = Outlet(port, ledger, stage.clock)
    stage.scheduler.at(1.0, mido.Message("note_on", note=60), "x", outlet=other)
    stage.play()
    stage.scheduler.cancel("x")
    assert stage.heard == []
    assert [message.type for message in port.messages] == ["note_on", "note_off"]
    ledger.close()


def test_the_thread_plays_at_its_times_and_takes_earlier_ones_in(tmp_path: Path) -> None:
    ledger = Ledger.create(tmp_path)
    stage = Stage(ledger, RealClock())
    done = threading.Event()
    stage.scheduler.start()
    assert stage.scheduler.priority is not None
    now = stage.clock.now()
    stage.scheduler.at(now + 0.10, lambda _due: done.set())
    stage.scheduler.at(now + 0.05, mido.Message("clock"))
    assert done.wait(60.0)
    stage.scheduler.stop()
    assert [name for _, name in stage.heard] == ["clock"]
    assert stage.heard[0][0] >= round(now + 0.05, 6)
    ledger.close()
