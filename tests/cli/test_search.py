"""``magenta-bridge search``: real searches of small networks, killed and resumed, and refusals."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from magenta_bridge.data.splits import load_split
from magenta_bridge.errors import (
    InvalidArgumentError,
    NotFoundError,
    TrainingError,
)
from magenta_bridge.generators.arguments import write_argument
from magenta_bridge.generators.loading import load_generator
from magenta_bridge.lab.search.folder import exclusive_lock
from magenta_bridge.lab.search.objective_study import open_contests, usual_recipe
from magenta_bridge.lab.search.run import run_search
from magenta_bridge.lab.search.scheduler import SearchRunner
from magenta_bridge.lab.search.space import Range, Space
from magenta_bridge.lab.search.study import TrialSummary
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.recipe import read_recipe
from tests.cli.program import ROOT, run_program
from tests.lab.search.searcher import TUNES, a_job, small_spaces

_OUTPUTS = ["best.mag", "best.md", "best.png", "best.toml", "importance.png", "leaderboard.json",
            "leaderboard.md", "pareto.png", "study.db"]  # fmt: skip

# Of the trial that is stopped and killed; more than a machine does between two looks at it.
_EPOCHS = 20


def _table(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "leaderboard.json").read_text(encoding="utf-8"))
    return read


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Returns the folder of a search of two families, two trials of one epoch each."""
    folder = tmp_path_factory.mktemp("search") / "out"
    run_search(a_job(folder), small_spaces)
    return folder


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
    told = (searched / "leaderboard.md").read_text(encoding="utf-8")
    assert f"| 1 | {best['trial']} | {best['family']} |" in told
    assert f"{best['value']:.4f}" in told


@pytest.mark.timeout(600)
def test_every_finished_trial_is_a_bundle_too(searched: Path) -> None:
    for row in _table(searched)["rankings"][0]["trials"]:
        folder = searched / "trials" / f"{row['trial']:03}"
        assert load_generator(folder / f"{row['family']}_{row['trial']:03}.mag")
        assert not list(folder.glob("epoch-*.keras"))


@pytest.mark.timeout(600)
def test_the_same_call_again_has_nothing_to_do(
    searched: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No trial is trained, the held-out pieces are not measured a second time; JSON is one."""
    before = (searched / "best.mag").stat().st_mtime_ns, _table(searched)
    capsys.readouterr()
    run_search(a_job(searched, as_json=True), small_spaces)
    said = capsys.readouterr()
    assert json.loads(said.out) == before[1]
    assert "trial" not in said.err
    assert "Measuring" not in said.err
    assert ((searched / "best.mag").stat().st_mtime_ns, _table(searched)) == before


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
    with pytest.raises(InvalidArgumentError, match=f"holds a search with {named};"):
        run_search(a_job(searched, **changes), small_spaces)


def _fewer_tunes(folder: Path) -> Path:
    """Returns a folder of all test tunes but one."""
    kept = folder / "midi"
    kept.mkdir()
    files = sorted(TUNES.rglob("*.mid"))
    for file in files:
        if file.name != "jig.mid":
            (kept / f"{file.parent.name}-{file.name}").write_bytes(file.read_bytes())
    return kept


@pytest.mark.timeout(600)
def test_two_at_once_are_refused(searched: Path) -> None:
    with exclusive_lock(searched), pytest.raises(TrainingError, match="Another search is at work"):
        run_search(a_job(searched), small_spaces)


def _try_on(folder: Path, families: str, *, trials: int, epochs: int) -> list[TrialSummary]:
    """Goes on with a search as the command does, without making the winner; returns its trials."""
    names = families.split(",")
    split = load_split(usual_recipe(names[0], "melody"), TUNES)
    contests = open_contests(
        folder / "study.db", names, "melody", split, epochs=epochs, spaces=small_spaces
    )
    rounds = SearchRunner(folder, split, contests, trials=trials, deadline=float("inf"))
    rounds.run(lambda _: None)
    return list(contests[0].ranking().standings)


@pytest.fixture
def cut_short(tmp_path: Path) -> Path:
    """Returns the folder of a search whose time was up before its first trial."""
    folder = tmp_path / "out"
    with pytest.raises(TrainingError, match="say the same command again"):
        run_search(a_job(folder, seconds=1e-3), small_spaces)
    return folder


@pytest.mark.timeout(600)
def test_a_trial_that_fails_is_noted_and_the_others_go_on(cut_short: Path) -> None:
    """A checkpoint that cannot be read stands in the first trial's way."""
    (cut_short / "trials" / "001").mkdir(parents=True)
    (cut_short / "trials" / "001" / "state.json").write_text("{", encoding="utf-8")
    done, failed = _try_on(cut_short, "lstm,gru", trials=1, epochs=1)
    assert (done.trial, done.state) == (2, "finished")
    assert (failed.trial, failed.state) == (1, "failed")
    assert "damaged" in failed.reason


def _hopeless(family: str, encoding: str) -> Space:
    rate = Range("learning_rate", 2e38, 3e38, 3e38)
    return (*(dial for dial in small_spaces(family, encoding) if dial.name != rate.name), rate)


@pytest.mark.timeout(600)
def test_a_search_of_failures_alone_ends_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"3 failed, the last one: .*infinity"):
        run_search(a_job(tmp_path / "out"), _hopeless)
    assert not (tmp_path / "out" / "best.mag").exists()


def _epochs_of(folder: Path) -> list[float]:
    """Returns the seconds that each epoch of the first trial took, as its checkpoint tells."""
    try:
        state = json.loads((folder / "trials" / "001" / "state.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    return [float(each) for each in state["history"]["seconds"]]


def _until(folder: Path, epochs: int, process: subprocess.Popen[str]) -> None:
    """Waits until the first trial has saved so many epochs."""
    deadline = time.monotonic() + 240
    while len(_epochs_of(folder)) < epochs:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextlib.contextmanager
def _started(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Yields a process that searches, which does not outlive the test."""
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
def test_a_search_goes_on_after_a_stop_and_a_kill(tmp_path: Path) -> None:
    """Stopped by Ctrl-C, then killed outright, it ends as one trial of one run of epochs."""
    folder = tmp_path / "out"
    with _started(folder) as stopped:
        _until(folder, 2, stopped)
        stopped.send_signal(signal.SIGINT)
        _, said = stopped.communicate(timeout=120)
    assert "0 of 1 trials are done" in said
    assert "the same command goes on" in said
    first = _epochs_of(folder)

    with _started(folder) as killed:
        _until(folder, len(first) + 2, killed)
        killed.kill()
        killed.wait()
    second = _epochs_of(folder)
    assert second[: len(first)] == first  # the epochs before the stop are those of that process
    assert len(second) < _EPOCHS

    (row,) = _try_on(folder, "gru", trials=1, epochs=_EPOCHS)
    assert _epochs_of(folder)[: len(second)] == second
    assert (row.trial, row.state, row.epochs) == (1, "finished", len(_epochs_of(folder)))


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("family", "encoding"), [("lstm", "duo"), ("gan", "drums")])
def test_what_no_network_is_for_is_said_in_words(
    tmp_path: Path, family: str, encoding: str
) -> None:
    with pytest.raises(NotFoundError, match=f"no {family} of {encoding} to train"):
        run_search(a_job(tmp_path / "out", family, encoding=encoding), small_spaces)
    assert not (tmp_path / "out").exists()


@pytest.mark.timeout(600)
def test_a_missing_folder_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="nowhere; name one with music"):
        run_search(a_job(tmp_path / "out", data=tmp_path / "nowhere"), small_spaces)
    assert not (tmp_path / "out").exists()


@pytest.mark.timeout(600)
def test_too_little_music_is_said_in_words(tmp_path: Path) -> None:
    """An empty folder, and then music enough: what was refused is not held against it."""
    (tmp_path / "midi").mkdir()
    job = a_job(tmp_path / "out", data=tmp_path / "midi")
    with pytest.raises(TrainingError, match="at least 12"):
        run_search(job, small_spaces)
    with pytest.raises(TrainingError, match="say the same command again"):
        run_search(dataclasses.replace(job, data=TUNES, seconds=1e-3), small_spaces)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["midi", "--families", "lstm,transformer"], "'transformer' is no family"),
        (["midi", "--families", ""], "is no family"),
        (["midi", "--trials", "0"], "0 is not in the range"),
        (["midi", "--time", "0s"], "not a time"),
        (["midi", "--epochs", "0"], "0 is not in the range"),
        (["midi", "--output", "file"], "is a file"),
    ],
)
def test_a_wrong_command_line_is_said_in_words(tmp_path: Path, words: list[str], said: str) -> None:
    (tmp_path / "midi").mkdir()
    (tmp_path / "file").touch()
    result = run_program("search", *words, cwd=tmp_path)
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "midi"]


@pytest.mark.timeout(300)
def test_another_backend_is_refused_in_words(tmp_path: Path) -> None:
    words: list[str | Path] = ["search", TUNES, "--output", tmp_path / "out"]
    result = run_program(*words, timeout=240, KERAS_BACKEND="jax")
    assert result.returncode == 1
    assert "without KERAS_BACKEND=jax" in result.stderr
    assert "Traceback" not in result.stderr
