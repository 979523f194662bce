"""What every way of playing together has in common."""

from __future__ import annotations

import abc
import threading
from collections.abc import Sequence
from typing import ClassVar

from magenta_bridge.midi.engine.midi_hub import MidiHub
from magenta_bridge.midi.interactions.streamed_response import SequenceGenerator
from magenta_bridge.midi.timing.tempo import SLOWEST_CONTROLLED_QPM


class MidiInteraction(threading.Thread, abc.ABC):
    """A musician and generators, playing with each other in a thread of its own.

    Subclasses write ``run``, which ends soon after ``_stop_signal`` is set.

    Args:
        midi_hub: Where MIDI comes in and goes out.
        sequence_generators: Who may write.
        qpm: Tempo in quarter notes per minute, until a controller sets another.
        generator_select_control_number: Controller whose value chooses among the generators.
        tempo_control_number: Controller that sets the tempo, to its value and 60.
        temperature_control_number: Controller that sets the temperature.

    Raises:
        ValueError: There are several generators and no controller to choose by.
    """

    _BASE_QPM: ClassVar[int] = SLOWEST_CONTROLLED_QPM

    def __init__(  # noqa: PLR0917 - Magenta's positions
        self,
        midi_hub: MidiHub,
        sequence_generators: Sequence[SequenceGenerator],
        qpm: float,
        generator_select_control_number: int | None = None,
        tempo_control_number: int | None = None,
        temperature_control_number: int | None = None,
    ) -> None:
        if generator_select_control_number is None and len(sequence_generators) > 1:
            raise ValueError(
                "With several generators, say generator_select_control_number to choose by."
            )
        super().__init__()
        self._midi_hub = midi_hub
        self._sequence_generators = sequence_generators
        self._default_qpm = qpm
        self._generator_select_control_number = generator_select_control_number
        self._tempo_control_number = tempo_control_number
        self._temperature_control_number = temperature_control_number
        self._stop_signal = threading.Event()

    @property
    def _sequence_generator(self) -> SequenceGenerator:
        """The generator that the controller chooses; the first until it has spoken."""
        value = self._midi_hub.control_value(self._generator_select_control_number) or 0
        return self._sequence_generators[value % len(self._sequence_generators)]

    @property
    def _qpm(self) -> float:
        """The tempo that the controller sets; the one given until it has spoken."""
        value = self._midi_hub.control_value(self._tempo_control_number)
        return self._default_qpm if value is None else value + self._BASE_QPM

    def _temperature(
        self, min_temp: float = 0.1, max_temp: float = 2.0, default: float = 1.0
    ) -> float:
        """The temperature between two that the controller sets; ``default`` until it has spoken."""
        value = self._midi_hub.control_value(self._temperature_control_number)
        return default if value is None else min_temp + value / 127.0 * (max_temp - min_temp)

    @abc.abstractmethod
    def run(self) -> None:
        """Plays until ``stop``."""

    def stop(self) -> None:
        """Ends the playing and waits for the thread."""
        self._stop_signal.set()
        if self.is_alive():
            self.join()
