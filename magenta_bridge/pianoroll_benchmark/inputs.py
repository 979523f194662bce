"""From piano rolls to what ``RollNetwork`` reads and what it should choose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.pianoroll_benchmark.roll import PITCHES, Roll, notes_of

Fed: TypeAlias = tuple[dict[str, Any], NDArray[np.int32], NDArray[np.float32]]

# Notes are filled up to a multiple of this, so that few shapes are compiled.
_NOTES: Final = 1024


def feed(rolls: Sequence[Roll], output: str, *, rows: int, steps: int) -> Fed:
    """Lays rolls side by side, each behind its own beginning.

    Args:
        rolls: ``rows`` at most, each of 2 to ``steps + 1`` frames.
        output: ``sigmoid`` or ``joint``; see ``RollNetwork``.
        rows: Rows of the batch; those that are missing stay empty.
        steps: Predicted frames of a row.

    Returns:
        Inputs of the network, the ids to choose, and the weight of each choice: 1, or 0 where
        there is nothing to predict. Ids and weights are ``(rows, steps, 88)``, or ``(notes,)``.
    """
    frames = np.zeros((rows, steps + 1, PITCHES), dtype=np.uint8)
    for row, roll in enumerate(rolls):
        frames[row, : len(roll)] = roll
    if output == "sigmoid":
        weights = np.zeros((rows, steps, PITCHES), dtype=np.float32)
        for row, roll in enumerate(rolls):
            weights[row, : len(roll) - 1] = 1.0
        return {"frames": frames}, frames[:, 1:].astype(np.int32), weights
    frame, last, chosen = _notes(rolls, steps)
    count = len(chosen)
    spare = (0, -count % _NOTES)
    inputs = {"frames": frames, "frame": np.pad(frame, spare), "last": np.pad(last, spare)}
    weights = np.pad(np.ones(count, dtype=np.float32), spare)
    return inputs, np.pad(chosen, spare), weights


def _notes(rolls: Sequence[Roll], steps: int) -> tuple[NDArray[np.int32], ...]:
    found = [notes_of(roll[1:]) for roll in rolls]
    frame = [(row * steps + each[0]).astype(np.int32) for row, each in enumerate(found)]
    return (
        np.concatenate(frame),
        np.concatenate([each[1] for each in found]),
        np.concatenate([each[2] for each in found]),
    )
