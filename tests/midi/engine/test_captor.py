"""Incoming messages become a sequence that can be read at any time."""

from __future__ import annotations

from collections.abc import Iterator

import mido
import pytest

from magenta_bridge.errors import MidiHubError
from magenta_bridge.midi.hub import (
    MidiCaptor,
    MidiSignal,
    MonophonicMidiCaptor,
    PolyphonicMidiCaptor,
)
from magenta_bridge.noteseq import NoteSequence
from tests.midi.bounded import join, run_bounded, wait_for
from tests.midi.notes import sequence_of
from tests.midi.virtual_clock import VirtualClock

PLAYED = [
    mido.Message("note_on", note=0, time=0.5),
    mido.Message("note_on", note=1, velocity=70, time=2.0),
    mido.Message("note_off", note=0, time=3.0),
    mido.Message("note_on", note=2, channel=9, time=3.0),
    mido.Message("note_on", note=1, velocity=99, time=3.5),
    mido.Message("note_on", note=2, velocity=0, time=4.0),
    mido.Message("note_off", note=1, time=5.0),
    mido.Message("note_on", note=3, time=5.5),
]
END = mido.Message("control_change", control=1, value=1, time=6.0)


@pytest.fixture
def captor() -> Iterator[MidiCaptor]:
    """A polyphonic captor from second 1 on, in virtual time."""
    running = PolyphonicMidiCaptor(100, start_time=1.0, clock=VirtualClock(100.0))
    running.start()
    yield running
    if running.is_alive():
        run_bounded(running.stop, "the stop of the captor")


def _notes(sequence: NoteSequence) -> list[tuple[int, int, float, float]]:
    return [(n.pitch, n.velocity, n.start_time, n.end_time) for n in sequence.notes]


def _play(captor: MidiCaptor, *messages: mido.Message) -> None:
    for message in messages:
        captor.receive(message.copy())


def test_a_running_capture_is_cut_at_the_requested_time(captor: MidiCaptor) -> None:
    """Open notes end there; later notes and notes before the start are omitted."""
    _play(captor, *PLAYED)
    captured = captor.captured_sequence(3.25)
    assert _notes(captured) == [(1, 70, 2.0, 3.25), (2, 64, 3.0, 3.25)]
    assert captured.total_time == 3.25
    assert captured.tempos[0].qpm == 100
    assert [note.is_drum for note in captured.notes] == [False, True]
    assert _notes(captor.captured_sequence(6.0)) == [
        (1, 70, 2.0, 5.0),
        (2, 64, 3.0, 4.0),
        (3, 64, 5.5, 6.0),
    ]


def test_one_voice_ends_the_previous_note() -> None:
    """A repeated note-on and the note-off of another note are ignored."""
    captor = MonophonicMidiCaptor(120, 0.0, stop_signal=MidiSignal(msg=END))
    captor.start()
    _play(captor, *PLAYED, END)
    join(captor)
    assert _notes(captor.captured_sequence()) == [
        (0, 64, 0.5, 2.0),
        (1, 70, 2.0, 3.0),
        (2, 64, 3.0, 3.5),
        (1, 99, 3.5, 5.0),
        (3, 64, 5.5, 6.0),
    ]


def test_a_stop_signal_ends_the_capture() -> None:
    """At its time; later messages are not captured."""
    captor = PolyphonicMidiCaptor(120, 0.0, stop_signal=END)
    captor.start()
    _play(captor, *PLAYED, END, mido.Message("note_on", note=9, time=7.0))
    join(captor)
    captured = captor.captured_sequence()
    assert captured.total_time == 6.0
    assert 9 not in [note.pitch for note in captured.notes]


def test_a_stop_time_ends_the_capture() -> None:
    clock = VirtualClock(10.0, automatic=False)
    captor = PolyphonicMidiCaptor(120, 0.0, stop_time=20.0, clock=clock)
    captor.start()
    wait_for(lambda: clock.is_waiting(captor._changed, 20.0), "the captor to wait")
    clock.advance_to(20.0)
    join(captor)
    assert captor.captured_sequence().total_time == 20.0


def test_a_stop_in_the_past_cuts_the_sequence(captor: MidiCaptor) -> None:
    """A second stop cannot change the time."""
    _play(captor, *PLAYED)
    captor.stop(stop_time=2.5)
    assert _notes(captor.captured_sequence()) == [(1, 70, 2.0, 2.5)]
    captor.stop()
    with pytest.raises(MidiHubError):
        captor.stop(stop_time=3.0)


def test_a_later_start_removes_earlier_notes(captor: MidiCaptor) -> None:
    """A note that is held across the start is removed with its end."""
    _play(captor, *PLAYED[:4])
    captor.start_time = 2.5
    assert captor.start_time == 2.5
    _play(captor, *PLAYED[4:])
    assert [note.pitch for note in captor.captured_sequence(6.0).notes] == [2, 3]


def test_the_end_time_is_required_only_during_the_capture(captor: MidiCaptor) -> None:
    """Messages need a time."""
    with pytest.raises(MidiHubError):
        captor.captured_sequence()
    with pytest.raises(MidiHubError):
        captor.receive(mido.Message("note_on", note=1))
    captor.stop()
    with pytest.raises(MidiHubError):
        captor.captured_sequence(1.0)


def test_iterating_by_a_signal_yields_at_each_signal_and_at_the_end(captor: MidiCaptor) -> None:
    """No message is missed between the call and the first iteration."""
    sequences = captor.iterate(signal=MidiSignal(type="note_off"))
    _play(captor, *PLAYED)
    assert [next(sequences).total_time for _ in range(2)] == [3.0, 5.0]
    captor.stop(stop_time=6.0)
    assert [sequence.total_time for sequence in sequences] == [6.0]


def test_iterating_by_a_period_stays_on_whole_periods() -> None:
    """Also after some were missed."""
    clock = VirtualClock(10.0)
    captor = PolyphonicMidiCaptor(100, clock=clock)
    captor.start()
    sequences = captor.iterate(period=2.0)
    times = [next(sequences).total_time for _ in range(3)]
    clock.advance_to(times[-1] + 7.0)
    times.append(next(sequences).total_time)
    assert times == [12.0, 14.0, 16.0, 22.0]
    run_bounded(captor.stop, "the stop of the captor")


@pytest.mark.parametrize("choice", [{}, {"signal": MidiSignal(note=1), "period": 1.0}])
def test_iterating_requires_a_signal_or_a_period(
    captor: MidiCaptor, choice: dict[str, object]
) -> None:
    """Exactly one; callbacks too."""
    with pytest.raises(MidiHubError):
        captor.iterate(**choice)  # type: ignore[arg-type]
    with pytest.raises(MidiHubError):
        captor.register_callback(print, **choice)  # type: ignore[arg-type]


def test_a_callback_is_called_until_it_is_cancelled(captor: MidiCaptor) -> None:
    """With the sequence so far."""
    sequences: list[NoteSequence] = []
    name = captor.register_callback(sequences.append, signal=MidiSignal(type="note_off"))
    _play(captor, *PLAYED[:3])
    wait_for(lambda: sequences, "a call")
    captor.cancel_callback(name)
    _play(captor, *PLAYED[3:])
    captor.stop(stop_time=6.0)
    assert [sequence.total_time for sequence in sequences] == [3.0]


def test_waiting_iterations_can_be_woken(captor: MidiCaptor) -> None:
    """They yield the sequence so far."""
    sequences = captor.iterate(signal=MidiSignal(note=99))
    captor.wake_signal_waiters(MidiSignal(note=98))
    captor.wake_signal_waiters(MidiSignal(note=99))
    assert _notes(next(sequences)) == _notes(sequence_of())
