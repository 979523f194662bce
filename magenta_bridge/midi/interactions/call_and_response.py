"""Call and response: the musician plays, then the generator answers, in turn."""

from __future__ import annotations

import contextlib
import logging
import math
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import mido

from magenta_bridge.errors import MidiHubError
from magenta_bridge.midi.engine.captor import MidiCaptor
from magenta_bridge.midi.engine.metronome import bar_signals
from magenta_bridge.midi.engine.midi_hub import MidiHub
from magenta_bridge.midi.engine.signal import MidiSignal
from magenta_bridge.midi.interactions.base import MidiInteraction
from magenta_bridge.midi.interactions.response_player import ResponsePlayer
from magenta_bridge.midi.interactions.response_writer import ResponseWriter
from magenta_bridge.midi.interactions.streamed_response import (
    GenerationTask,
    SequenceGenerator,
    StreamingGenerator,
)
from magenta_bridge.midi.interactions.turn_taking import (
    CallTracker,
    InteractionState,
    TurnDecision,
    TurnResult,
)
from magenta_bridge.midi.timing.priority import raise_priority
from magenta_bridge.midi.timing.ticks import LEAD_S, PeriodTicks, SignalTicks, Ticks
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.edit import adjust_sequence_times

_LOG = logging.getLogger(__name__)
# Ticks and the ends of responses are sums of periods.
_ROUNDING_S: Final = 0.01


class CallAndResponseMidiInteraction(MidiInteraction):
    """Captures a call and plays a response, tick by tick; a tick is usually a bar.

    A call starts with the first note. It ends with a signal, with a silent tick, or at its maximum
    length. The response starts at the next tick and is as long as the call, or as a controller
    specifies.

    A streaming generator starts during the last tick of the call, so that the response is ready
    when it is due. Other generators start at the tick; a response that takes long starts late or
    at a later tick.

    Args:
        midi_hub: As for ``MidiInteraction``, like the next three and the controllers of tempo and
            temperature.
        clock_signal: Message that is a tick.
        tick_duration: Seconds from tick to tick at ``qpm``.
        end_call_signal: Message that ends a call at the end of the tick.
        panic_signal: Message that immediately ends all notes and the response.
        mutate_signal: Message that requests a response to the response.
        allow_overlap: Whether notes during a response start the next call.
        metronome_channel: Channel of the metronome, 0 to 15; None for no metronome. With
            ``clock_signal`` there is no metronome.
        min_listen_ticks_control_number: Controller of the minimum call length, in ticks.
        max_listen_ticks_control_number: Controller of the maximum call length, in ticks; 0 for no
            limit.
        response_ticks_control_number: Controller of the response length, in ticks.
        tempo_control_number: Controller that sets the tempo.
        temperature_control_number: Controller that sets the temperature.
        loop_control_number: Controller that repeats the response while its value is 127.
        state_control_number: Controller on which the state is sent; see ``State``.
        humanize: Whether the response adopts the velocities of the call.
        always_loop: Whether each response is repeated until the next one.
        ticks: A source of ticks, instead of ``clock_signal`` and ``tick_duration``.
        time_signature: Numerator and denominator of calls and responses.
        observer: Called with the name of each event and its details.

    Raises:
        ValueError: Not exactly one source of ticks is given, or there are several generators and
            no controller that selects among them.
    """

    State = InteractionState
    _tracker_type = CallTracker

    _captor: MidiCaptor
    _response: ResponsePlayer
    _writer: ResponseWriter
    _tracker: CallTracker
    _ticks: Ticks

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
        time_signature: tuple[int, int] = (4, 4),
        observer: Callable[[str, dict[str, Any]], None] | None = None,
    ) -> None:
        super().__init__(
            midi_hub,
            sequence_generators,
            qpm,
            generator_select_control_number,
            tempo_control_number,
            temperature_control_number,
        )
        if [clock_signal, tick_duration, ticks].count(None) != 2:
            raise ValueError("Specify exactly one of clock_signal, tick_duration and ticks.")
        self._clock_signal = clock_signal
        self._tick_duration = tick_duration
        self._given_ticks = ticks
        self._time_signature = time_signature
        self._metronome_channel = metronome_channel if tick_duration is not None else None
        self._observer = observer or self._observer
        self._control = midi_hub.control_value
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
        self._started = threading.Event()
        self._reported_qpm = qpm
        self._song_running = True
        self._waiting_for = ""

    def run(self) -> None:
        """Play until ``stop``."""
        raise_priority()
        with self._playing():
            while not self._stop_signal.is_set():
                self._mark_alive()
                tick = self._ticks.wait(self._next_poll())
                if self._stop_signal.is_set() or not self._captor.is_alive():
                    break
                self._report_waiting()
                self._follow_tempo()
                self._follow_transport()
                now = self._clock.now()
                if self._captor.start_time > now and self._response.is_over(now):
                    # The response ended early because of a panic or a failure.
                    self._captor.start_time = now
                if tick is None:
                    self._generate_ahead()
                else:
                    self._handle_tick(tick)

    def stop(self) -> None:
        """End playback, all notes and the metronome, and wait for the thread."""
        self._stop_signal.set()
        if self.is_alive():
            self._started.wait()
            self._ticks.wake()
        super().stop()
        self._midi_hub.stop_metronome()

    @contextlib.contextmanager
    def _playing(self) -> Iterator[None]:
        start = self._clock.now()
        self._captor = self._midi_hub.start_capture(self._qpm, start)
        player = self._midi_hub.start_playback(NoteSequence(), allow_updates=True)
        self._response = ResponsePlayer(player, lambda n: self._notify("response", sequence=n))
        self._writer = ResponseWriter(
            self._response, self._stop_signal, self._notify, self._clock, self._mark_alive,
            humanize=self._humanize,
        )  # fmt: skip
        self._tracker = self._tracker_type(start)
        if self._given_ticks is not None:
            self._ticks = self._given_ticks
        elif self._tick_duration is None:
            self._ticks = SignalTicks(self._clock)
        else:
            quarters = self._tick_duration * self._default_qpm / 60.0
            self._ticks = PeriodTicks(lambda: quarters * 60.0 / self._qpm, start, self._clock)
        self._started.set()
        self._notify("begin", time=start)
        self._update_metronome(start)
        listeners = [
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
            for stop_listening in listeners:
                stop_listening()
            self._writer.clear()
            self._response.silence()
            player.stop()
            self._captor.stop()

    def panic(self) -> None:
        """Immediately end all notes and the response."""
        self._response.silence()
        self._midi_hub.panic()
        self._notify("panic")

    def _generate_ahead(self) -> None:
        """Generate the response that is due at the next tick if no more notes are played."""
        expected = self._ticks.expected
        if expected is None or expected - self._clock.now() > LEAD_S:
            return
        captured = self._captured(expected)
        if captured is None:
            return
        decision = self._decide(captured)
        task = self._task(captured, decision, expected) or self._mutation(expected)
        if task is not None:
            self._writer.prepare(task)

    def _captured(self, until: float) -> NoteSequence | None:
        try:
            captured = self._captor.captured_sequence(until)
        except MidiHubError:
            # The captor was stopped in the meantime.
            return None
        captured.tempos[0].qpm = self._current_qpm()
        numerator, denominator = self._time_signature
        captured.time_signatures.add(numerator=numerator, denominator=denominator)
        return captured

    def _handle_tick(self, tick: float) -> None:
        captured = self._captured(tick)
        if captured is None:
            return
        expected = self._ticks.expected
        if self._given_ticks is not None and expected is not None:
            self._response.align(tick, expected - tick)
        decision = self._decide(captured)
        self._notify(
            "tick", time=tick, captured=captured, qpm=self._current_qpm(), bar=self._ticks.bar
        )
        if decision.result is TurnResult.IDLE:
            if self._response.is_over(tick + _ROUNDING_S):
                self._update_state(self.State.IDLE)
            self._captor.start_time = max(self._captor.start_time, tick)
        elif decision.result is TurnResult.TOO_SHORT:
            _LOG.info("The call of %d ticks is too short to answer.", decision.ticks)
            self._captor.start_time = tick
        elif decision.result is TurnResult.RESPOND:
            self._respond(captured, decision, tick)
        else:
            self._update_state(self.State.LISTENING)
        if decision.result is not TurnResult.LISTENING:
            self._end_call.clear()
        self._repeat(tick)
        self._tracker.count(decision, tick)

    def _decide(self, captured: NoteSequence) -> TurnDecision:
        return self._tracker.decide(
            captured,
            end_call=self._end_call.is_set(),
            minimum=self._control(self._min_listen_ticks_control_number) or 0,
            maximum=self._control(self._max_listen_ticks_control_number) or math.inf,
        )

    def _next_call_start(self, tick: float) -> float:  # noqa: ARG002 - for subclasses
        """Return the start of the next capture after a response that started at a tick."""
        return self._response.start if self._allow_overlap else self._response.end

    def _task(
        self, captured: NoteSequence, decision: TurnDecision, tick: float
    ) -> GenerationTask | None:
        """Return the task that is due at a tick; None if no response is due."""
        if decision.result is not TurnResult.RESPOND:
            return None
        length = tick - self._tracker.last_tick
        call_start = self._captor.start_time
        # A silent last tick is not part of the call.
        duration = tick - call_start - (length if decision.silent else 0.0)
        ticks = self._control(self._response_ticks_control_number)
        call = adjust_sequence_times(captured, -call_start)
        call.total_time = duration
        end = duration + (ticks * length if ticks else duration)
        return GenerationTask(self._sequence_generator, call, duration, end, self._temperature())

    def _mutation(self, tick: float) -> GenerationTask | None:
        """Return the task of a response to the response, if it was requested and is due."""
        response = self._response
        requested = self._mutate.is_set() and response.notes.notes
        if not (requested and response.is_over(tick + _ROUNDING_S)):
            return None
        call, end = response.generated(self._current_qpm()), response.duration
        return GenerationTask(self._sequence_generator, call, end, 2 * end, self._temperature())

    def _respond(self, captured: NoteSequence, decision: TurnDecision, tick: float) -> None:
        task = self._task(captured, decision, tick)
        if task is None:
            return
        self._update_state(self.State.RESPONDING)
        self._midi_hub.release_pedals()
        self._notify("call", start=tick - task.start, sequence=task.call)
        self._writer.write(task, tick, tick - self._tracker.last_tick)
        self._captor.start_time = self._next_call_start(tick)

    def _repeat(self, tick: float) -> None:
        """Play a response to the response, or repeat the response, if requested."""
        if self._mutate.is_set() and not self._response.notes.notes:
            self._mutate.clear()
            _LOG.warning("There is no response to mutate yet.")
        mutation = self._mutation(tick)
        if mutation is not None:
            self._mutate.clear()
            self._writer.write(mutation, tick, tick - self._tracker.last_tick)
        elif (
            self._always_loop or self._control(self._loop_control_number) == 127
        ) and self._response.is_over(tick + _ROUNDING_S):
            self._response.play(self._response.notes, tick, self._response.duration)

    def _update_state(self, state: int) -> None:
        if self._state_control_number is not None:
            self._midi_hub.send_control_change(self._state_control_number, state)
        _LOG.info("State: %s", self.State.to_string(state))
        self._notify("state", state=self.State.to_string(state))

    def _on_clock(self, msg: mido.Message) -> None:
        if isinstance(self._ticks, SignalTicks):
            self._ticks.trigger(msg.time)

    def _update_metronome(self, beat: float) -> None:
        if self._metronome_channel is not None:
            signals = bar_signals(*self._time_signature)
            self._midi_hub.start_metronome(
                self._qpm, beat, signals, channel=self._metronome_channel
            )

    def _current_qpm(self) -> float:
        return self._ticks.qpm or self._qpm

    def _follow_tempo(self) -> None:
        qpm = self._current_qpm()
        if qpm == self._reported_qpm:
            return
        now = self._clock.now()
        self._response.stretch(now, self._reported_qpm / qpm)
        if not self._response.is_over(now) and self._captor.start_time > now:
            self._captor.start_time = self._response.end
        self._reported_qpm = qpm
        self._writer.clear()
        if self._ticks.expected is not None:
            self._update_metronome(self._ticks.expected)
        self._notify("tempo", qpm=qpm)

    def _report_waiting(self) -> None:
        waiting_for = self._ticks.waiting_for
        if waiting_for != self._waiting_for:
            self._waiting_for = waiting_for
            self._notify("waiting", waiting_for=waiting_for)

    def _follow_transport(self) -> None:
        """Go idle when the external song stops."""
        running = self._ticks.running
        if self._song_running and not running:
            self._writer.clear()
            self._response.silence()
            self._update_state(self.State.IDLE)
        elif running and not self._song_running:
            now = self._clock.now()
            self._captor.start_time = now
            self._tracker = self._tracker_type(now)
        self._song_running = running

    def _next_poll(self) -> float:
        """Return when to check for notes and tempo before the next tick."""
        is_streaming = isinstance(self._sequence_generator, StreamingGenerator)
        return self._ticks.next_poll(self._tracker.last_tick if is_streaming else None)
