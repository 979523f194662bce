"""A training run on disk, which can be resumed after any interruption."""

from __future__ import annotations

import contextlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras

from magenta_bridge.errors import TrainingError
from magenta_bridge.files import locked_folder, replacing, save_bytes

_STATE = "state.json"
_BEST = "best.weights.h5"
# What a run writes before its first state, and the recipe and bundle of a search's trial.
_OTHERS = ("best.weights.h5", "epoch-", "logs", "partial.", "recipe.toml")
_WEIGHTS_IN_ARCHIVE = "model.weights.h5"


@dataclass
class Progress:
    """Progress of a run.

    Attributes:
        epoch: Epochs finished.
        best_epoch: Epoch (counted from 1) with the best weights; 0 for none.
        best_loss: Its validation loss, nats per step.
        history: Per epoch: ``loss``, ``validation_loss``, ``validation_accuracy``, ``seconds``.
        recipe: The recipe as a table; a run resumes only with the same one.
        finished: Whether the run has ended, by its last epoch or by early stopping.
    """

    epoch: int = 0
    best_epoch: int = 0
    best_loss: float = float("inf")
    history: dict[str, list[float]] = field(default_factory=dict)
    recipe: dict[str, Any] = field(default_factory=dict)
    finished: bool = False

    def record(self, **values: float) -> None:
        """Append one epoch's figures to the history."""
        for name, value in values.items():
            self.history.setdefault(name, []).append(float(value))

    def line(self, unit: str = "token") -> str:
        """Return the last epoch's scores in one line; ``unit`` is the name of a step."""
        latest = {name: values[-1] for name, values in self.history.items()}
        scores = f"train {latest['loss']:.4f}, validation {latest['validation_loss']:.4f}"
        if "validation_accuracy" in latest:  # an adversarial family has no likelihood
            scores += f" nats/{unit}, accuracy {latest['validation_accuracy']:.1%}"
        best = "  (best so far)" if self.best_epoch == self.epoch else ""
        return f"epoch {self.epoch:3d}: {scores}, {latest['seconds']:.0f} s{best}"

    def __str__(self) -> str:
        return self.line() if self.epoch else "no epoch finished"


class Run:
    """A folder with one training run.

    A checkpoint is written next to the last one and becomes valid by one rename of the state file,
    so that a kill loses at most the current epoch.

    Args:
        folder: Created if missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @classmethod
    @contextlib.contextmanager
    def locked(cls, folder: Path) -> Iterator[Run]:
        """Yield the run in a folder, which no other process can open until the block ends.

        Raises:
            TrainingError: Another training is running there.
            MagentaBridgeError: The folder cannot be used; see ``locked_folder``.
        """
        with locked_folder(folder, "training", proof=_STATE, others=_OTHERS):
            yield cls(folder)

    @property
    def best_weights(self) -> Path:
        """File of the best weights so far."""
        return self.folder / _BEST

    def _model_file(self, epoch: int) -> Path:
        return self.folder / f"epoch-{epoch:03d}.keras"

    def load(self, recipe: dict[str, Any]) -> Progress:
        """Return the progress saved, or a fresh one.

        Raises:
            TrainingError: The folder holds a run of another recipe or other music, or a damaged
                state.
        """
        try:
            text = (self.folder / _STATE).read_bytes()
        except FileNotFoundError:
            return Progress(recipe=recipe)
        try:
            progress = Progress(**json.loads(text))
        except (ValueError, TypeError) as error:
            raise TrainingError(
                f"{self.folder / _STATE} is damaged; choose another folder to start again."
            ) from error
        if progress.recipe != json.loads(json.dumps(recipe)):
            raise TrainingError(
                f"{self.folder} holds a run of another recipe or of other music; name another "
                "folder with --run, or remove this one to start again."
            )
        return progress

    def load_model(self, progress: Progress) -> keras.Model:
        """Return the network with its optimizer as the last finished epoch left them."""
        path = self._model_file(progress.epoch)
        try:
            return keras.saving.load_model(path, safe_mode=True)
        except (OSError, ValueError) as error:
            raise TrainingError(
                f"The checkpoint {path} cannot be read; remove the folder to start again."
            ) from error

    def save(self, progress: Progress, model: keras.Model) -> None:
        """Make ``progress`` and the network the state to go on from.

        Raises:
            NotFoundError: The files cannot be written; the state is still that before.
        """
        model_file = self._model_file(progress.epoch)
        with replacing(model_file, suffix=".keras") as partial:
            model.save(partial)
        if progress.best_epoch == progress.epoch:
            # Keras writes an archive with Python, but a file of weights with HDF5, which prints
            # its own messages when the disk is full.
            with zipfile.ZipFile(model_file) as archive:
                save_bytes(self.best_weights, archive.read(_WEIGHTS_IN_ARCHIVE))
        self.save_state(progress)
        for old in self.folder.glob("epoch-*.keras"):
            if old != model_file:
                old.unlink()

    def drop_checkpoint(self) -> None:
        """Delete what is needed only to train on; the best weights and the progress stay."""
        for model_file in self.folder.glob("epoch-*.keras"):
            model_file.unlink()

    def save_state(self, progress: Progress) -> None:
        """Write the state file alone, in one rename."""
        save_bytes(self.folder / _STATE, json.dumps(asdict(progress), indent=1).encode())
