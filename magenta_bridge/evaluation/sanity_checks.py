"""The checks that samples of every shipped bundle must pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from magenta_bridge.evaluation.features.base import FeatureSet
from magenta_bridge.evaluation.features.statistics import PercentileRange

_MOST_STUCK: Final = 0.02


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes:
        name: The condition, in words.
        found: The value.
        passed: Whether the condition holds.
    """

    name: str
    found: str
    passed: bool


def check_music(
    features: FeatureSet,
    human: Mapping[str, PercentileRange],
    machine: Mapping[str, PercentileRange],
) -> list[Check]:
    """Compare generated music with human music.

    Args:
        features: The features to compare.
        human: Features of held-out pieces.
        machine: Features of samples.
    """
    stuck, silent = machine["stuck"].mean, machine["silent"].mean
    checks = [
        Check(f"stuck samples under {_MOST_STUCK:.0%}", f"{stuck:.1%}", stuck < _MOST_STUCK),
        Check("no silent sample", f"{silent:.1%}", silent == 0.0),
    ]
    for name in features.checked:
        low, mean, high = human[name].low, machine[name].mean, human[name].high
        checks.append(
            Check(
                f"{features.labels[name]}: mean within the middle 90 % of held-out {features.noun}",
                f"{mean:.2f} in {low:.2f} to {high:.2f}",
                low <= mean <= high,
            )
        )
    return checks
