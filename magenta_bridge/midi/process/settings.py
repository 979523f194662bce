"""What a playing process is told when it starts; everything here can be pickled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

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
)
ECHO: Final = "echo"


@dataclass(frozen=True)
class PortChoice:
    """A port to open.

    Attributes:
        name: What the user calls it; ``echo`` is one within the process, for trying out.
        virtual: Whether to make a port of that name for others to connect to.
    """

    name: str
    virtual: bool = False


@dataclass(frozen=True)
class Musician:
    """Somebody who plays, and who answers.

    Attributes:
        inputs: Ports that the musician plays on.
        generators: Ids of the generators that answer, chosen among by a controller.
        channel: MIDI channel of the responses, 0 to 15.
    """

    inputs: tuple[PortChoice, ...]
    generators: tuple[str, ...]
    channel: int = 0


@dataclass(frozen=True)
class Settings:
    """How to play together.

    Attributes:
        server: ``HOST:PORT`` of the server whose generators answer.
        musicians: Who plays; the first one's interaction beats the metronome.
        outputs: Ports that are played to.
        qpm: Tempo in quarter notes per minute.
        mode: ``call`` for call and response, ``loop`` to repeat each response until the next
            call, ``duet`` to be accompanied all the time.
        clock: ``internal``, ``midi`` to follow the MIDI clock that comes in, ``link`` to follow
            the Ableton Link session of the network.
        clock_ports: Ports that the beat clock is sent to.
        passthrough: Whether what comes in goes out as well.
        allow_overlap: Whether a call may begin during a response.
        metronome_channel: 0 to 15; None for no metronome.
        playback_offset: Seconds to add to the times of responses.
        humanize: Whether responses take the loudness of the calls.
        controls: Controller number, 0 to 127, for each name in ``CONTROLS`` that has one.
        simulated: A serialized NoteSequence to play as the musician; None for a real one.
        log: Level of the log, such as ``WARNING``.
    """

    server: str
    musicians: tuple[Musician, ...]
    outputs: tuple[PortChoice, ...]
    qpm: float = 120.0
    mode: str = "call"
    clock: str = "internal"
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
    def all_outputs(self) -> tuple[PortChoice, ...]:
        """Every port that is sent to, each once: those that are played to come first."""
        return tuple(dict.fromkeys([*self.outputs, *self.clock_ports]))
