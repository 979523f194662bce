"""The musician plays, the generator answers on the beat, and no note is left sounding."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator

import pytest

from magenta_bridge.midi.hub import MidiSignal
from magenta_bridge.midi.interaction import CallAndResponseMidiInteraction
from magenta_bridge.midi.interactions.streamed_response import Response, Task
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from tests.midi.generators import Parrot, StreamingParrot
from tests.midi.notes import sequence_of, wait_for
from tests.midi.stage import (
    CLOCK,
    END_CALL,
    LOOP,
    MIN_TICKS,
    MUTATE,
    PANIC,
    RESPONSE_TICKS,
    TICK_S,
    Stage,
)


@pytest.mark.parametrize("kind", [Parrot, StreamingParrot])
def test_the_response_begins_on_a_tick(stage: Stage, kind: type[Parrot]) -> None:
    """It is the call an octave higher; the state goes from listening to responding to idle."""
    stage.begin(kind())
    wait_for(stage.ticks, "the first tick")
    stage.play(60, 62)
    wait_for(lambda: len(stage.heard("note_off")) == 2, "the response")
    wait_for(lambda: stage.states()[-1:] == [0], "the end")
    assert [pitch for _, pitch in stage.heard()] == [72, 74]
    (call,) = stage.events("call")
    first = min(note.start_time for note in call["sequence"].notes)
    responses = stage.events("response")
    due = responses[0]["sequence"].notes[0].start_time
    assert any(abs(due - first - tick) < 0.001 for tick in stage.ticks())
    assert stage.heard()[0][0] >= due - 0.001
    states = stage.states()
    assert [s for s, before in zip(states, [None, *states], strict=False) if s != before] == [
        0,
        1,
        2,
        0,
    ]


def test_a_streaming_generator_has_written_before_the_tick(stage: Stage) -> None:
    """The first note was there before it was due, so that no response begins a tick later."""
    stage.begin(StreamingParrot())
    wait_for(stage.ticks, "the first tick")
    stage.play(60)
    wait_for(stage.heard, "the response")
    (prepared,) = stage.events("prepared")
    assert prepared["ahead"] is not None
    assert stage.events("late") == []


def test_a_generator_that_is_late_begins_at_a_later_tick(stage: Stage) -> None:
    """On the tick still."""
    generator = StreamingParrot()
    generator.hold.clear()
    stage.begin(generator)
    wait_for(stage.ticks, "the first tick")
    stage.play(60)
    wait_for(lambda: stage.events("prepared"), "the tick at which it is due")
    due = stage.ticks()[-1]
    wait_for(lambda: STEADY_CLOCK.now() > due + TICK_S / 2, "half a tick")
    generator.hold.set()
    wait_for(lambda: stage.events("response"), "the response")
    (late,) = stage.events("late")
    (call,) = stage.events("call")
    first = call["sequence"].notes[0].start_time
    begin = stage.events("response")[0]["sequence"].notes[0].start_time - first
    assert begin == pytest.approx(due + late["ticks"] * TICK_S, abs=0.001)


def test_a_panic_ends_a_response_at_once(stage: Stage) -> None:
    """And the musician is heard again, though the response would go on."""
    stage.turn(RESPONSE_TICKS, 50)
    stage.begin(_Drone())
    wait_for(stage.ticks, "the first tick")
    stage.play(60)
    wait_for(stage.heard, "the response")
    stage.turn(PANIC)
    assert stage.outlet.ledger.sounding() == []
    count, before = len(stage.heard()), len(stage.states())

    def answered() -> bool:
        if CallAndResponseMidiInteraction.State.LISTENING not in stage.states()[before:]:
            stage.play(62)
        return len(stage.heard()) > count

    wait_for(answered, "another response")


def test_a_server_that_goes_ends_its_notes(stage: Stage) -> None:
    """The failure is told, and the next call is answered."""
    generator = StreamingParrot()
    generator.broken.set()
    stage.begin(generator)
    wait_for(stage.ticks, "the first tick")
    stage.play(60)
    wait_for(lambda: stage.events("failure"), "the failure")
    assert stage.events("failure")[0]["message"] == "The server has gone."
    generator.broken.clear()

    def answered() -> bool:
        if stage.states()[-1] == CallAndResponseMidiInteraction.State.IDLE:
            stage.play(62)
        return 74 in [pitch for _, pitch in stage.heard()]

    wait_for(answered, "the next response")


def test_a_signal_ends_the_call_with_the_tick(stage: Stage) -> None:
    """Though the musician plays on."""
    generator = Parrot()
    stage.begin(generator, allow_overlap=True)
    wait_for(stage.ticks, "the first tick")

    def play_on() -> bool:
        stage.play(60)
        stage.turn(END_CALL)
        return bool(generator.asked)

    wait_for(play_on, "the response")
    call, options = generator.asked[0]
    section = options.generate_sections[0]
    assert call.total_time == pytest.approx(section.start_time, abs=1e-3)
    assert section.end_time - section.start_time == pytest.approx(TICK_S, abs=0.05)


def test_a_short_call_is_left_alone(stage: Stage) -> None:
    """Until the controller asks for less."""
    stage.turn(MIN_TICKS, 3)
    generator = Parrot()
    stage.begin(generator)
    wait_for(stage.ticks, "the first tick")
    stage.play(60)
    count = len(stage.ticks())
    wait_for(lambda: len(stage.ticks()) >= count + 4, "four ticks")
    assert generator.asked == []


def test_a_loop_repeats_and_a_mutation_goes_on_from_the_response(stage: Stage) -> None:
    """The mutation's input is the response before it."""
    generator = StreamingParrot()
    stage.begin(generator)
    wait_for(stage.ticks, "the first tick")
    stage.turn(LOOP)
    stage.play(60)
    wait_for(lambda: [p for _, p in stage.heard()].count(72) >= 3, "three rounds")
    stage.turn(MUTATE)
    wait_for(lambda: 84 in [p for _, p in stage.heard()], "the mutation")
    stage.turn(LOOP, 0)
    starts = [time_s for time_s, pitch in stage.heard() if pitch == 72]
    rounds = [(after - before) / TICK_S for before, after in itertools.pairwise(starts)]
    assert rounds[:2] == pytest.approx([round(r) for r in rounds[:2]], abs=0.2)


def test_ticks_may_come_from_a_controller(stage: Stage) -> None:
    """Their times are those of the messages."""
    generator = StreamingParrot()
    stage.begin(generator, tick_duration=None, clock_signal=MidiSignal(control=CLOCK, value=127))
    assert stage.interaction is not None
    stage.interaction._started.wait()
    stage.play(60)
    stop = threading.Event()

    def clock() -> None:
        while not stop.wait(TICK_S / 2):
            stage.turn(CLOCK)

    thread = threading.Thread(target=clock)
    thread.start()
    try:
        wait_for(lambda: stage.states()[-1:] == [0], "idling")
        stage.play(62)
        wait_for(lambda: 74 in [pitch for _, pitch in stage.heard()], "the response")
    finally:
        stop.set()
        thread.join()


def test_the_response_takes_the_loudness_of_the_call(stage: Stage) -> None:
    """When that is asked for."""
    stage.begin(StreamingParrot(), humanize=True)
    wait_for(stage.ticks, "the first tick")
    stage.play(60)
    wait_for(stage.heard, "the response")
    assert {m.velocity for m in stage.port.messages if m.type == "note_on"} == {77}


def test_settings_that_contradict_are_refused(stage: Stage) -> None:
    """One source of ticks; a controller to choose among several generators."""
    with pytest.raises(ValueError, match="clock_signal"):
        CallAndResponseMidiInteraction(stage.hub, [Parrot()], 120, None)
    with pytest.raises(ValueError, match="generator_select"):
        CallAndResponseMidiInteraction(stage.hub, [Parrot(), Parrot()], 120)


class _Drone(StreamingParrot):
    """Holds one note through the whole section."""

    def stream(
        self, input_sequence: NoteSequence, generator_options: GeneratorOptions
    ) -> Iterator[NoteSequence]:
        self.asked.append((input_sequence, generator_options))
        section = generator_options.generate_sections[0]
        piece = NoteSequence(total_time=section.end_time)
        piece.notes.add(
            pitch=40, velocity=90, start_time=section.start_time, end_time=section.end_time
        )
        yield piece


def test_a_response_may_be_cancelled_while_a_piece_is_being_taken() -> None:
    """Whoever cancels does not wait for the one who takes."""
    taking, cancelled = threading.Event(), threading.Event()
    generator = StreamingParrot()
    call = sequence_of((60, 90, 0.0, 0.5))
    response = Response(Task(generator, call, 1.0, 2.0, 1.0), generator, lambda _: None)

    def take(piece: NoteSequence) -> None:
        del piece
        taking.set()
        assert cancelled.wait(30)

    response.follow(take)
    response.start()
    assert taking.wait(30)
    response.cancel()
    cancelled.set()
    response.join()
