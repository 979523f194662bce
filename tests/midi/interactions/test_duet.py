"""A duet: every tick is accompanied while the musician plays."""

from __future__ import annotations

import pytest

from magenta_bridge.midi.interactions.duet import DuetMidiInteraction
from magenta_bridge.midi.interactions.turn_taking import DuetTracker, TurnResult
from tests.midi.generators import StreamingOctaveGenerator
from tests.midi.harness import TICK_S, Harness
from tests.midi.notes import sequence_of


def test_it_pauses_after_two_silent_ticks() -> None:
    """It starts again with the next note."""
    tracker = DuetTracker(0.0)
    results = []
    call = sequence_of((60, 80, 0.5, 0.8))
    for tick in (1.0, 2.0, 3.0):
        decision = tracker.decide(call)
        results.append(decision.result)
        tracker.count(decision, tick)
    assert results == [TurnResult.RESPOND, TurnResult.RESPOND, TurnResult.IDLE]
    assert tracker.decide(sequence_of((60, 80, 3.5, 3.8))).result is TurnResult.RESPOND


def test_each_tick_is_accompanied_for_one_tick(harness: Harness) -> None:
    """The generator's input is four ticks long, and capture continues during the response."""
    generator = StreamingOctaveGenerator()
    harness.start(generator, kind=DuetMidiInteraction)
    harness.tick()
    for _ in range(6):
        harness.advance(TICK_S / 2)
        harness.play(60)
        harness.advance(TICK_S / 2)
    assert len(harness.events("call")) == 6
    harness.tick(3)
    assert harness.states()[-1] == 0
    sections = [options.generate_sections[0] for _, options in generator.requests]
    assert [s.end_time - s.start_time for s in sections] == pytest.approx([TICK_S] * len(sections))
    assert max(s.start_time for s in sections) == pytest.approx(4 * TICK_S, abs=TICK_S)
    starts = [details["start"] for details in harness.events("call")]
    assert starts == sorted(starts)
    assert harness.sent()
