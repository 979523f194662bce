"""The speeds of a search's finished trials, measured side by side."""

from __future__ import annotations

import dataclasses
import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from magenta_bridge.evaluation.latency import bar_microseconds, step_microseconds
from magenta_bridge.files import save_bytes
from magenta_bridge.generators.bundle import read_bundle
from magenta_bridge.lab.search.leaderboard import Ranking
from magenta_bridge.lab.search.objective_study import trial_folder
from magenta_bridge.lab.search.study import TrialSummary
from magenta_bridge.runtime.bar_program import BarProgram

_ROUNDS: Final = 3
_KEPT: Final = "speeds.json"


def timer_of(bundle: Path) -> Callable[[], float]:
    """Returns what measures a bundle's program, microseconds a step."""
    held = read_bundle(bundle)
    if held.traits["family"] == "gan":
        bars = BarProgram(held.program.flatbuffer)
        return lambda: bar_microseconds(bars)
    return lambda: step_microseconds(held.program)


def with_speeds(output: Path, rankings: Sequence[Ranking]) -> list[Ranking]:
    """Returns the rankings with all finished trials' speeds of one sitting.

    Each was measured once when it was done, hours apart, on a machine that may have had other
    work then. Here they are measured in turn, the median of several rounds; once for the same
    trials.

    Args:
        output: The folder of the search.
        rankings: One for each yardstick.
    """
    finished = [row for ranking in rankings for row in ranking.finished]
    speeds = _kept(output / _KEPT)
    if set(speeds) != {str(row.trial) for row in finished}:
        speeds = _measure(output, finished)
        save_bytes(output / _KEPT, json.dumps(speeds).encode())
    return [
        dataclasses.replace(
            ranking, standings=[_with_speed(row, speeds) for row in ranking.standings]
        )
        for ranking in rankings
    ]


def _measure(output: Path, rows: Sequence[TrialSummary]) -> dict[str, float]:
    timers = {
        str(row.trial): timer_of(
            trial_folder(output, row.trial) / f"{row.family}_{row.trial:03}.mag"
        )
        for row in rows
    }
    rounds = [{trial: timer() for trial, timer in timers.items()} for _ in range(_ROUNDS)]
    return {trial: statistics.median(each[trial] for each in rounds) for trial in timers}


def _with_speed(row: TrialSummary, speeds: Mapping[str, float]) -> TrialSummary:
    if row.microseconds is None:
        return row
    return dataclasses.replace(row, microseconds=speeds[str(row.trial)])


def _kept(path: Path) -> dict[str, float]:
    try:
        return {str(trial): float(speed) for trial, speed in json.loads(path.read_bytes()).items()}
    except (OSError, ValueError, TypeError, AttributeError):  # then they are measured anew
        return {}
