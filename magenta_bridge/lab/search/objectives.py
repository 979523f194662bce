"""Which families of a search can be compared, and by what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from magenta_bridge.data.dataset import dataset_for


@dataclass(frozen=True)
class Objective:
    """A figure of merit on the validation pieces, lower is better, and whom it compares.

    Attributes:
        name: One word.
        unit: Its unit.
        meaning: What it says, in a sentence.
        families: The families that it compares.
    """

    name: str
    unit: str
    meaning: str
    families: tuple[str, ...]


def yardsticks_of(families: Sequence[str], encoding: str) -> list[Objective]:
    """Returns the yardsticks that a search of these families needs.

    The step families foretell the same ids at the same steps, so their likelihoods compare. The
    adversarial one writes whole bars in other ids and another key, and is chosen by the music
    that it makes (see ``training.adversarial``): its figure is a distance, and stands alone.

    Args:
        families: Model families, in any order.
        encoding: Encoding.
    """
    steps = tuple(family for family in families if family != "gan")
    found = []
    if steps:
        found.append(
            Objective(
                "likelihood",
                f"nats a {dataset_for(encoding).unit}",
                "How well the program that is served foretells whole validation pieces.",
                steps,
            )
        )
    if "gan" in families:
        found.append(
            Objective(
                "distance",
                "distance to human music",
                "How far the music that the network makes from nothing lies from the validation "
                "pieces in pitch classes, intervals, rhythm, density and repetition.",
                ("gan",),
            )
        )
    return found
