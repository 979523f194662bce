"""What is played in becomes a sequence, cut where somebody looks."""

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
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from magenta_bridge.noteseq import NoteSequence
from tests.midi.notes import sequence_of, wait_for

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
    """A polyphonic captor from second 1 on."""
    running = PolyphonicMidiCaptor(100, start_time=1.0)
    running.start()
    yield running
    if running.is_alive():
        running.stop()


def _notes(sequence: NoteSequence) -> list[tuple[int, int, float, float]]:
    return [(n.pitch, n.velocity, n.start_time, n.end_time) for n in sequence.notes]


def _play(captor: MidiCaptor, *messages: mido.Message) -> None:
    for message in messages:
        captor.receive(message.copy())


def test_a_capture_so_far_is_cut_at_the_time_asked_for(captor: MidiCaptor) -> None:
    """Open notes end there, later ones are left out, and what came before the start too."""
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


def test_one_voice_ends_the_note_before() -> None:
    """A repeat of the note that sounds is none, and the end of another one is not heard."""
    captor = MonophonicMidiCaptor(120, 0.0, stop_signal=MidiSignal(msg=END))
    captor.start()
    _play(captor, *PLAYED, END)
    captor.join()
    assert _notes(captor.captured_sequence()) == [
        (0, 64, 0.5, 2.0),
        (1, 70, 2.0, 3.0),
        (2, 64, 3.0, 3.5),
        (1, 99, 3.5, 5.0),
        (3, 64, 5.5, 6.0),
    ]


def test_a_message_given_as_stop_signal_ends_the_capture() -> None:
    """At its time; what comes later is not captured."""
    captor = PolyphonicMidiCaptor(120, 0.0, stop_signal=END)
    captor.start()
    _play(captor, *PLAYED, END, mido.Message("note_on", note=9, time=7.0))
    captor.join()
    captured = captor.captured_sequence()
    assert captured.total_time == 6.0
    assert 9 not in [note.pitch for note in captured.notes]


def test_a_stop_time_ends_the_capture() -> None:
    """When it comes, on the wall clock."""
    stop = STEADY_CLOCK.now() + 0.05
    captor = PolyphonicMidiCaptor(120, 0.0, stop_time=stop)
    captor.start()
    captor.join()
    assert STEADY_CLOCK.now() >= stop
    assert captor.captured_sequence().total_time == stop


def test_a_stop_in_the_past_cuts(captor: MidiCaptor) -> None:
    """A second stop may not name another time."""
    _play(captor, *PLAYED)
    captor.stop(stop_time=2.5)
    assert _notes(captor.captured_sequence()) == [(1, 70, 2.0, 2.5)]
    captor.stop()
    with pytest.raises(MidiHubError):
        captor.stop(stop_time=3.0)


def test_a_later_start_forgets_what_came_before(captor: MidiCaptor) -> None:
    """A note that is held across it is forgotten with its end."""
    _play(captor, *PLAYED[:4])
    captor.start_time = 2.5
    assert captor.start_time == 2.5
    _play(captor, *PLAYED[4:])
    assert [note.pitch for note in captor.captured_sequence(6.0).notes] == [2, 3]


def test_the_end_time_must_fit_the_state(captor: MidiCaptor) -> None:
    """Needed while it runs, refused afterwards, and messages bear times."""
    with pytest.raises(MidiHubError):
        captor.captured_sequence()
    with pytest.raises(MidiHubError):
        captor.receive(mido.Message("note_on", note=1))
    captor.stop()
    with pytest.raises(MidiHubError):
        captor.captured_sequence(1.0)


def test_iterating_by_a_signal_yields_at_each_and_the_whole(captor: MidiCaptor) -> None:
    """No message is missed between asking and looking."""
    sequences = captor.iterate(signal=MidiSignal(type="note_off"))
    _play(captor, *PLAYED)
    assert [next(sequences).total_time for _ in range(2)] == [3.0, 5.0]
    captor.stop(stop_time=6.0)
    assert [sequence.total_time for sequence in sequences] == [6.0]


def test_iterating_by_a_period_keeps_step(captor: MidiCaptor) -> None:
    """The times are whole periods apart, also after one was slept through."""
    period = 0.02
    sequences = captor.iterate(period=period)
    times = [next(sequences).total_time for _ in range(3)]
    wait_for(lambda: STEADY_CLOCK.now() > times[-1] + 3 * period, "three periods")
    times.append(next(sequences).total_time)
    steps = [(later - times[0]) / period for later in times]
    assert steps == pytest.approx([round(step) for step in steps], abs=1e-3)
    assert round(steps[-1]) >= 4


@pytest.mark.parametrize("choice", [{}, {"signal": MidiSignal(note=1), "period": 1.0}])
def test_iterating_needs_a_signal_or_a_period(
    captor: MidiCaptor, choice: dict[str, object]
) -> None:
    """Exactly one, and callbacks too."""
    with pytest.raises(MidiHubError):
        captor.iterate(**choice)  # type: ignore[arg-type]
    with pytest.raises(MidiHubError):
        captor.register_callback(print, **choice)  # type: ignore[arg-type]


def test_a_callback_is_called_until_it_is_cancelled(captor: MidiCaptor) -> None:
    """With the sequence so far."""
    heard: list[NoteSequence] = []
    name = captor.register_callback(heard.append, signal=MidiSignal(type="note_off"))
    _play(captor, *PLAYED[:3])
    wait_for(lambda: heard, "a call")
    captor.cancel_callback(name)
    _play(captor, *PLAYED[3:])
    captor.stop(stop_time=6.0)
    assert [sequence.total_time for sequence in heard] == [3.0]


def test_those_who_wait_can_be_woken(captor: MidiCaptor) -> None:
    """They go on with what there is."""
    sequences = captor.iterate(signal=MidiSignal(note=99))
    captor.wake_signal_waiters(MidiSignal(note=98))
    captor.wake_signal_waiters(MidiSignal(note=99))
    assert _notes(next(sequences)) == _notes(sequence_of())
