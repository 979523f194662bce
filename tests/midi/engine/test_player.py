"""A player sends each note when it is due, and ends all of its notes."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from magenta_bridge.errors import MidiHubError
from magenta_bridge.midi.hub import MidiPlayer
from magenta_bridge.midi.output.note_ledger import NoteLedger
from magenta_bridge.midi.output.note_output import NoteOutput
from magenta_bridge.noteseq import NoteSequence
from tests.midi.bounded import join, run_bounded, wait_for
from tests.midi.notes import sequence_of
from tests.midi.virtual_clock import ClockedPort, VirtualClock

START = 1000.0


class Playback:
    """A player that is stepped in virtual time, its output and its port."""

    def __init__(self, folder: Path) -> None:
        self.clock = VirtualClock(START)
        self.port = ClockedPort(self.clock)
        self.output = NoteOutput(self.port, NoteLedger.create(folder), self.clock.now)

    def player(self, *notes: tuple[int, int, float, float], updates: bool = True) -> MidiPlayer:
        """Return a player of notes, in seconds from the start."""
        return MidiPlayer(self.output, _music(*notes), allow_updates=updates, clock=self.clock)

    def play(self, player: MidiPlayer, until: float = math.inf) -> None:
        """Send what is due, and advance to a time, in seconds from the start."""
        while (due := player.next_due) is not None and due <= START + until:
            self.clock.advance_to(due)
            player.step()
        if until < math.inf:
            self.clock.advance_to(START + until)

    def sent(self) -> list[tuple[float, str, int]]:
        """Return time, type and pitch of the messages, in seconds from the start."""
        return [(round(m.time - START, 6), m.type, m.note) for m in self.port.messages]


@pytest.fixture
def playback(tmp_path: Path) -> Playback:
    return Playback(tmp_path)


def _music(*notes: tuple[int, int, float, float]) -> NoteSequence:
    return sequence_of(*((p, v, START + start, START + end) for p, v, start, end in notes))


def test_notes_are_sent_when_they_are_due(playback: Playback) -> None:
    """On the requested channel and with the offset."""
    player = MidiPlayer(
        playback.output,
        _music((60, 90, 1.0, 3.0), (64, 80, 2.0, 4.0)),
        channel=4,
        offset=0.5,
        clock=playback.clock,
    )
    playback.play(player)
    assert playback.sent() == [
        (1.5, "note_on", 60),
        (2.5, "note_on", 64),
        (3.5, "note_off", 60),
        (4.5, "note_off", 64),
    ]
    assert {message.channel for message in playback.port.messages} == {4}


def test_a_stop_ends_active_notes_and_drops_pending_ones(playback: Playback) -> None:
    """Later updates raise an error."""
    player = playback.player((60, 90, 1.0, 900.0), (61, 90, 800.0, 900.0))
    playback.play(player, until=2.0)
    player.stop(block=False)
    player.stop(block=False)
    playback.play(player)
    assert playback.sent() == [(1.0, "note_on", 60), (2.0, "note_off", 60)]
    with pytest.raises(MidiHubError):
        player.update_sequence(sequence_of())


def test_updates_raise_an_error_unless_allowed(playback: Playback) -> None:
    """A player without updates ends with its music."""
    player = playback.player(updates=False)
    with pytest.raises(MidiHubError):
        player.update_sequence(sequence_of())
    player.start()
    join(player)


def test_active_notes_continue_in_an_update(playback: Playback) -> None:
    """To their end in the new sequence."""
    player = playback.player((60, 90, 1.0, 900.0))
    playback.play(player, until=2.0)
    player.update_sequence(_music((60, 90, 1.0, 3.0), (62, 90, 3.0, 4.0)))
    player.extend(_music((65, 90, 3.5, 5.0)))
    playback.play(player)
    assert playback.sent() == [
        (1.0, "note_on", 60),
        (3.0, "note_off", 60),
        (3.0, "note_on", 62),
        (3.5, "note_on", 65),
        (4.0, "note_off", 62),
        (5.0, "note_off", 65),
    ]
    assert playback.output.ledger.sounding() == []


def test_notes_between_a_past_start_and_now_are_played_immediately(playback: Playback) -> None:
    """So a response that is generated late keeps its first notes."""
    player = playback.player()
    playback.clock.advance_to(START + 2.0)
    player.update_sequence(_music((60, 90, 1.0, 900.0)), start_time=START + 1.0)
    playback.play(player, until=2.0)
    player.silence()
    playback.play(player)
    assert playback.sent() == [(2.0, "note_on", 60), (2.0, "note_off", 60)]
    assert playback.output.counts.late == 0


def test_pending_notes_follow_a_change_of_tempo(playback: Playback) -> None:
    player = playback.player((60, 90, 4.0, 8.0))
    player.stretch(START, 0.5)
    playback.play(player)
    assert playback.sent() == [(2.0, "note_on", 60), (4.0, "note_off", 60)]


def test_the_thread_plays_until_it_is_stopped(tmp_path: Path) -> None:
    """A thread that waits for a note is woken by an update and by the stop."""
    clock = VirtualClock(START, automatic=False)
    port = ClockedPort(clock)
    output = NoteOutput(port, NoteLedger.create(tmp_path), clock.now)
    player = MidiPlayer(output, _music((60, 90, 500.0, 900.0)), allow_updates=True, clock=clock)
    player.start()
    player.update_sequence(_music((62, 90, 1.0, 900.0)))
    wait_for(lambda: clock.is_waiting(player._changed, START + 1.0), "the player to wait")
    clock.advance_to(START + 1.0)
    wait_for(lambda: port.messages, "the note")
    run_bounded(player.stop, "the stop of the player")
    assert [(m.type, m.note) for m in port.messages] == [("note_on", 62), ("note_off", 62)]
