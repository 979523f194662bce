"""Duet: the generator accompanies the musician tick by tick."""

from __future__ import annotations

from typing import Final

from magenta_bridge.midi.interactions.call_and_response import CallAndResponseMidiInteraction
from magenta_bridge.midi.interactions.streamed_response import GenerationTask
from magenta_bridge.midi.interactions.turn_taking import DuetTracker, TurnDecision, TurnResult
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.edit import adjust_sequence_times

# Length of the generator's input in ticks, including the one that ends.
_INPUT_TICKS: Final = 4


class DuetMidiInteraction(CallAndResponseMidiInteraction):
    """Accompanies a musician: at each tick, continues the last ticks for one tick.

    It starts after the first tick with a note and ends after two silent ticks. Arguments are those
    of ``CallAndResponseMidiInteraction``; the lengths of calls and responses have no effect.
    """

    _tracker_type = DuetTracker

    def _next_call_start(self, tick: float) -> float:
        """Keep the last ticks as input."""
        length = tick - self._tracker.last_tick
        earliest = tick - (_INPUT_TICKS - 1) * length
        whole = max(0, round((earliest - self._captor.start_time) / length))
        return self._captor.start_time + whole * length

    def _task(
        self, captured: NoteSequence, decision: TurnDecision, tick: float
    ) -> GenerationTask | None:
        if decision.result is not TurnResult.RESPOND:
            return None
        call_start = self._captor.start_time
        call = adjust_sequence_times(captured, -call_start)
        start = tick - call_start
        end = start + tick - self._tracker.last_tick
        return GenerationTask(self._sequence_generator, call, start, end, self._temperature())
