"""A player sends each note when it is due, and leaves none sounding."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from magenta_bridge.errors import MidiHubError
from magenta_bridge.midi.hub import MidiPlayer
from magenta_bridge.midi.output.note_output import NoteOutput
from magenta_bridge.midi.output.outputs import SharedOutput
from magenta_bridge.midi.ports.memory_port import MemoryPort
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from tests.midi.notes import sequence_of, wait_for

if TYPE_CHECKING:
    from mido import Message


@pytest.fixture
def port() -> MemoryPort:
    """Keeps what is sent."""
    return MemoryPort()


@pytest.fixture
def outlet(port: MemoryPort) -> Iterator[NoteOutput]:
    """The way to the port; on a busy computer it drops nothing that is late."""
    it = SharedOutput(port)
    yield it
    it.close()


def _told(messages: list[Message]) -> list[tuple[str, int]]:
    return [(message.type, message.note) for message in messages]


def test_notes_go_out_in_order_and_never_early(port: MemoryPort, outlet: NoteOutput) -> None:
    """On the channel and with the offset that were asked for."""
    begin = STEADY_CLOCK.now() + 0.05
    music = sequence_of((60, 90, begin, begin + 0.02), (64, 80, begin + 0.01, begin + 0.03))
    player = MidiPlayer(outlet, music, channel=4, offset=0.01)
    player.start()
    player.join()
    assert _told(port.messages) == [
        ("note_on", 60),
        ("note_on", 64),
        ("note_off", 60),
        ("note_off", 64),
    ]
    due = [STEADY_CLOCK.monotonic(begin + s) for s in (0.01, 0.02, 0.03, 0.04)]
    assert all(m.time >= d - 1e-6 for m, d in zip(port.messages, due, strict=True))
    assert {message.channel for message in port.messages} == {4}


def test_a_stop_ends_what_sounds(port: MemoryPort, outlet: NoteOutput) -> None:
    """And what was still to come is forgotten; updates are refused from then on."""
    now = STEADY_CLOCK.now()
    music = sequence_of((60, 90, now + 0.01, now + 900), (61, 90, now + 800, now + 900))
    player = MidiPlayer(outlet, music, allow_updates=True)
    player.start()
    wait_for(lambda: port.messages, "the first note")
    player.stop()
    player.stop()
    assert _told(port.messages) == [("note_on", 60), ("note_off", 60)]
    with pytest.raises(MidiHubError):
        player.update_sequence(music)


def test_updates_are_refused_unless_allowed(outlet: NoteOutput) -> None:
    """Such a player ends with its music."""
    player = MidiPlayer(outlet, sequence_of())
    with pytest.raises(MidiHubError):
        player.update_sequence(sequence_of())
    player.start()
    player.join()


def test_an_update_lets_sounding_notes_go_on(port: MemoryPort, outlet: NoteOutput) -> None:
    """To their end in the new sequence."""
    now = STEADY_CLOCK.now()
    player = MidiPlayer(outlet, sequence_of((60, 90, now + 0.01, now + 900)), allow_updates=True)
    player.start()
    wait_for(lambda: port.messages, "the first note")
    soon = STEADY_CLOCK.now() + 0.02
    player.update_sequence(sequence_of((60, 90, now, soon), (62, 90, soon, soon + 0.01)))
    player.extend(sequence_of((65, 90, soon, soon + 0.02)))
    wait_for(lambda: len(port.messages) == 6, "the end of the update")
    player.stop()
    assert _told(port.messages)[1] == ("note_off", 60)
    assert outlet.ledger.sounding() == []


def test_notes_between_a_past_start_and_now_are_played_at_once(
    port: MemoryPort, outlet: NoteOutput
) -> None:
    """So that a response that was written late keeps its first notes."""
    player = MidiPlayer(outlet, sequence_of(), allow_updates=True)
    player.start()
    begin = STEADY_CLOCK.now() - 1.0
    player.update_sequence(sequence_of((60, 90, begin, begin + 900)), start_time=begin)
    wait_for(lambda: port.messages, "the late note")
    player.silence()
    wait_for(lambda: len(port.messages) == 2, "silence")
    player.stop()
    assert outlet.counts.late == 0


def test_the_music_follows_a_change_of_tempo(port: MemoryPort, outlet: NoteOutput) -> None:
    """What was an hour ahead comes at once when time shrinks."""
    now = STEADY_CLOCK.now()
    player = MidiPlayer(outlet, sequence_of((60, 90, now + 3600, now + 7200)), allow_updates=True)
    player.start()
    player.stretch(now, 1e-6)
    wait_for(lambda: len(port.messages) == 2, "both messages")
    player.stop()
    assert time.monotonic() < STEADY_CLOCK.monotonic(now + 3600)
