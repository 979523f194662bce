"""A training run on disk: what is needed to go on after a cut, never half written."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras

from magenta_bridge.errors import TrainingError

_STATE = "state.json"
_BEST = "best.weights.h5"


@dataclass
class Progress:
    """How far a run has come.

    Attributes:
        epoch: Epochs finished.
        best_epoch: Epoch (counted from 1) whose weights are kept as the best; 0 for none.
        best_loss: Its validation loss, nats per step.
        history: Per epoch: ``loss``, ``validation_loss``, ``validation_accuracy``, ``seconds``.
        recipe: The recipe as a table; a run goes on only with the same one.
        finished: The run has ended, by its last epoch or by early stopping.
    """

    epoch: int = 0
    best_epoch: int = 0
    best_loss: float = float("inf")
    history: dict[str, list[float]] = field(default_factory=dict)
    recipe: dict[str, Any] = field(default_factory=dict)
    finished: bool = False

    def record(self, **values: float) -> None:
        """Appends one epoch's figures to the history."""
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
    """A folder that holds one training run.

    A checkpoint is written beside the last one and becomes valid by one rename of the state
    file, so that a kill at any moment costs at most the epoch under way.

    Args:
        folder: Created when missing.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def best_weights(self) -> Path:
        """File of the best weights so far."""
        return self.folder / _BEST

    def _model_file(self, epoch: int) -> Path:
        return self.folder / f"epoch-{epoch:03d}.keras"

    def load(self, recipe: dict[str, Any]) -> Progress:
        """Returns the progress saved, or a fresh one.

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
                f"{self.folder / _STATE} is damaged; remove the folder to start again."
            ) from error
        if progress.recipe != json.loads(json.dumps(recipe)):
            raise TrainingError(
                f"{self.folder} holds a run of another recipe or of other music; name another "
                "folder with --run, or remove this one to start again."
            )
        return progress

    def load_model(self, progress: Progress) -> keras.Model:
        """Returns the network with its optimizer as the last finished epoch left them."""
        path = self._model_file(progress.epoch)
        try:
            return keras.saving.load_model(path)
        except (OSError, ValueError) as error:
            raise TrainingError(
                f"The checkpoint {path} cannot be read; remove the folder to start again."
            ) from error

    def save(self, progress: Progress, model: keras.Model) -> None:
        """Makes ``progress`` and the network the state to go on from."""
        model_file = self._model_file(progress.epoch)
        partial = model_file.with_name("partial.keras")
        model.save(partial)
        partial.replace(model_file)
        if progress.best_epoch == progress.epoch:
            partial_best = self.folder / "partial.weights.h5"
            model.save_weights(partial_best)
            partial_best.replace(self.best_weights)
        self.save_state(progress)
        for old in self.folder.glob("epoch-*.keras"):
            if old != model_file:
                old.unlink()

    def drop_checkpoint(self) -> None:
        """Deletes what is needed only to train on; the best weights and the progress stay."""
        for model_file in self.folder.glob("epoch-*.keras"):
            model_file.unlink()

    def save_state(self, progress: Progress) -> None:
        """Writes the state file alone, in one rename."""
        partial = self.folder / "partial.json"
        partial.write_text(json.dumps(asdict(progress), indent=1), encoding="utf-8")
        partial.replace(self.folder / _STATE)
