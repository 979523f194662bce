"""How each kind of family is trained, exported and measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from magenta_bridge.cli import adversarial_training, step_training
from magenta_bridge.cli.training_report import Report
from magenta_bridge.errors import NotFoundError
from magenta_bridge.models.registry import network_kinds
from magenta_bridge.training.checkpoint import Progress, Run
from magenta_bridge.training.families import Split
from magenta_bridge.training.loop import Watcher
from magenta_bridge.training.recipe import Recipe


class Trainer(Protocol):
    """How one kind of family is trained; see ``step_training``."""

    def learn(
        self, recipe: Recipe, split: Split, run: Run, watcher: Watcher, start: bytes
    ) -> Progress:
        """Trains, or goes on."""

    def trained(self, recipe: Recipe, run: Run) -> Any:  # noqa: ANN401 - Keras has no types
        """Returns the network with the best weights of a run."""

    def write(self, path: Path, recipe: Recipe, split: Split, network: Any) -> None:  # noqa: ANN401
        """Exports the network and writes its bundle."""

    def measure(
        self,
        recipe: Recipe,
        split: Split,
        progress: Progress,
        network: Any,  # noqa: ANN401
        *,
        bundle: Path,
        command: str,
    ) -> Report:
        """Measures the bundle on held-out music."""


def trainer_of(recipe: Recipe) -> Trainer:
    """Returns what trains a recipe's family."""
    return adversarial_training if recipe.bundle.family == "gan" else step_training


def check_kind(family: str, encoding: str) -> None:
    """Makes sure that there is a network for a pair of family and encoding.

    Raises:
        NotFoundError: There is none; the message names those there are.
    """
    kinds = (*network_kinds(), *adversarial_training.KINDS)
    if (family, encoding) not in kinds:
        known = ", ".join(f"{one} of {other}" for one, other in sorted(kinds))
        raise NotFoundError(f"There is no {family} of {encoding} to train; there is {known}.")
