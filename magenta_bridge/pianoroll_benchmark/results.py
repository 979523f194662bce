"""Rows of the published tables, saved so that anyone can recompute them in under a minute."""

from __future__ import annotations

import io
import json
import statistics
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.errors import FileFormatError, NotFoundError
from magenta_bridge.files import save_bytes
from magenta_bridge.pianoroll_benchmark.network import RollNetwork

_FACTS: Final = "row.json"
_WEIGHTS: Final = "weights.npz"


@dataclass(frozen=True)
class SeedResult:
    """What one training came to.

    Attributes:
        seed: Its seed.
        epochs: Epochs trained.
        best_epoch: Epoch whose weights were kept, counted from 1.
        minutes: Time spent training.
        validation: Nats per frame of the validation pieces.
        test: Nats per frame of the test pieces.
    """

    seed: int
    epochs: int
    best_epoch: int
    minutes: float
    validation: float
    test: float


@dataclass(frozen=True)
class Row:
    """A row: one kind of network, trained with several seeds, of which one is saved.

    Attributes:
        dataset: One of ``rolls.DATASETS``.
        cell: ``lstm``, ``gru`` or ``rnn``.
        size: Name of the size, e.g. ``300k``.
        output: ``sigmoid`` or ``joint``.
        parameters: Weights of the network.
        network: Arguments of ``RollNetwork``.
        training: How it learned, for the record.
        seeds: One result a seed.
        saved_seed: Seed whose weights are saved: the one that validation prefers.
    """

    dataset: str
    cell: str
    size: str
    output: str
    parameters: int
    network: Mapping[str, Any]
    training: Mapping[str, Any]
    seeds: Sequence[SeedResult]
    saved_seed: int

    @property
    def mean(self) -> float:
        """Mean over the seeds of nats per frame of the test pieces."""
        return statistics.fmean(each.test for each in self.seeds)

    @property
    def deviation(self) -> float:
        """Standard deviation of the same over the seeds (n - 1); 0 for a single seed."""
        return statistics.stdev(each.test for each in self.seeds) if len(self.seeds) > 1 else 0.0


def save_row(folder: Path, row: Row, weights: Sequence[NDArray[np.float32]]) -> None:
    """Writes a row, with weights of half precision.

    Raises:
        MagentaBridgeError: The folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    packed = io.BytesIO()
    halves = {f"w{index}": each.astype(np.float16) for index, each in enumerate(weights)}
    np.savez_compressed(packed, **halves)  # type: ignore[arg-type]
    save_bytes(folder / _WEIGHTS, packed.getvalue())
    save_bytes(folder / _FACTS, (json.dumps(asdict(row), indent=1) + "\n").encode())


def load_row(folder: Path) -> tuple[Row, Any]:
    """Reads a saved row.

    Returns:
        The row and its network, with the saved weights.

    Raises:
        NotFoundError: The folder holds no row.
        FileFormatError: Its files are damaged.
    """
    try:
        text = (folder / _FACTS).read_text(encoding="utf-8")
        packed = (folder / _WEIGHTS).read_bytes()
    except OSError as error:
        raise NotFoundError(
            f"{folder} holds no saved row: {error.strerror}, {error.filename}."
        ) from error
    try:
        held = json.loads(text)
        row = Row(**{**held, "seeds": [SeedResult(**each) for each in held["seeds"]]})
        network = RollNetwork(**row.network)
        network.build()
        network.set_weights(_read_weights(packed))
    except (ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
        raise FileFormatError(f"The row saved in {folder} is damaged: {error}") from error
    return row, network


def _read_weights(packed: bytes) -> list[NDArray[np.float32]]:
    with np.load(io.BytesIO(packed), allow_pickle=False) as held:
        return [held[f"w{index}"].astype(np.float32) for index in range(len(held.files))]
