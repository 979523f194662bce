"""A search of small networks, for tests in this process and in processes that they kill.

As a program it takes a folder for the search, the families with commas, trials and epochs.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from magenta_bridge.cli.progress import print_message
from magenta_bridge.lab.search import SearchResult, search
from magenta_bridge.lab.search.space import Parameter, Space

TUNES = Path(__file__).parents[2] / "data" / "midi"


def only(name: str, value: int) -> Parameter:
    """Return a parameter with one value."""
    return Parameter(name, CategoricalDistribution((value,)), value)


_RATE = Parameter("learning_rate", FloatDistribution(1e-3, 1e-2, log=True), 5e-3)
_STEPS: Space = (
    Parameter("layers", IntDistribution(1, 2), 1),
    Parameter("units", IntDistribution(8, 16, step=8), 8),
    only("embedding_units", 8),
    _RATE,
    only("window_steps", 64),
)
_BARS: Space = (only("units", 8), only("critic_units", 8), only("embedding_units", 4), _RATE)


def small_spaces(family: str, encoding: str) -> Space:
    """Return networks that train in a second."""
    del encoding
    return _BARS if family == "gan" else _STEPS


def search_small(output: Path, families: str = "lstm,gru", **changes: Any) -> SearchResult:  # noqa: ANN401 - arguments of search
    """Search on the test tunes: two trials of one epoch."""
    arguments = {"data": TUNES, "trials": 2, "epochs": 1, "spaces": small_spaces, **changes}
    return search(families=families.split(","), output=output, **arguments)


if __name__ == "__main__":
    folder, names, trials, epochs = sys.argv[1:]
    search_small(
        Path(folder),
        names,
        trials=int(trials),
        epochs=int(epochs),
        on_message=print_message,
    )
