"""The musician plays, the generator answers on the beat, and all notes end."""

from __future__ import annotations

import threading

import mido
import pytest

from magenta_bridge.midi.hub import MidiSignal
from magenta_bridge.midi.interaction import CallAndResponseMidiInteraction
from magenta_bridge.midi.interactions.streamed_response import GenerationTask, StreamedResponse
from magenta_bridge.noteseq import NoteSequence
from tests.midi.bounded import TIMEOUT_S, join, run_bounded, wait_for
from tests.midi.generators import HoldingGenerator, OctaveGenerator, StreamingOctaveGenerator
from tests.midi.harness import (
    CLOCK,
    END_CALL,
    LOOP,
    MIN_TICKS,
    MUTATE,
    PANIC,
    RESPONSE_TICKS,
    STEP_S,
    TICK_S,
    Harness,
)
from tests.midi.notes import sequence_of

State = CallAndResponseMidiInteraction.State


@pytest.mark.parametrize("kind", [OctaveGenerator, StreamingOctaveGenerator])
def test_the_response_starts_on_a_tick(harness: Harness, kind: type[OctaveGenerator]) -> None:
    """It is the call an octave higher; the state is listening, then responding, then idle."""
    harness.start(kind())
    harness.tick()
    harness.play(60, 62)
    harness.tick(3)
    assert harness.pitches() == [72, 74]
    assert len(harness.sent("note_off")) == 2
    (call,) = harness.events("call")
    offset = min(note.start_time for note in call["sequence"].notes)
    start = harness.events("response")[0]["sequence"].notes[0].start_time
    assert any(start - offset == pytest.approx(tick, abs=1e-6) for tick in harness.ticks())
    assert harness.sent()[0][0] >= start
    assert harness.states() == [State.IDLE, State.LISTENING, State.RESPONDING, State.IDLE]


def test_a_streaming_generator_starts_before_the_tick(harness: Harness) -> None:
    """The response is ready when it is due."""
    harness.start(StreamingOctaveGenerator())
    harness.tick()
    harness.play(60)
    harness.tick(3)
    (prepared,) = harness.events("prepared")
    assert prepared["ahead"] is not None
    assert harness.events("late") == []


def test_a_late_response_starts_at_a_later_tick(harness: Harness) -> None:
    generator = StreamingOctaveGenerator()
    generator.released.clear()
    harness.start(generator)
    harness.tick()
    harness.play(60)
    harness.advance(2 * TICK_S - 4 * STEP_S)
    harness.clock.sleep_until(harness.clock.now() + 3 * STEP_S)
    wait_for(lambda: harness.events("prepared"), "the tick at which the response is due")
    due = harness.ticks()[-1]
    harness.clock.sleep_until(due + TICK_S / 2)
    generator.released.set()
    wait_for(lambda: harness.events("response"), "the response")
    assert harness.events("late") == [{"ticks": 1}]
    offset = harness.events("call")[0]["sequence"].notes[0].start_time
    start = harness.events("response")[0]["sequence"].notes[0].start_time - offset
    assert start == pytest.approx(due + TICK_S, abs=1e-6)


def test_a_panic_ends_a_response_immediately(harness: Harness) -> None:
    """The next call is captured, although the response would have continued."""
    harness.turn(RESPONSE_TICKS, 50)
    harness.start(HoldingGenerator())
    harness.tick()
    harness.play(60)
    harness.tick(3)
    assert harness.pitches() == [40]
    harness.turn(PANIC)
    assert harness.output.ledger.sounding() == []
    before = len(harness.states())
    harness.tick()
    harness.play(62)
    harness.tick(3)
    assert State.LISTENING in harness.states()[before:]
    assert harness.pitches() == [40, 40]


def test_a_failed_generator_ends_its_notes(harness: Harness) -> None:
    """The failure is reported, and the next call is answered."""
    generator = StreamingOctaveGenerator()
    generator.broken.set()
    harness.start(generator)
    harness.tick()
    harness.play(60)
    harness.tick(3)
    assert "The server is gone." in [each["message"] for each in harness.events("failure")]
    generator.broken.clear()
    harness.tick()
    harness.play(62)
    harness.tick(3)
    assert 74 in harness.pitches()


def test_a_signal_ends_the_call_at_the_tick(harness: Harness) -> None:
    """Although the musician keeps playing."""
    generator = OctaveGenerator()
    harness.start(generator, allow_overlap=True)
    harness.tick()
    harness.advance(TICK_S / 2)
    harness.play(60)
    harness.turn(END_CALL)
    harness.advance(TICK_S / 2)
    call, options = generator.requests[0]
    section = options.generate_sections[0]
    assert call.total_time == pytest.approx(section.start_time)
    assert section.end_time - section.start_time == pytest.approx(TICK_S)


def test_a_short_call_is_not_answered(harness: Harness) -> None:
    harness.turn(MIN_TICKS, 3)
    generator = OctaveGenerator()
    harness.start(generator)
    harness.tick()
    harness.play(60)
    harness.tick(4)
    assert generator.requests == []


def test_a_response_is_repeated_and_mutated(harness: Harness) -> None:
    """The input of the mutation is the response before it."""
    harness.start(StreamingOctaveGenerator())
    harness.tick()
    harness.turn(LOOP)
    harness.play(60)
    harness.tick(5)
    starts = [time_s for time_s, pitch in harness.sent() if pitch == 72]
    assert len(starts) >= 3
    assert starts[1] - starts[0] == pytest.approx(starts[2] - starts[1], abs=2 * STEP_S)
    harness.turn(MUTATE)
    harness.tick(2)
    assert 84 in harness.pitches()


def test_ticks_can_come_from_a_controller(harness: Harness) -> None:
    """Their times are those of the messages."""
    harness.start(
        StreamingOctaveGenerator(),
        tick_duration=None,
        clock_signal=MidiSignal(control=CLOCK, value=127),
    )
    harness.play(60)
    for pitch in (None, None, None, 62, None, None, None):
        harness.advance(TICK_S)
        harness.turn(CLOCK)
        harness.advance(STEP_S)
        if pitch is not None:
            harness.play(pitch)
    assert State.IDLE in harness.states()
    assert harness.pitches() == [72, 74]


def test_the_response_adopts_the_velocities_of_the_call(harness: Harness) -> None:
    harness.start(StreamingOctaveGenerator(), humanize=True)
    harness.tick()
    harness.play(60)
    harness.tick(3)
    assert {m.velocity for m in harness.port.messages if m.type == "note_on"} == {77}


def test_contradictory_arguments_raise_an_error(harness: Harness) -> None:
    """Exactly one source of ticks; a controller that selects among several generators."""
    with pytest.raises(ValueError, match="clock_signal"):
        CallAndResponseMidiInteraction(harness.hub, [OctaveGenerator()], 120, None)
    with pytest.raises(ValueError, match="generator_select"):
        CallAndResponseMidiInteraction(harness.hub, [OctaveGenerator()] * 2, 120)


def test_a_response_can_be_cancelled_during_a_delivery() -> None:
    """The thread that cancels does not wait for the thread that delivers."""
    delivering, cancelled = threading.Event(), threading.Event()
    generator = StreamingOctaveGenerator()
    task = GenerationTask(generator, sequence_of((60, 90, 0.0, 0.5)), 1.0, 2.0, 1.0)
    response = StreamedResponse(task, generator, lambda _: None)

    def deliver(piece: NoteSequence) -> None:
        del piece
        delivering.set()
        assert cancelled.wait(TIMEOUT_S)

    response.follow(deliver)
    response.start()
    assert delivering.wait(TIMEOUT_S)
    response.cancel()
    cancelled.set()
    join(response)


def test_a_call_whose_keyboard_was_unplugged_is_answered(harness: Harness) -> None:
    """Its open note ends, and the musician is answered again afterward."""
    harness.start(StreamingOctaveGenerator())
    harness.tick()
    harness.advance(STEP_S)
    harness.keys.send(mido.Message("note_on", note=60, velocity=77))
    harness.advance(STEP_S)
    assert harness.keys.on_change is not None
    harness.keys.close()
    harness.keys.on_change()
    harness.tick(3)
    assert harness.pitches() == [72]
    harness.play(62)
    harness.tick(3)
    assert harness.pitches() == [72, 74]


def test_an_interaction_that_fails_or_blocks_does_not_respond(harness: Harness) -> None:
    harness.start(StreamingOctaveGenerator())
    interaction = harness.interaction
    assert interaction is not None
    assert interaction.responds(TIMEOUT_S)
    assert not interaction.responds(-1.0)
    run_bounded(interaction.stop, "the stop of the interaction")
    assert not interaction.responds(TIMEOUT_S)
