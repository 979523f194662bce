"""Duet: the generator plays along, bar by bar, with what it has just heard."""

from __future__ import annotations

from typing import Final

from magenta_bridge.midi.interactions.call_and_response import CallAndResponseMidiInteraction
from magenta_bridge.midi.interactions.streamed_response import Task
from magenta_bridge.midi.interactions.turn_taking import Capturing, Rules, TurnDecision, TurnResult
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.edit import adjust_sequence_times

# What the generator remembers, in ticks, the one that ends included.
_MEMORY_TICKS: Final = 4
# It plays on for this many ticks after the musician has fallen silent.
_PATIENCE_TICKS: Final = 2


class DuetMidiInteraction(CallAndResponseMidiInteraction):
    """Accompanies a musician: at each tick it plays on from the last ones, for one tick.

    It begins after the first tick with a note, and ends when two went by without any. Arguments
    are those of ``CallAndResponseMidiInteraction``; those about the length of calls and responses
    do nothing.
    """

    def _new_listening(self, start: float) -> Capturing:
        return Accompanying(start)

    def _next_call_start(self, tick: float) -> float:
        """Keeps the last ticks in memory, from a tick on."""
        length = tick - self._listening.last_tick
        earliest = tick - (_MEMORY_TICKS - 1) * length
        whole = max(0, round((earliest - self._captor.start_time) / length))
        return self._captor.start_time + whole * length

    def _task(self, captured: NoteSequence, judgment: TurnDecision, tick: float) -> Task | None:
        if judgment.verdict is not TurnResult.RESPOND:
            return None
        length = tick - self._listening.last_tick
        call_start = self._captor.start_time
        call = adjust_sequence_times(captured, -call_start)
        start = tick - call_start
        return Task(self._sequence_generator, call, start, start + length, self._temperature())


class Accompanying(Capturing):
    """Lets a tick be answered as long as the musician plays."""

    def __init__(self, start: float) -> None:
        super().__init__(start)
        self._silent_ticks = 0

    def judge(self, captured: NoteSequence, rules: Rules) -> TurnDecision:
        """See ``Capturing.judge``; rules do not count."""
        heard = super().judge(captured, rules)
        waiting = self._silent_ticks + heard.silent >= _PATIENCE_TICKS
        resting = not captured.notes or waiting
        verdict = TurnResult.IDLE if resting else TurnResult.RESPOND
        return TurnDecision(verdict, heard.silent, heard.ticks)

    def pass_tick(self, judgment: TurnDecision, tick: float) -> None:
        """See ``Capturing.pass_tick``."""
        super().pass_tick(judgment, tick)
        resting = judgment.verdict is TurnResult.IDLE
        self._silent_ticks = self._silent_ticks + 1 if judgment.silent and not resting else 0
