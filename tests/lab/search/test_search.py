"""A search in this process, and killed and resumed in others; refusals."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from optuna.distributions import FloatDistribution

from magenta_bridge.arguments import write_argument
from magenta_bridge.data.splits import load_split
from magenta_bridge.errors import (
    InvalidArgumentError,
    NotFoundError,
    TrainingError,
)
from magenta_bridge.files import locked_folder
from magenta_bridge.generators.loading import load_generator
from magenta_bridge.lab import Callbacks
from magenta_bridge.lab.search import SearchResult, space
from magenta_bridge.lab.search.folder import MANIFEST
from magenta_bridge.lab.search.space import Parameter, Space
from magenta_bridge.lab.search.study import TrialSummary, open_studies, usual_recipe
from magenta_bridge.lab.search.trial import run_trials
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.recipe import read_recipe
from tests.cli.program import ROOT, call_program
from tests.lab.search.searcher import TUNES, search_small, small_spaces

_OUTPUTS = ["best.mag", "best.md", "best.png", "best.toml", "importance.png", "leaderboard.json",
            "leaderboard.md", "pareto.png", "study.db"]  # fmt: skip

# Of the trial that is stopped and killed; more than a machine finishes between two polls.
_EPOCHS = 20


def _table(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "leaderboard.json").read_text(encoding="utf-8"))
    return read


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a search of two families, two trials of one epoch each."""
    folder = tmp_path_factory.mktemp("search") / "out"
    done = _call(folder)
    assert done.returncode == 0, done.stderr
    for line in ("trial 1 (0 of 2 done): ", "  trial 1, epoch 1: validation ", "Held out: "):
        assert f"\n{line}" in done.stderr
    assert done.stdout.startswith(f"Wrote {folder / 'best.mag'}: trial ")
    return folder


def _call(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command with small networks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(space, "space_for", small_spaces)
        return call_program(
            "search", TUNES, "--trials", "2", "--epochs", "1", "--output", folder, *words
        )


@pytest.mark.timeout(600)
def test_a_search_leaves_the_winner_as_train_would(searched: Path) -> None:
    """A bundle that generates, with card, curve and recipe; leaderboard and pictures."""
    assert [name for name in _OUTPUTS if not (searched / name).is_file()] == []
    options = GeneratorOptions()
    options.generate_sections.add(start_time=0.0, end_time=8.0)
    write_argument(options, "seed", 3)
    generator = load_generator(searched / "best.mag")
    assert generator.generate(NoteSequence(), options).notes

    (ranking,) = _table(searched)["rankings"]
    best, other = ranking["trials"]
    assert {best["family"], other["family"]} == {"lstm", "gru"}
    assert best["state"] == other["state"] == "finished"
    assert best["value"] <= other["value"]
    speeds = json.loads((searched / "speeds.json").read_text(encoding="utf-8"))
    assert speeds == {str(row["trial"]): row["microseconds"] for row in (best, other)}
    assert min(speeds.values()) > 0
    assert ranking["winner"]["trial"] == best["trial"]
    assert "Held out" in ranking["winner"]["held_out"]

    recipe = read_recipe(searched / "best.toml")
    assert (recipe.bundle.family, recipe.bundle.id) == (best["family"], generator.info.id)
    assert recipe.network["units"] == [best["values"]["units"]] * best["values"]["layers"]
    assert "--recipe best.toml" in (searched / "best.md").read_text(encoding="utf-8")
    board = (searched / "leaderboard.md").read_text(encoding="utf-8")
    assert f"| 1 | {best['trial']} | {best['family']} |" in board
    assert f"{best['value']:.4f}" in board


@pytest.mark.timeout(600)
def test_every_finished_trial_is_a_bundle_too(searched: Path) -> None:
    for row in _table(searched)["rankings"][0]["trials"]:
        folder = searched / "trials" / f"{row['trial']:03}"
        assert load_generator(folder / f"{row['family']}_{row['trial']:03}.mag")
        assert not list(folder.glob("epoch-*.keras"))


@pytest.mark.timeout(600)
def test_the_same_call_again_has_nothing_to_do(
    searched: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """No trial is trained, the held-out pieces are not scored again, and nothing is printed."""
    before = (searched / "best.mag").stat().st_mtime_ns, _table(searched)
    messages: list[str] = []
    states: list[SearchResult] = []
    result = search_small(searched, on_message=messages.append, on_trial=states.append)
    assert json.loads(json.dumps(result.leaderboard)) == before[1]
    assert result.best == searched / "best.mag"
    assert (result.done, result.stopped, len(result.trials)) == (2, False, 2)
    assert str(result.best) in str(result)
    assert states == []
    assert not any("Measuring" in text for text in messages)
    assert ((searched / "best.mag").stat().st_mtime_ns, _table(searched)) == before
    assert capfd.readouterr() == ("", "")
    done = _call(searched, "--json")
    assert json.loads(done.stdout) == before[1]
    assert "trial" not in done.stderr


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"families": "gru"}, "other families"),
        ({"epochs": 2}, "other epochs"),
        ({"encoding": "drums"}, "other encoding"),
        ({"data": None}, "other music"),
    ],
)
def test_a_folder_of_another_search_is_refused(
    searched: Path, tmp_path: Path, changes: dict[str, Any], named: str
) -> None:
    if "data" in changes:
        changes = {"data": _fewer_tunes(tmp_path)}
    with pytest.raises(InvalidArgumentError, match=f"has a search with {named};"):
        search_small(searched, **changes)


def _fewer_tunes(folder: Path) -> Path:
    """Return a folder of all test tunes but one."""
    kept = folder / "midi"
    kept.mkdir()
    files = sorted(TUNES.rglob("*.mid"))
    for file in files:
        if file.name != "jig.mid":
            (kept / f"{file.parent.name}-{file.name}").write_bytes(file.read_bytes())
    return kept


@pytest.mark.timeout(600)
def test_two_at_once_are_refused(searched: Path) -> None:
    with (
        locked_folder(searched, "search", proof=MANIFEST),
        pytest.raises(TrainingError, match="Another search is running"),
    ):
        search_small(searched)


def _resume(folder: Path, families: str, *, trials: int, epochs: int) -> list[TrialSummary]:
    """Resume a search as the command does, without a winner; return its trials."""
    names = families.split(",")
    split = load_split(usual_recipe(names[0], "melody"), TUNES)
    studies = open_studies(
        folder / "study.db", names, "melody", split, epochs=epochs, spaces=small_spaces
    )
    never = float("inf")
    for _ in run_trials(
        folder, split, studies, trials=trials, deadline=never, callbacks=Callbacks()
    ):
        pass
    return studies[0].trials()


@pytest.fixture
def cut_short(tmp_path: Path) -> Path:
    """Return the folder of a search whose time was up before its first trial."""
    folder = tmp_path / "out"
    with pytest.raises(TrainingError, match="repeat the same call"):
        search_small(folder, seconds=1e-3)
    return folder


@pytest.mark.timeout(600)
def test_a_trial_that_fails_is_recorded_and_the_others_continue(cut_short: Path) -> None:
    """The first trial has a checkpoint that cannot be read."""
    (cut_short / "trials" / "001").mkdir(parents=True)
    (cut_short / "trials" / "001" / "state.json").write_text("{", encoding="utf-8")
    done, failed = _resume(cut_short, "lstm,gru", trials=1, epochs=1)
    assert (done.trial, done.state) == (2, "finished")
    assert (failed.trial, failed.state) == (1, "failed")
    assert "damaged" in failed.reason


def _diverging(family: str, encoding: str) -> Space:
    rate = Parameter("learning_rate", FloatDistribution(2e38, 3e38, log=True), 3e38)
    return (*(each for each in small_spaces(family, encoding) if each.name != rate.name), rate)


@pytest.mark.timeout(600)
def test_a_search_of_failures_alone_ends_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"3 failed, the last one: .*infinity"):
        search_small(tmp_path / "out", spaces=_diverging)
    assert not (tmp_path / "out" / "best.mag").exists()


@pytest.mark.timeout(600)
def test_stop_ends_a_search_in_any_thread_and_an_error_of_a_callback_reaches_the_caller(
    tmp_path: Path,
) -> None:
    """Both leave the trial resumable."""
    stop, results = threading.Event(), []

    def search_until_stop() -> None:
        results.append(
            search_small(tmp_path, "gru", epochs=3, on_epoch=lambda _: stop.set(), stop=stop.is_set)
        )

    thread = threading.Thread(target=search_until_stop)
    thread.start()
    thread.join()
    (result,) = results
    assert (result.stopped, result.best, result.done) == (True, None, 0)
    assert [(row.trial, row.state, row.epochs) for row in result.trials] == [(1, "stopped", 1)]

    states: list[SearchResult] = []
    with pytest.raises(ZeroDivisionError):
        search_small(tmp_path, "gru", epochs=3, on_trial=states.append, on_epoch=lambda _: 1 / 0)
    assert [state.latest and state.latest.trial for state in states] == [1]
    state = json.loads((tmp_path / "trials" / "001" / "state.json").read_text(encoding="utf-8"))
    assert state["epoch"] == 2


def _epochs_of(folder: Path) -> list[float]:
    """Return the seconds that each epoch of the first trial took, as its checkpoint states."""
    try:
        state = json.loads((folder / "trials" / "001" / "state.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return [float(each) for each in state["history"]["seconds"]]


def _until(folder: Path, epochs: int, process: subprocess.Popen[str]) -> None:
    """Wait until the first trial has saved so many epochs."""
    deadline = time.monotonic() + 240
    while len(_epochs_of(folder)) < epochs:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextlib.contextmanager
def _started(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Yield a process that searches, which does not outlive the test."""
    words = [
        sys.executable,
        "-m",
        "tests.lab.search.searcher",
        str(folder),
        "gru",
        "1",
        str(_EPOCHS),
    ]
    process = subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    with process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.timeout(600)
def test_a_search_resumes_after_an_interrupt_and_a_kill(tmp_path: Path) -> None:
    """Stopped by Ctrl-C, then killed outright, it ends as one trial of one run of epochs."""
    folder = tmp_path / "out"
    with _started(folder) as stopped:
        _until(folder, 2, stopped)
        stopped.send_signal(signal.SIGINT)
        _, output = stopped.communicate(timeout=120)
    assert "0 of 1 trials are done" in output
    assert "repeat the same call to resume" in output
    first = _epochs_of(folder)

    with _started(folder) as killed:
        _until(folder, len(first) + 2, killed)
        killed.kill()
        killed.wait()
    second = _epochs_of(folder)
    assert second[: len(first)] == first  # the epochs before the stop are those of that process
    assert len(second) < _EPOCHS

    (row,) = _resume(folder, "gru", trials=1, epochs=_EPOCHS)
    assert _epochs_of(folder)[: len(second)] == second
    assert (row.trial, row.state, row.epochs) == (1, "finished", len(_epochs_of(folder)))


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("family", "encoding"), [("lstm", "duo"), ("gan", "drums")])
def test_a_pair_without_a_network_is_refused(tmp_path: Path, family: str, encoding: str) -> None:
    with pytest.raises(NotFoundError, match=f"no {family} of {encoding} to train"):
        search_small(tmp_path / "out", family, encoding=encoding)
    assert not (tmp_path / "out").exists()


@pytest.mark.timeout(600)
def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="nowhere; name one with music"):
        search_small(tmp_path / "out", data=tmp_path / "nowhere")
    assert not (tmp_path / "out").exists()


@pytest.mark.timeout(600)
def test_too_little_music_is_refused(tmp_path: Path) -> None:
    """An empty folder, and then enough music: the refusal leaves no manifest."""
    (tmp_path / "midi").mkdir()
    with pytest.raises(TrainingError, match="at least 12"):
        search_small(tmp_path / "out", data=tmp_path / "midi")
    with pytest.raises(TrainingError, match="repeat the same call"):
        search_small(tmp_path / "out", seconds=1e-3)
