"""What measuring must know of an encoding to feed a network."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Reader(Protocol):
    """Turns encoded pieces into the inputs of a network.

    Attributes:
        event_ids: Ids a network chooses among.
    """

    event_ids: int

    def blank(self, batch: int, steps: int) -> dict[str, NDArray[Any]]:
        """Returns network inputs of padding alone."""

    def fill(
        self,
        inputs: dict[str, NDArray[Any]],
        row: int,
        fed: NDArray[np.int32],
        first: int,
        steps: int,
    ) -> None:
        """Writes ``fed[first : first + steps]`` and its context into a row."""

    def places(self, fed: NDArray[np.int32]) -> NDArray[np.int64] | None:
        """Returns a number for each foretold step that is known beforehand, ``(steps,)``.

        None where there is nothing to tell.
        """
