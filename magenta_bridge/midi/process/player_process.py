"""The playing process: opens the ports, plays together until it is told to stop."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from typing import Any, Final

from magenta_bridge.client.client import Client
from magenta_bridge.midi.engine.midi_hub import MidiHub
from magenta_bridge.midi.engine.signal import MidiSignal, TextureType
from magenta_bridge.midi.interactions.call_and_response import CallAndResponseMidiInteraction
from magenta_bridge.midi.interactions.duet import DuetMidiInteraction
from magenta_bridge.midi.interactions.remote_generator import RemoteGenerator
from magenta_bridge.midi.interactions.simulated_musician import Simulation
from magenta_bridge.midi.interactions.tempo_sync import Timekeeper
from magenta_bridge.midi.output.note_ledger import Ledger
from magenta_bridge.midi.output.recording_output import RecordingOutput
from magenta_bridge.midi.ports.memory_port import EchoPort
from magenta_bridge.midi.ports.port import InputPort
from magenta_bridge.midi.ports.reconnecting_port import SteadyPort
from magenta_bridge.midi.ports.watcher import watcher
from magenta_bridge.midi.process.open_ports import open_chosen_input, open_chosen_output
from magenta_bridge.midi.process.settings import Musician, Settings
from magenta_bridge.midi.process.supervised import SupervisorLink
from magenta_bridge.midi.timing.clock import RealClock
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from magenta_bridge.noteseq import NoteSequence

# As in Magenta's interface: a tick is a bar of four quarter notes.
_TICK_QUARTERS: Final = 4
_LOOK_SECONDS: Final = 0.05


def play(leash: SupervisorLink, settings: Settings) -> None:
    """Plays until the leash is pulled, or the simulated musician has been answered.

    Args:
        leash: Tells when to stop, and takes what happens to the supervisor.
        settings: What to play with.

    Raises:
        NotFoundError: A port or a generator does not exist.
        ServerUnavailableError: No server answers.
        UnsupportedError: There is no MIDI system.
    """
    logging.basicConfig(level=settings.log, handlers=[_ReportedLog(leash)], force=True)
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(Client(settings.server))
        stage = _Stage(leash, settings, client)
        stack.callback(stage.close)
        stage.begin()
        while not (leash.stop.wait(_LOOK_SECONDS) or stage.is_done):
            stage.report_notes()
            if stage.responds():
                leash.beat()
        stage.end()


class _ReportedLog(logging.Handler):
    """Gives the log to the supervisor, whose terminal may hold a picture."""

    def __init__(self, leash: SupervisorLink) -> None:
        super().__init__()
        self._leash = leash

    def emit(self, record: logging.LogRecord) -> None:
        """Reports one line."""
        level, message = record.levelname.lower(), record.getMessage()
        self._leash.report(("log", {"level": level, "message": message}))


class _Stage:
    """Everything that is opened, in the order in which it is closed again."""

    def __init__(self, leash: SupervisorLink, settings: Settings, client: Client) -> None:
        self._leash = leash
        self._settings = settings
        self._client = client
        self._time = Timekeeper(settings.clock, settings.qpm, _TICK_QUARTERS)
        self._outlets = {
            choice: RecordingOutput(open_chosen_output(choice), Ledger(path), RealClock())
            for choice, path in zip(settings.all_outputs, leash.ledgers, strict=True)
        }
        leash.on_stop(self._time.stop)
        for outlet in self._outlets.values():
            leash.on_stop(outlet.close)
        self._inputs: list[InputPort] = []
        self._hubs: list[MidiHub] = []
        self._interactions: list[CallAndResponseMidiInteraction] = []
        self._simulation: Simulation | None = None

    @property
    def is_done(self) -> bool:
        """Whether the simulated musician has been answered."""
        return self._simulation is not None and self._simulation.answered.is_set()

    def responds(self) -> bool:
        """Says whether every port takes what it is sent."""
        return all(outlet.responds(_LOOK_SECONDS) for outlet in self._outlets.values())

    def begin(self) -> None:
        """Starts to listen."""
        watcher.listen(self._tell_of_port)
        for number, musician in enumerate(self._settings.musicians):
            self._add(number, musician)
        self._time.send_to([self._outlets[choice] for choice in self._settings.clock_ports])
        for interaction in self._interactions:
            interaction.start()
        self._leash.report(("ready", {"time": STEADY_CLOCK.now()}))

    def end(self) -> None:
        """Ends the interactions, and tells what they still played."""
        for interaction in self._interactions:
            interaction.stop()
        for hub in self._hubs:
            hub.close()
        self.report_notes()
        counts = [outlet.counts for outlet in self._outlets.values()]
        self._leash.report(("counts", {"outlets": counts}))

    def close(self) -> None:
        """Lets everything go; nothing sounds."""
        if self._simulation is not None:
            self._simulation.close()
        self._time.close()
        for outlet in self._outlets.values():
            outlet.close()
        for port in self._inputs:
            port.close()

    def report_notes(self) -> None:
        """Sends what was played to the supervisor, times on the wall clock."""
        for outlet in [self._outlets[choice] for choice in self._settings.outputs[:1]]:
            heard = [
                (STEADY_CLOCK.of_monotonic(time_s), message) for time_s, message in outlet.drain()
            ]
            if heard:
                self._leash.report(("played", {"messages": heard}))

    def _tell_of_port(self, port: SteadyPort) -> None:
        details = {"direction": port.direction, "name": port.name, "state": port.state.value}
        self._leash.report(("port", details))

    def _add(self, number: int, musician: Musician) -> None:
        inputs = self._open_inputs(musician)
        hub = MidiHub(
            inputs,
            [self._outlets[choice] for choice in self._settings.outputs],
            TextureType.POLYPHONIC,
            passthrough=self._settings.passthrough,
            playback_channel=musician.channel,
            playback_offset=self._settings.playback_offset,
        )
        self._hubs.append(hub)
        generators = [RemoteGenerator(self._client, name) for name in musician.generators]
        if number == 0 and self._settings.simulated is not None and inputs:
            self._simulate(inputs[0])
        self._interactions.append(self._interact(number, hub, generators))

    def _open_inputs(self, musician: Musician) -> list[InputPort]:
        if self._settings.simulated is not None and not self._inputs:
            opened: list[InputPort] = [EchoPort("simulated")]
        else:
            opened = [open_chosen_input(choice) for choice in musician.inputs]
        self._inputs += opened
        return opened

    def _simulate(self, keys: InputPort) -> None:
        if isinstance(keys, EchoPort) and self._settings.simulated is not None:
            call = NoteSequence.FromString(self._settings.simulated)
            length = _TICK_QUARTERS * 60.0 / self._settings.qpm
            self._simulation = Simulation(keys, call, length)

    def _interact(
        self, number: int, hub: MidiHub, generators: Sequence[RemoteGenerator]
    ) -> CallAndResponseMidiInteraction:
        settings, controls = self._settings, self._settings.controls
        ticks = self._time.follow(hub, controls.get("tempo"))
        clock = None if ticks else _signal(controls, "clock")
        first = number == 0

        def tell(what: str, details: dict[str, Any]) -> None:
            if first:
                self._time.hear(what, details)
            if first and self._simulation is not None:
                self._simulation.watch(what, details)
            self._leash.report((what, {"musician": number, **_portable(details)}))

        duet = settings.mode == "duet"
        kind = DuetMidiInteraction if duet else CallAndResponseMidiInteraction
        return kind(
            hub,
            generators if "generator_select" in controls else generators[:1],
            settings.qpm,
            controls.get("generator_select"),
            clock_signal=clock,
            tick_duration=None if clock or ticks else _TICK_QUARTERS * 60.0 / settings.qpm,
            ticks=ticks,
            end_call_signal=_signal(controls, "end_call"),
            panic_signal=_signal(controls, "panic"),
            mutate_signal=_signal(controls, "mutate"),
            allow_overlap=settings.allow_overlap,
            metronome_channel=settings.metronome_channel if first else None,
            min_listen_ticks_control_number=controls.get("min_listen_ticks"),
            max_listen_ticks_control_number=controls.get("max_listen_ticks"),
            response_ticks_control_number=controls.get("response_ticks"),
            tempo_control_number=controls.get("tempo"),
            temperature_control_number=controls.get("temperature"),
            loop_control_number=controls.get("loop"),
            state_control_number=controls.get("state"),
            humanize=settings.humanize,
            always_loop=settings.mode == "loop",
            observer=tell,
        )


def _signal(controls: dict[str, int], name: str) -> MidiSignal | None:
    return MidiSignal(control=controls[name], value=127) if name in controls else None


def _portable(details: dict[str, Any]) -> dict[str, Any]:
    """Returns details that can be pickled: music as its bytes."""
    return {
        name: value.SerializeToString() if isinstance(value, NoteSequence) else value
        for name, value in details.items()
    }
