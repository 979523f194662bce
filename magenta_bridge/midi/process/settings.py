"""The settings of a playing process; all of them can be pickled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from magenta_bridge.midi.ports import ports
from magenta_bridge.midi.ports.memory_port import EchoPort
from magenta_bridge.midi.ports.port import InputPort, OutputPort

# Names of the controllers, as on the command line without ``_control_number``.
CONTROLS: Final = (
    "clock",
    "end_call",
    "panic",
    "mutate",
    "min_listen_ticks",
    "max_listen_ticks",
    "response_ticks",
    "temperature",
    "tempo",
    "loop",
    "generator_select",
    "state",
    "bar",
)
ECHO: Final = "echo"


@dataclass(frozen=True)
class PortChoice:
    """A port to open.

    Attributes:
        name: Name of the port; ``echo`` is a port within the process, for tests.
        virtual: Whether to create a port with this name for other programs to connect to.
    """

    name: str
    virtual: bool = False

    def open_input(self) -> InputPort:
        """Open the port for input; errors as for ``ports.open_input``."""
        if self.name == ECHO:
            return EchoPort(ECHO)
        return ports.open_input(self.name, virtual=self.virtual)

    def open_output(self) -> OutputPort:
        """Open the port for output; errors as for ``ports.open_output``."""
        if self.name == ECHO:
            return EchoPort(ECHO)
        return ports.open_output(self.name, virtual=self.virtual)


@dataclass(frozen=True)
class Musician:
    """A musician and the generators that answer.

    Attributes:
        inputs: Ports that the musician plays on.
        generators: IDs of the generators; a controller selects one.
        channel: MIDI channel of the responses, 0 to 15.
    """

    inputs: tuple[PortChoice, ...]
    generators: tuple[str, ...]
    channel: int = 0


@dataclass(frozen=True)
class MidiSettings:
    """The settings of a playing process.

    Attributes:
        server: ``HOST:PORT`` of the server with the generators.
        musicians: The musicians; the first one's interaction drives the metronome.
        outputs: Output ports.
        qpm: Tempo in quarter notes per minute.
        mode: ``call`` for call and response, ``loop`` to repeat each response until the next call,
            ``duet`` for continuous accompaniment.
        clock: ``internal``, ``midi`` to follow incoming MIDI clock, ``link`` to follow the Ableton
            Link session of the network.
        time_signature: Numerator and denominator; a tick is a bar.
        clock_ports: Ports to send MIDI clock to.
        passthrough: Whether incoming messages are sent to the outputs.
        allow_overlap: Whether a call can start during a response.
        metronome_channel: 0 to 15; None for no metronome.
        playback_offset: Seconds to add to the times of responses.
        humanize: Whether responses adopt the velocities of the calls.
        controls: Controller number, 0 to 127, for each name in ``CONTROLS`` that has one.
        simulated: A serialized NoteSequence to play as the musician; None for a real musician.
        log: Log level, such as ``WARNING``.
    """

    server: str
    musicians: tuple[Musician, ...]
    outputs: tuple[PortChoice, ...]
    qpm: float = 120.0
    mode: str = "call"
    clock: str = "internal"
    time_signature: tuple[int, int] = (4, 4)
    clock_ports: tuple[PortChoice, ...] = ()
    passthrough: bool = True
    allow_overlap: bool = False
    metronome_channel: int | None = None
    playback_offset: float = 0.0
    humanize: bool = True
    controls: dict[str, int] = field(default_factory=dict)
    simulated: bytes | None = None
    log: str = "WARNING"

    @property
    def bar_quarters(self) -> float:
        """Quarter notes per bar."""
        numerator, denominator = self.time_signature
        return 4.0 * numerator / denominator

    @property
    def all_outputs(self) -> tuple[PortChoice, ...]:
        """All ports to send to, without duplicates, ``outputs`` first."""
        return tuple(dict.fromkeys([*self.outputs, *self.clock_ports]))
