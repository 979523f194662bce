"""Progress of a search: lines without a terminal, a live table on one."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from rich.console import Console

from magenta_bridge.cli.progress import progress_table
from magenta_bridge.cli.progress.progress_table import ProgressTable
from magenta_bridge.lab.search import SearchResult
from magenta_bridge.lab.search.space import Objective
from magenta_bridge.lab.search.study import Ranking, TrialSummary
from magenta_bridge.training.checkpoint import Progress

RUNNING = TrialSummary(1, "gru", {"layers": 2, "units": 64}, "running", None, 0, None, "")
FINISHED = dataclasses.replace(RUNNING, state="finished", value=0.75, epochs=1, microseconds=41.4)


def _state(row: TrialSummary) -> SearchResult:
    ranking = Ranking(Objective("likelihood", "nats per step", "", ("gru",)), [row])
    return SearchResult(Path("out"), [ranking], 3, {}, row)


def _show(table: ProgressTable) -> None:
    table.on_trial(_state(RUNNING))
    table.on_batch(0, 1, 4, 32, 2.0)
    progress = Progress(epoch=1)
    progress.record(validation_loss=0.8, seconds=2.0)
    table.on_epoch(progress)
    table.on_trial(_state(FINISHED))
    table.on_message("Exporting ...")
    table.close()


def test_without_a_terminal_each_event_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    _show(ProgressTable())
    assert capsys.readouterr().err.splitlines() == [
        "trial 1 (0 of 3 done): gru, 2x64",
        "  trial 1, epoch 1: validation 0.8000, 2 s",
        "  trial 1 finished at 0.7500, 41 µs per step",
        "Exporting ...",
    ]


def test_a_terminal_shows_one_table_that_stays(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def terminal(**options: object) -> Console:
        return Console(force_terminal=True, width=100, color_system=None, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(progress_table, "Console", terminal)
    _show(ProgressTable())
    shown = capsys.readouterr().err
    last = shown[shown.rindex("rank") :]
    assert "0.7500" in last
    assert "41" in last
    assert shown.endswith("Exporting ...\n")
