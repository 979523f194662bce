"""A search of small networks; the tests run it here, and in processes that they kill.

As a program it takes a folder for the search, the families with commas, trials and epochs.
"""

from __future__ import annotations

import sys
from pathlib import Path

from magenta_bridge.lab.search.run import SearchJob, run_search
from magenta_bridge.lab.search.space import Categorical, Range, Space

TUNES = Path(__file__).parents[2] / "data" / "midi"

_STEPS: Space = (
    Range("layers", 1, 2, 1, step=1),
    Range("units", 8, 16, 8, step=8),
    Categorical("embedding_units", (8,), 8),
    Range("learning_rate", 1e-3, 1e-2, 5e-3),
    Categorical("window_steps", (64,), 64),
)
_BARS: Space = (
    Categorical("units", (8,), 8),
    Categorical("critic_units", (8,), 8),
    Categorical("embedding_units", (4,), 4),
    Range("learning_rate", 1e-3, 1e-2, 5e-3),
)


def small_spaces(family: str, encoding: str) -> Space:
    """Returns networks of a second."""
    del encoding
    return _BARS if family == "gan" else _STEPS


def a_job(output: Path, families: str = "lstm,gru", **changes: object) -> SearchJob:
    """Returns a search of the test tunes: two trials of one epoch."""
    words: dict[str, object] = {
        "data": TUNES,
        "families": tuple(families.split(",")),
        "encoding": "melody",
        "trials": 2,
        "seconds": None,
        "epochs": 1,
        "output": output,
        "as_json": False,
        **changes,
    }
    return SearchJob(**words)  # type: ignore[arg-type]


if __name__ == "__main__":
    folder, names, trials, epochs = sys.argv[1:]
    run_search(a_job(Path(folder), names, trials=int(trials), epochs=int(epochs)), small_spaces)
