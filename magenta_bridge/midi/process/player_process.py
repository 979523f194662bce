"""The playing process: opens the ports and runs the interactions until it is stopped."""

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
from magenta_bridge.midi.interactions.simulated_musician import SimulatedMusician
from magenta_bridge.midi.interactions.tempo_sync import TempoSync
from magenta_bridge.midi.output.echoes import Echoes
from magenta_bridge.midi.output.note_ledger import NoteLedger
from magenta_bridge.midi.output.note_output import RecordingOutput
from magenta_bridge.midi.ports.memory_port import EchoPort
from magenta_bridge.midi.ports.port import InputPort
from magenta_bridge.midi.ports.reconnecting_port import SteadyPort
from magenta_bridge.midi.ports.watcher import watcher
from magenta_bridge.midi.process.settings import MidiSettings, Musician
from magenta_bridge.midi.process.supervised import SupervisorLink
from magenta_bridge.midi.timing.steady_clock import STEADY_CLOCK
from magenta_bridge.noteseq import NoteSequence

_POLL_SECONDS: Final = 0.05
# An interaction that has not run for this long sends no heartbeats.
_BLOCKED_S: Final = 1.0
# Controllers whose value counts; the others are signals, sent with value 127.
_VALUE_CONTROLS: Final = (
    "generator_select", "min_listen_ticks", "max_listen_ticks", "response_ticks", "tempo",
    "temperature", "loop", "state",
)  # fmt: skip


def play(link: SupervisorLink, settings: MidiSettings) -> None:
    """Play until the link stops the player or the simulated musician has been answered.

    Raises:
        NotFoundError: A port or a generator does not exist.
        ServerUnavailableError: The server does not respond.
        UnsupportedError: The machine has no MIDI system.
    """
    logging.basicConfig(level=settings.log, handlers=[_LinkHandler(link)], force=True)
    with contextlib.ExitStack() as stack:
        client = stack.enter_context(Client(settings.server, retry=False))
        session = _Session(link, settings, client)
        stack.callback(session.close)
        session.start()
        while not (link.stop.wait(_POLL_SECONDS) or session.is_done):
            session.report_notes()
            if session.responds():
                link.heartbeat()
        session.stop()


class _LinkHandler(logging.Handler):
    """Sends log records to the supervisor, which owns the terminal."""

    def __init__(self, link: SupervisorLink) -> None:
        super().__init__()
        self._link = link

    def emit(self, record: logging.LogRecord) -> None:
        level, message = record.levelname.lower(), record.getMessage()
        self._link.report(("log", {"level": level, "message": message}))


class _Session:
    """The open ports, hubs and interactions."""

    def __init__(self, link: SupervisorLink, settings: MidiSettings, client: Client) -> None:
        self._link = link
        self._settings = settings
        self._client = client
        self._tempo = TempoSync(settings.clock, settings.qpm, settings.bar_quarters)
        self._outputs = {
            choice: RecordingOutput(choice.open_output(), NoteLedger(path))
            for choice, path in zip(settings.all_outputs, link.ledgers, strict=True)
        }
        link.on_stop(self._tempo.stop)
        link.on_command("panic", self._panic)
        link.on_command("bar", self._tempo.set_bar)
        for output in self._outputs.values():
            link.on_stop(output.close)
        self._inputs: list[InputPort] = []
        self._echoes = Echoes(STEADY_CLOCK)
        self._hubs: list[MidiHub] = []
        self._interactions: list[CallAndResponseMidiInteraction] = []
        self._simulation: SimulatedMusician | None = None

    @property
    def is_done(self) -> bool:
        """Whether the simulated musician has been answered."""
        return self._simulation is not None and self._simulation.answered.is_set()

    def responds(self) -> bool:
        """Return whether every interaction runs and every port accepts messages."""
        interactions = all(each.responds(_BLOCKED_S) for each in self._interactions)
        return interactions and all(
            output.responds(_POLL_SECONDS) for output in self._outputs.values()
        )

    def start(self) -> None:
        """Start the interactions."""
        watcher.listen(self._report_port)
        for number, musician in enumerate(self._settings.musicians):
            self._add(number, musician)
        self._tempo.send_to([self._outputs[choice] for choice in self._settings.clock_ports])
        for interaction in self._interactions:
            interaction.start()
        self._link.report(("ready", {"time": STEADY_CLOCK.now()}))

    def stop(self) -> None:
        """Stop the interactions and report the remaining notes and the message counts."""
        for interaction in self._interactions:
            interaction.stop()
        for hub in self._hubs:
            hub.close()
        self.report_notes()
        counts = [output.counts for output in self._outputs.values()]
        self._link.report(("counts", {"outputs": counts}))

    def close(self) -> None:
        """End all notes and close the ports."""
        if self._simulation is not None:
            self._simulation.close()
        self._tempo.close()
        for output in self._outputs.values():
            output.close()
        for port in self._inputs:
            port.close()

    def _panic(self) -> None:
        for interaction in self._interactions:
            interaction.panic()

    def report_notes(self) -> None:
        """Report the played notes of the first output, with times on the wall clock."""
        for output in [self._outputs[choice] for choice in self._settings.outputs[:1]]:
            messages = [
                (STEADY_CLOCK.from_monotonic(time_s), message) for time_s, message in output.drain()
            ]
            if messages:
                self._link.report(("played", {"messages": messages}))

    def _report_port(self, port: SteadyPort) -> None:
        details = {"direction": port.direction, "name": port.name, "state": port.state.value}
        self._link.report(("port", details))

    def _add(self, number: int, musician: Musician) -> None:
        if self._settings.simulated is not None and number == 0:
            inputs: list[InputPort] = [self._simulate(self._settings.simulated)]
        else:
            inputs = [choice.open_input() for choice in musician.inputs]
        self._inputs += inputs
        hub = MidiHub(
            inputs,
            [self._outputs[choice] for choice in self._settings.outputs],
            TextureType.POLYPHONIC,
            passthrough=self._settings.passthrough,
            playback_channel=musician.channel,
            playback_offset=self._settings.playback_offset,
            echoes=self._echoes,
        )
        self._hubs.append(hub)
        generators = [RemoteGenerator(self._client, name) for name in musician.generators]
        self._interactions.append(self._interact(number, hub, generators))

    def _simulate(self, call: bytes) -> EchoPort:
        keys = EchoPort("simulated")
        bar_s = self._settings.bar_quarters * 60.0 / self._settings.qpm
        self._simulation = SimulatedMusician(keys, NoteSequence.FromString(call), bar_s)
        return keys

    def _interact(
        self, number: int, hub: MidiHub, generators: Sequence[RemoteGenerator]
    ) -> CallAndResponseMidiInteraction:
        settings, controls = self._settings, self._settings.controls
        ticks = self._tempo.follow(hub, controls)
        clock = None if ticks else _signal(controls, "clock")
        first = number == 0

        def observe(event: str, details: dict[str, Any]) -> None:
            if first:
                self._tempo.on_event(event, details)
                if self._simulation is not None:
                    self._simulation.on_event(event, details)
            self._link.report((event, {"musician": number, **_picklable(details)}))

        duet = settings.mode == "duet"
        kind = DuetMidiInteraction if duet else CallAndResponseMidiInteraction
        return kind(
            hub,
            generators if "generator_select" in controls else generators[:1],
            settings.qpm,
            clock_signal=clock,
            tick_duration=None if clock or ticks else settings.bar_quarters * 60.0 / settings.qpm,
            ticks=ticks,
            time_signature=settings.time_signature,
            end_call_signal=_signal(controls, "end_call"),
            panic_signal=_signal(controls, "panic"),
            mutate_signal=_signal(controls, "mutate"),
            allow_overlap=settings.allow_overlap,
            metronome_channel=settings.metronome_channel if first else None,
            humanize=settings.humanize,
            always_loop=settings.mode == "loop",
            observer=observe,
            **{f"{name}_control_number": controls.get(name) for name in _VALUE_CONTROLS},
        )


def _signal(controls: dict[str, int], name: str) -> MidiSignal | None:
    return MidiSignal(control=controls[name], value=127) if name in controls else None


def _picklable(details: dict[str, Any]) -> dict[str, Any]:
    """Return details with music serialized."""
    return {
        name: value.SerializeToString() if isinstance(value, NoteSequence) else value
        for name, value in details.items()
    }
