"""Magenta's MIDI hub: captures, passes through and plays NoteSequences."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeAlias, cast

import mido

from magenta_bridge.errors import MidiHubError
from magenta_bridge.midi.engine.captor import MidiCaptor, MonophonicMidiCaptor, PolyphonicMidiCaptor
from magenta_bridge.midi.engine.metronome import Metronome, Signals
from magenta_bridge.midi.engine.pass_through import PassThrough
from magenta_bridge.midi.engine.player import MidiPlayer
from magenta_bridge.midi.engine.signal import MidiSignal, TextureType
from magenta_bridge.midi.output.echoes import Echoes
from magenta_bridge.midi.output.messages import ends_all_notes
from magenta_bridge.midi.output.note_ledger import NoteLedger
from magenta_bridge.midi.output.note_output import NoteOutput, Outport, OutputGroup, as_outport
from magenta_bridge.midi.ports import ports
from magenta_bridge.midi.ports.names import matching_ports
from magenta_bridge.midi.ports.port import InputPort
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK, SteadyClock
from magenta_bridge.noteseq import NoteSequence

_LOG = logging.getLogger(__name__)
# Neither captured nor passed through; only ``on_message`` receives them.
_IGNORED: Final = frozenset(
    {"program_change", "clock", "start", "stop", "continue", "songpos", "active_sensing", "sysex"}
)

InputChoice: TypeAlias = "str | mido.ports.BaseInput | InputPort"
OutputChoice: TypeAlias = "str | mido.ports.BaseOutput | Outport"
OnMessage = Callable[[mido.Message], object]


class MidiHub:
    """Captures, passes through and plays NoteSequences over MIDI.

    Times are seconds of the wall clock. Messages of all channels are treated alike.

    Threading: safe from any number of threads.

    Attributes:
        clock: The clock.
        on_message: Receives every message of Magenta Bridge's own ports, including MIDI clock,
            with ``time`` in monotonic seconds; None for no receiver.

    Args:
        input_midi_ports: Names or open ports to receive from. If no port has a name, a virtual
            port is created. None or empty to receive nothing.
        output_midi_ports: Names or open ports to send to, likewise.
        texture_type: Texture of capture and passthrough; see ``TextureType``.
        passthrough: Whether incoming messages are sent to the outputs.
        playback_channel: MIDI channel for playback, 0 to 15.
        playback_offset: Seconds to add to playback times.
        clock: The clock.
        echoes: Recognizes output that comes back as input; shared by hubs with the same outputs.

    Raises:
        UnsupportedError: A port is given by name, and the machine has no MIDI system.
    """

    def __init__(  # noqa: PLR0917 - Magenta's positions
        self,
        input_midi_ports: Iterable[InputChoice] | None,
        output_midi_ports: Iterable[OutputChoice],
        texture_type: int,
        passthrough: bool = True,
        playback_channel: int = 0,
        playback_offset: float = 0.0,
        *,
        clock: SteadyClock = STEADY_CLOCK,
        echoes: Echoes | None = None,
    ) -> None:
        self.clock = clock
        self._echoes = echoes or Echoes(clock)
        self.on_message: OnMessage | None = None
        self._texture_type = texture_type
        self._playback_channel = playback_channel
        self._playback_offset = playback_offset
        self._lock = threading.RLock()
        self._signals: dict[MidiSignal, threading.Condition] = {}
        self._callbacks: dict[MidiSignal, list[OnMessage]] = defaultdict(list)
        self._listeners: list[tuple[MidiSignal, OnMessage]] = []
        self._control_values: dict[int, int] = {}
        self._captors: list[MidiCaptor] = []
        self._players: list[MidiPlayer] = []
        self._metronome: Metronome | None = None
        self._closed = False
        self._owned: list[InputPort | NoteOutput] = []
        self._ledgers: list[NoteLedger] = []
        opened = [self._open_output(port) for port in output_midi_ports]
        self._outport: Outport = OutputGroup(opened, self._echoes)
        self._passed = PassThrough(
            self._outport,
            enabled=passthrough,
            monophonic=texture_type == TextureType.MONOPHONIC,
        )
        self._inports = [self._open_input(port) for port in input_midi_ports or ()]
        if not self._inports:
            _LOG.warning("No input port: nothing will be captured.")

    def __enter__(self) -> MidiHub:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        """Stop everything that the hub has started."""
        with contextlib.suppress(AttributeError):
            self.close()

    def close(self) -> None:
        """Stop captors, players and metronome, and end all notes; can be called again."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            captors, players = list(self._captors), list(self._players)
        for port in self._inports:
            # The port may belong to another hub by now.
            if port.callback in (self._receive, self._timestamp_and_handle_message):
                port.callback = None
        workers: list[MidiCaptor | MidiPlayer] = [*captors, *players]
        for worker in workers:
            worker.stop(block=False)
        self.stop_metronome()
        for worker in workers:
            if worker.is_alive() and worker is not threading.current_thread():
                worker.join()
        self._passed.release()
        for owned in self._owned:
            owned.close()
        for ledger in self._ledgers:
            ledger.close(remove=True)

    @property
    def passthrough(self) -> bool:
        """Whether incoming messages are sent to the outputs; changing it ends passed notes."""
        return self._passed.enabled

    @passthrough.setter
    def passthrough(self, value: bool) -> None:
        self._passed.enabled = value

    def panic(self) -> None:
        """End every note that may sound or is captured, from passthrough or playback."""
        self.release()
        with self._lock:
            players = list(self._players)
        for player in players:
            player.silence()
        self._outport.panic()

    def release(self) -> None:
        """End the incoming notes whose note-offs will not arrive, and release the pedals."""
        with self._lock:
            for captor in self._captors:
                captor.release(self.clock.now())
        self._passed.release()

    def release_pedals(self) -> None:
        """Release the pedals that were passed through, which would also hold played notes."""
        self._passed.release_pedals()

    def start_capture(
        self,
        qpm: float,
        start_time: float,
        stop_time: float | None = None,
        stop_signal: MidiSignal | mido.Message | None = None,
    ) -> MidiCaptor:
        """Start a capture.

        The capture ends at ``stop_time`` or ``stop_signal``, whichever comes first, or when the
        caller stops the captor.

        Args:
            qpm: Tempo of the sequence.
            start_time: Start of the capture, possibly in the past.
            stop_time: When to stop.
            stop_signal: The message that ends the capture.

        Returns:
            The running captor.
        """
        monophonic = self._texture_type == TextureType.MONOPHONIC
        kind = MonophonicMidiCaptor if monophonic else PolyphonicMidiCaptor
        captor = kind(qpm, start_time, stop_time, stop_signal, clock=self.clock)
        captor.start()
        with self._lock:
            self._captors.append(captor)
        return captor

    def capture_sequence(
        self,
        qpm: float,
        start_time: float,
        stop_time: float | None = None,
        stop_signal: MidiSignal | mido.Message | None = None,
    ) -> NoteSequence:
        """Capture until the end and return the sequence; arguments as for ``start_capture``.

        Raises:
            MidiHubError: Neither ``stop_time`` nor ``stop_signal`` is given.
        """
        if stop_time is None and stop_signal is None:
            raise MidiHubError("A capture without stop_time needs a stop_signal.")
        captor = self.start_capture(qpm, start_time, stop_time, stop_signal)
        captor.join()
        return captor.captured_sequence()

    def wait_for_event(
        self, signal: MidiSignal | None = None, timeout: float | None = None
    ) -> None:
        """Wait for a message, or for a number of seconds.

        Raises:
            MidiHubError: Both or neither are given.
        """
        if signal is not None and timeout is None:
            with self._lock:
                if signal not in self._signals:
                    self._signals[signal] = threading.Condition(self._lock)
                self._signals[signal].wait()
        elif timeout is not None and signal is None:
            self.clock.sleep_until(self.clock.now() + timeout)
        else:
            raise MidiHubError("Specify either signal or timeout.")

    def wake_signal_waiters(self, signal: MidiSignal | None = None) -> None:
        """Wake the threads that wait for a signal, or for any signal."""
        with self._lock:
            for awaited in list(self._signals):
                if signal is None or awaited == signal:
                    self._signals.pop(awaited).notify_all()
            for captor in self._captors:
                captor.wake_signal_waiters(signal)

    def start_metronome(
        self,
        qpm: float,
        start_time: float,
        signals: Signals | None = None,
        channel: int | None = None,
    ) -> None:
        """Start the metronome or change its options; arguments as for ``Metronome``."""
        with self._lock:
            if self._metronome is not None and self._metronome.is_alive():
                self._metronome.update(qpm, start_time, signals=signals, channel=channel)
            else:
                self._metronome = Metronome(
                    self._outport,
                    qpm,
                    start_time,
                    signals=signals,
                    channel=channel,
                    clock=self.clock,
                )
                self._metronome.start()

    def stop_metronome(self, stop_time: float = 0, block: bool = True) -> None:
        """Stop the metronome if it is running; arguments as for ``Metronome.stop``."""
        with self._lock:
            metronome, self._metronome = self._metronome, None
        if metronome is not None:
            metronome.stop(stop_time, block)

    def start_playback(
        self,
        sequence: NoteSequence,
        start_time: float | None = None,
        allow_updates: bool = False,
    ) -> MidiPlayer:
        """Play notes at their times; arguments as for ``MidiPlayer``.

        Returns:
            The running player.
        """
        player = MidiPlayer(
            self._outport,
            sequence,
            start_time if start_time is None else self.clock.from_wall_time(start_time),
            allow_updates,
            self._playback_channel,
            self._playback_offset,
            clock=self.clock,
        )
        player.start()
        with self._lock:
            self._players[:] = [*filter(MidiPlayer.is_alive, self._players), player]
        return player

    def control_value(self, control_number: int | None) -> int | None:
        """Return the last value of a controller, 0 to 127; None if none was received."""
        with self._lock:
            return None if control_number is None else self._control_values.get(control_number)

    def send_control_change(self, control_number: int, value: int) -> None:
        """Send a controller; number and value are 0 to 127."""
        self._outport.send(mido.Message("control_change", control=control_number, value=value))

    def register_callback(self, fn: OnMessage, signal: MidiSignal) -> None:
        """Call a function once, in its own thread, with the next matching message."""
        with self._lock:
            self._callbacks[signal].append(fn)

    def listen(self, signal: MidiSignal, fn: OnMessage) -> Callable[[], None]:
        """Call a function with every matching message, in the receiving thread; it must be quick.

        Returns:
            A function that removes the listener.
        """
        listener = (signal, fn)
        with self._lock:
            self._listeners.append(listener)

        def stop_listening() -> None:
            with self._lock:
                self._listeners.remove(listener)

        return stop_listening

    def _open_input(self, choice: InputChoice) -> InputPort:
        if isinstance(choice, mido.ports.BaseInput):
            choice.callback = self._timestamp_and_handle_message
            return cast(InputPort, choice)
        port: InputPort
        if isinstance(choice, str):
            port = ports.open_input(choice, virtual=_is_virtual(choice, ports.input_names()))
            self._owned.append(port)
        else:
            port = choice
        port.callback = self._receive
        port.on_change = lambda: self.release() if port.closed else None
        return port

    def _open_output(self, choice: OutputChoice) -> Outport:
        if not isinstance(choice, str):
            outport = as_outport(choice)
            if outport is not choice and isinstance(outport, NoteOutput):
                self._owned.append(outport)
            return outport
        port = ports.open_output(choice, virtual=_is_virtual(choice, ports.output_names()))
        self._ledgers.append(NoteLedger.create())
        output = NoteOutput(port, self._ledgers[-1])
        self._owned.append(output)
        return output

    def _receive(self, msg: mido.Message) -> None:
        """Handle a message whose time is on the monotonic clock."""
        if self.on_message is not None:
            self.on_message(msg)
        self._timestamp_and_handle_message(msg.copy(time=self.clock.from_monotonic(msg.time)))

    def _timestamp_and_handle_message(self, msg: mido.Message) -> None:
        """Handle a message whose time is on the wall clock or missing."""
        if msg.type in _IGNORED or self._echoes.is_echo(msg):
            return
        if not msg.time:
            msg.time = self.clock.now()
        with self._lock:
            self._notify(msg)
            self._captors[:] = filter(MidiCaptor.is_alive, self._captors)
            for captor in self._captors:
                captor.receive(msg.copy())
            if msg.type == "control_change":
                self._control_values[msg.control] = msg.value
            if ends_all_notes(msg):
                self.release()
            if not self._closed:
                self._passed.send(msg)

    def _notify(self, msg: mido.Message) -> None:
        for signal in [signal for signal in self._signals if signal.matches(msg)]:
            self._signals.pop(signal).notify_all()
        for signal in [signal for signal in self._callbacks if signal.matches(msg)]:
            for fn in self._callbacks.pop(signal):
                threading.Thread(target=fn, args=(msg,), daemon=True).start()
        for signal, react in self._listeners:
            if signal.matches(msg):
                react(msg)


def _is_virtual(name: str, names: Sequence[str]) -> bool:
    """Return whether no port has a name, so that a virtual one must be created."""
    if matching_ports(name, names):
        return False
    _LOG.warning("No port is named %r; creating a virtual port.", name)
    return True
