"""Call and response: the musician plays, then the generator answers, in turn."""

from __future__ import annotations

import contextlib
import logging
import math
import threading
from collections.abc import Iterator, Sequence
from typing import Final

from magenta_bridge.errors import MidiHubError
from magenta_bridge.midi.engine.midi_hub import MidiHub
from magenta_bridge.midi.engine.signal import MidiSignal
from magenta_bridge.midi.interactions.response_player import Answer
from magenta_bridge.midi.interactions.response_writer import Writer
from magenta_bridge.midi.interactions.streamed_response import SequenceGenerator, Task
from magenta_bridge.midi.interactions.tick_loop import LEAD_SECONDS, Observer, TickingInteraction
from magenta_bridge.midi.interactions.turn_taking import (
    Capturing,
    InteractionState,
    Rules,
    TurnDecision,
    TurnResult,
)
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from magenta_bridge.midi.timing.ticks import Ticks
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.edit import adjust_sequence_times

_LOG = logging.getLogger(__name__)
# Ticks and the ends of responses are sums of periods.
_ROUNDING_SECONDS: Final = 0.01


class CallAndResponseMidiInteraction(TickingInteraction):
    """Listens to a call and plays a response, tick by tick; a tick is usually a bar.

    A call begins with the first note. It ends with a signal, with a tick in which nothing sounds,
    or at its longest length. The response begins on the next tick and is as long as the call, or
    as a controller says.

    A generator that streams writes while the last tick is still being listened to, so that the
    response is there when it is due. Any other one is asked at the tick, and is played late or
    from a later tick on when it takes long.

    Args:
        midi_hub: Where MIDI comes in and goes out.
        sequence_generators: Who may write.
        qpm: Tempo in quarter notes per minute, until a controller sets another.
        generator_select_control_number: Controller whose value chooses among the generators.
        clock_signal: Message that is a tick; or
        tick_duration: seconds from tick to tick at ``qpm``.
        end_call_signal: Message that ends a call at the end of the tick.
        panic_signal: Message that ends all notes at once, and the response with them.
        mutate_signal: Message that asks for a response to the response.
        allow_overlap: Whether what is played during a response begins the next call.
        metronome_channel: Channel of the metronome, 0 to 15; None for no metronome. With
            ``clock_signal`` there is none.
        min_listen_ticks_control_number: Controller of the shortest call, in ticks.
        max_listen_ticks_control_number: Controller of the longest call, in ticks; 0 for any.
        response_ticks_control_number: Controller of the response's length, in ticks.
        tempo_control_number: Controller that sets the tempo, to its value and 60.
        temperature_control_number: Controller that sets the temperature.
        loop_control_number: Controller that repeats the response while its value is 127.
        state_control_number: Controller to send the state with: see ``State``.
        humanize: Whether the response takes the loudness of the call.
        always_loop: Whether each response is repeated until the next one.
        ticks: Ticks from elsewhere, in place of ``clock_signal`` and ``tick_duration``.
        observer: Told what happens, by a name and details.

    Raises:
        ValueError: Not exactly one source of ticks is given, or there are several generators and
            no controller to choose by.
    """

    State = InteractionState

    def __init__(  # noqa: PLR0917 - Magenta's positions
        self,
        midi_hub: MidiHub,
        sequence_generators: Sequence[SequenceGenerator],
        qpm: float,
        generator_select_control_number: int | None = None,
        clock_signal: MidiSignal | None = None,
        tick_duration: float | None = None,
        end_call_signal: MidiSignal | None = None,
        panic_signal: MidiSignal | None = None,
        mutate_signal: MidiSignal | None = None,
        allow_overlap: bool = False,
        metronome_channel: int | None = None,
        min_listen_ticks_control_number: int | None = None,
        max_listen_ticks_control_number: int | None = None,
        response_ticks_control_number: int | None = None,
        tempo_control_number: int | None = None,
        temperature_control_number: int | None = None,
        loop_control_number: int | None = None,
        state_control_number: int | None = None,
        *,
        humanize: bool = False,
        always_loop: bool = False,
        ticks: Ticks | None = None,
        observer: Observer | None = None,
    ) -> None:
        super().__init__(
            midi_hub,
            sequence_generators,
            qpm,
            generator_select_control_number,
            tempo_control_number,
            temperature_control_number,
            clock_signal=clock_signal,
            tick_duration=tick_duration,
            ticks=ticks,
            metronome_channel=metronome_channel,
            observer=observer,
        )
        self._end_call_signal = end_call_signal
        self._panic_signal = panic_signal
        self._mutate_signal = mutate_signal
        self._allow_overlap = allow_overlap
        self._min_listen_ticks_control_number = min_listen_ticks_control_number
        self._max_listen_ticks_control_number = max_listen_ticks_control_number
        self._response_ticks_control_number = response_ticks_control_number
        self._loop_control_number = loop_control_number
        self._state_control_number = state_control_number
        self._humanize = humanize
        self._always_loop = always_loop
        self._end_call, self._mutate = threading.Event(), threading.Event()

    @contextlib.contextmanager
    def _playing(self) -> Iterator[None]:
        """Starts what the playing needs, and ends it."""
        start = STEADY_CLOCK.now()
        self._captor = self._midi_hub.start_capture(self._qpm, start)
        player = self._midi_hub.start_playback(NoteSequence(), allow_updates=True)
        self._answer = Answer(player, lambda notes: self._tell("response", sequence=notes))
        self._writer = Writer(self._answer, self._stop_signal, self._tell, humanize=self._humanize)
        self._listening = self._new_listening(start)
        self._ticks = self._make_ticks(start)
        self._started.set()
        self._tell("begin", time=start)
        self._beat_metronome(start)
        deaf = [
            self._midi_hub.listen(signal, react)
            for signal, react in (
                (self._clock_signal, self._on_clock),
                (self._end_call_signal, lambda _: self._end_call.set()),
                (self._panic_signal, lambda _: self.panic()),
                (self._mutate_signal, lambda _: self._mutate.set()),
            )
            if signal is not None
        ]
        try:
            yield
        finally:
            for stop_listening in deaf:
                stop_listening()
            self._writer.forget()
            self._answer.silence()
            player.stop()
            self._captor.stop()

    def panic(self) -> None:
        """Ends all notes at once, and the response with them."""
        self._answer.silence()
        self._midi_hub.panic()
        self._tell("panic")

    def _look_ahead(self) -> None:
        """Has the response written that will be due at the next tick if nothing more is played."""
        expected = self._ticks.expected
        if expected is None or expected - STEADY_CLOCK.now() > LEAD_SECONDS:
            return
        captured = self._captured(expected)
        if captured is None:
            return
        judgment = self._listening.judge(captured, self._rules())
        task = self._task(captured, judgment, expected) or self._mutation(expected)
        if task is not None:
            self._writer.prepare(task)

    def _captured(self, until: float) -> NoteSequence | None:
        try:
            captured = self._captor.captured_sequence(until)
        except MidiHubError:
            # Somebody has stopped the captor meanwhile.
            return None
        captured.tempos[0].qpm = self._current_qpm()
        return captured

    def _pass_tick(self, tick: float) -> None:
        captured = self._captured(tick)
        if captured is None:
            return
        self._align(tick)
        judgment = self._listening.judge(captured, self._rules())
        self._tell("tick", time=tick, captured=captured, qpm=self._current_qpm())
        if judgment.verdict is TurnResult.IDLE:
            self._idle(tick)
        elif judgment.verdict is TurnResult.TOO_SHORT:
            _LOG.info("The call of %d ticks is too short to answer.", judgment.ticks)
            self._captor.start_time = tick
        elif judgment.verdict is TurnResult.RESPOND:
            self._respond(captured, judgment, tick)
        else:
            self._update_state(self.State.LISTENING)
        if judgment.verdict is not TurnResult.LISTENING:
            self._end_call.clear()
        self._repeat(tick)
        self._listening.pass_tick(judgment, tick)

    def _idle(self, tick: float) -> None:
        if self._answer.is_over(tick + _ROUNDING_SECONDS):
            self._update_state(self.State.IDLE)
        self._captor.start_time = max(self._captor.start_time, tick)

    def _rest(self) -> None:
        self._writer.forget()
        self._answer.silence()
        self._update_state(self.State.IDLE)

    def _rules(self) -> Rules:
        return Rules(
            self._end_call.is_set(),
            self._control(self._min_listen_ticks_control_number) or 0,
            self._control(self._max_listen_ticks_control_number) or math.inf,
        )

    def _control(self, number: int | None) -> int | None:
        return self._midi_hub.control_value(number)

    def _new_listening(self, start: float) -> Capturing:
        return Capturing(start)

    def _next_call_start(self, tick: float) -> float:  # noqa: ARG002 - for other ways to play
        """Returns since when to hear the next call, after a response was begun at a tick."""
        return self._answer.start if self._allow_overlap else self._answer.end

    def _task(self, captured: NoteSequence, judgment: TurnDecision, tick: float) -> Task | None:
        """Returns what is to be written at a tick; None when no response is due."""
        if judgment.verdict is not TurnResult.RESPOND:
            return None
        length = tick - self._listening.last_tick
        call_start = self._captor.start_time
        # A last tick without a sound is not part of the call.
        duration = tick - call_start - (length if judgment.silent else 0.0)
        ticks = self._control(self._response_ticks_control_number)
        call = adjust_sequence_times(captured, -call_start)
        call.total_time = duration
        end = duration + (ticks * length if ticks else duration)
        return Task(self._sequence_generator, call, duration, end, self._temperature())

    def _mutation(self, tick: float) -> Task | None:
        """Returns the response to the response, if it is asked for and due."""
        answer = self._answer
        asked = self._mutate.is_set() and answer.notes.notes
        if not (asked and answer.is_over(tick + _ROUNDING_SECONDS)):
            return None
        call, length = answer.written(self._current_qpm()), answer.duration
        return Task(self._sequence_generator, call, length, 2 * length, self._temperature())

    def _respond(self, captured: NoteSequence, judgment: TurnDecision, tick: float) -> None:
        task = self._task(captured, judgment, tick)
        if task is None:
            return
        self._update_state(self.State.RESPONDING)
        self._tell("call", start=tick - task.start, sequence=task.call)
        self._writer.write(task, tick, tick - self._listening.last_tick)
        self._captor.start_time = self._next_call_start(tick)

    def _repeat(self, tick: float) -> None:
        """Plays the response to the response, or the response again, if either is asked for."""
        if self._mutate.is_set() and not self._answer.notes.notes:
            self._mutate.clear()
            _LOG.warning("There is no response yet to mutate.")
        mutation = self._mutation(tick)
        if mutation is not None:
            self._mutate.clear()
            self._writer.write(mutation, tick, tick - self._listening.last_tick)
        elif self._should_loop and self._answer.is_over(tick + _ROUNDING_SECONDS):
            answer = self._answer
            answer.play(answer.notes, tick, answer.duration)

    @property
    def _should_loop(self) -> bool:
        return self._always_loop or self._control(self._loop_control_number) == 127

    def _update_state(self, state: int) -> None:
        if self._state_control_number is not None:
            self._midi_hub.send_control_change(self._state_control_number, state)
        _LOG.info("State: %s", self.State.to_string(state))
        self._tell("state", state=self.State.to_string(state))
