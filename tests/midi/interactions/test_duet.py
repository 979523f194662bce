"""A duet: every tick is accompanied as long as the musician plays."""

from __future__ import annotations

from magenta_bridge.midi.interactions.duet import Accompanying, DuetMidiInteraction
from magenta_bridge.midi.interactions.turn_taking import Rules, TurnResult
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from tests.midi.generators import StreamingParrot
from tests.midi.notes import sequence_of, wait_for
from tests.midi.stage import TICK_S, Stage


def test_it_rests_after_two_silent_ticks() -> None:
    """And begins again with the next note."""
    listening = Accompanying(0.0)
    verdicts = []
    heard = sequence_of((60, 80, 0.5, 0.8))
    for tick in (1.0, 2.0, 3.0):
        judgment = listening.judge(heard, Rules())
        verdicts.append(judgment.verdict)
        listening.pass_tick(judgment, tick)
    judgment = listening.judge(sequence_of((60, 80, 3.5, 3.8)), Rules())
    assert verdicts == [TurnResult.RESPOND, TurnResult.RESPOND, TurnResult.IDLE]
    assert judgment.verdict is TurnResult.RESPOND


def test_each_tick_is_accompanied_for_one_tick(stage: Stage) -> None:
    """The generator remembers four ticks, and hears on while it plays."""
    generator = StreamingParrot()
    stage.begin(generator, kind=DuetMidiInteraction)
    wait_for(stage.ticks, "the first tick")
    played: list[float] = []

    def play_on() -> bool:
        if not played or STEADY_CLOCK.now() > played[-1] + TICK_S / 3:
            stage.play(60)
            played.append(STEADY_CLOCK.now())
        return len(stage.events("call")) >= 6

    wait_for(play_on, "six ticks with accompaniment")
    wait_for(lambda: stage.states()[-1] == 0, "rest")
    starts = [details["start"] for details in stage.events("call")]
    lengths = [options.generate_sections[0] for _, options in generator.asked]
    assert all(abs(s.end_time - s.start_time - TICK_S) < TICK_S / 2 for s in lengths)
    assert max(s.start_time for s in lengths) < 5.5 * TICK_S
    assert starts == sorted(starts)
    assert stage.heard()
