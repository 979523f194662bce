"""The base class of interactions, Magenta's MidiInteraction."""

from __future__ import annotations

import abc
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from magenta_bridge.midi.engine.midi_hub import MidiHub
from magenta_bridge.midi.interactions.streamed_response import SequenceGenerator
from magenta_bridge.midi.timing.tempo import SLOWEST_CONTROLLED_QPM


def ignore(_event: str, _details: dict[str, Any]) -> None:
    """Observe nothing."""


class MidiInteraction(threading.Thread, abc.ABC):
    """A musician and generators that play together, in a thread.

    Subclasses implement ``run``, which must return soon after ``_stop_signal`` is set.

    Args:
        midi_hub: The MIDI hub.
        sequence_generators: The generators.
        qpm: Tempo in quarter notes per minute, until a controller sets another.
        generator_select_control_number: Controller whose value selects the generator.
        tempo_control_number: Controller that sets the tempo to its value plus 60.
        temperature_control_number: Controller that sets the temperature.

    Raises:
        ValueError: There are several generators and no controller that selects among them.
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
            raise ValueError("Several generators require generator_select_control_number.")
        super().__init__()
        self._midi_hub = midi_hub
        self._clock = midi_hub.clock
        self._sequence_generators = sequence_generators
        self._default_qpm = qpm
        self._generator_select_control_number = generator_select_control_number
        self._tempo_control_number = tempo_control_number
        self._temperature_control_number = temperature_control_number
        self._stop_signal = threading.Event()
        self._alive_at = time.monotonic()
        self._observer: Callable[[str, dict[str, Any]], None] = ignore

    def responds(self, timeout: float) -> bool:
        """Return whether the thread runs and was not blocked for the last seconds."""
        return self.is_alive() and time.monotonic() - self._alive_at < timeout

    def _mark_alive(self) -> None:
        self._alive_at = time.monotonic()

    def _notify(self, event: str, **details: object) -> None:
        self._observer(event, details)

    @property
    def _sequence_generator(self) -> SequenceGenerator:
        """The generator selected by the controller; the first one by default."""
        value = self._midi_hub.control_value(self._generator_select_control_number) or 0
        return self._sequence_generators[value % len(self._sequence_generators)]

    @property
    def _qpm(self) -> float:
        """The tempo set by the controller; ``qpm`` by default."""
        value = self._midi_hub.control_value(self._tempo_control_number)
        return self._default_qpm if value is None else value + self._BASE_QPM

    def _temperature(
        self, min_temp: float = 0.1, max_temp: float = 2.0, default: float = 1.0
    ) -> float:
        """Return the temperature set by the controller."""
        value = self._midi_hub.control_value(self._temperature_control_number)
        return default if value is None else min_temp + value / 127.0 * (max_temp - min_temp)

    @abc.abstractmethod
    def run(self) -> None:
        """Play until ``stop``."""

    def stop(self) -> None:
        """End playback and wait for the thread."""
        self._stop_signal.set()
        if self.is_alive():
            self.join()
