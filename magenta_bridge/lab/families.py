"""How each kind of family is trained, exported and measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

from magenta_bridge.data.splits import Split
from magenta_bridge.errors import NotFoundError
from magenta_bridge.lab import adversarial_family as adversarial_training
from magenta_bridge.lab import step_family as step_training
from magenta_bridge.lab.model_card import Report
from magenta_bridge.models.registry import network_kinds
from magenta_bridge.recipe import Recipe
from magenta_bridge.training.checkpoint import Progress, Run
from magenta_bridge.training.loop import Watcher


class Trainer(Protocol):
    """How one kind of family is trained; see ``step_training``."""

    def learn(
        self, recipe: Recipe, split: Split, run: Run, watcher: Watcher, start: bytes
    ) -> Progress:
        """Trains, or goes on."""

    def trained(self, recipe: Recipe, run: Run) -> Any:
        """Returns the network with the best weights of a run."""

    def write(self, path: Path, recipe: Recipe, split: Split, network: Any) -> None:
        """Exports the network and writes its bundle."""

    def measure(
        self,
        recipe: Recipe,
        split: Split,
        progress: Progress,
        network: Any,
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
