"""Run an exported bar program with LiteRT: previous bars and noise in, one bar out."""

from __future__ import annotations

import threading
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.errors import BundleError
from magenta_bridge.runtime.interpreter import build_interpreter

SIGNATURE: Final = "bar"


class BarProgram:
    """An exported generator of bars.

    Threading: safe from any thread; bars are generated one at a time.

    Args:
        flatbuffer: A LiteRT program with a signature ``bar`` (``previous``, ``noise``,
            ``meter`` to ``scores``).

    Attributes:
        noise_units: Length of the noise.
        history: Shape of ``previous``: bars, tracks, steps.

    Raises:
        BundleError: The bytes are not such a program.
    """

    def __init__(self, flatbuffer: bytes) -> None:
        self._lock = threading.Lock()
        try:
            self._run = build_interpreter(flatbuffer).get_signature_runner(SIGNATURE)
            shapes = {
                name: tuple(int(size) for size in detail["shape"])
                for name, detail in self._run.get_input_details().items()
            }
            self.noise_units = shapes["noise"][1]
            self.history = shapes["previous"][1:]
            blank = np.zeros(self.history, dtype=np.int32)
            scores = self.bar(blank, np.zeros(self.noise_units, dtype=np.float32), 0)
        except (ValueError, RuntimeError, KeyError, TypeError, IndexError) as error:
            raise BundleError(
                "The bundle's LiteRT program generates no bars; download it again."
            ) from error
        if scores.ndim != 3 or not np.isfinite(scores).all():
            raise BundleError("The bundle's LiteRT program computes no scores; download it again.")

    def bar(
        self, previous: NDArray[np.int32], noise: NDArray[np.float32], meter: int
    ) -> NDArray[np.float32]:
        """Generate one bar.

        Args:
            previous: Ids of the previous bars, ``(bars, tracks, steps)``.
            noise: ``(noise_units,)``, standard normal.
            meter: Index of the meter.

        Returns:
            Scores ``(tracks, steps, event_ids)``; the argmax of each step is the choice.
        """
        with self._lock:
            found = self._run(
                previous=previous[None].astype(np.int32),
                noise=noise[None].astype(np.float32),
                meter=np.array([meter], dtype=np.int32),
            )
        scores: NDArray[np.float32] = found["scores"][0]
        return scores
