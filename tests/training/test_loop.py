"""Training learns, stops early, and goes on after a cut as if there had been none."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from magenta_bridge.errors import InvalidArgumentError, NotFoundError, TrainingError
from magenta_bridge.files import LOCK
from magenta_bridge.training.checkpoint import Progress, Run
from tests.limited_files import limited_files
from tests.training.tiny_run import Witness, run_tiny, with_training

FIGURES = ("loss", "validation_loss", "validation_accuracy")
BATCHES = 6  # 16 tunes of 64 steps in windows of 24 are 48 windows, 8 in a batch


class Whole:
    """A run that nothing disturbed."""

    def __init__(self, folder: Path) -> None:
        self.run = Run(folder)
        self.witness = Witness()
        self.progress = run_tiny(folder, self.witness)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """Four epochs in one go; tests leave its folder as it is."""
    return Whole(tmp_path_factory.mktemp("whole"))


def final_weights(run: Run, progress: Progress) -> Iterator[NDArray[np.float32]]:
    """Yield the weights of a run's last epoch."""
    yield from run.load_model(progress).get_weights()


def assert_same_run(folder: Path, progress: Progress, whole: Whole) -> None:
    """Hold a run against the undisturbed one: figures, best epoch, weights."""
    for figure in FIGURES:
        np.testing.assert_allclose(
            progress.history[figure], whole.progress.history[figure], rtol=1e-5, atol=1e-6
        )
    assert (progress.epoch, progress.best_epoch) == (4, whole.progress.best_epoch)
    weights = final_weights(Run(folder), progress)
    for one, other in zip(weights, final_weights(whole.run, whole.progress), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def files(folder: Path) -> list[str]:
    """Return the names of a folder's files."""
    return sorted(file.name for file in folder.iterdir())


def test_loss_goes_down(whole: Whole) -> None:
    """Every epoch has its figures, and the last loss is well below the first."""
    history = whole.progress.history
    assert {len(values) for values in history.values()} == {4}
    assert history["loss"][-1] < 0.8 * history["loss"][0]
    assert history["validation_loss"][-1] < 0.9 * history["validation_loss"][0]
    assert whole.progress.best_loss == min(history["validation_loss"])
    assert whole.progress.finished


def test_watcher_sees_every_batch(whole: Whole) -> None:
    """Place count on, each batch states its steps, epochs come in order."""
    places = [(epoch, batch) for epoch, batch, *_ in whole.witness.batches]
    assert places == [(e, b) for e in range(4) for b in range(1, BATCHES + 1)]
    assert {(n, steps) for _, _, n, steps, _ in whole.witness.batches} == {(BATCHES, 8 * 24)}
    assert all(np.isfinite(loss) for *_, loss in whole.witness.batches)
    assert whole.witness.epochs == [1, 2, 3, 4]


def test_folder_holds_one_checkpoint_and_the_best_weights(whole: Whole) -> None:
    """Older checkpoints and half-written files are gone; the state can be read by anyone."""
    names = [LOCK, "best.weights.h5", "epoch-004.keras", "state.json"]
    assert files(whole.run.folder) == names
    state = json.loads((whole.run.folder / "state.json").read_text(encoding="utf-8"))
    assert state["history"] == whole.progress.history


def test_finished_run_is_not_trained_again(whole: Whole) -> None:
    """The same command again returns at once what was reached."""
    witness = Witness()
    again = run_tiny(whole.run.folder, witness)
    assert witness.batches == []
    assert (again.epoch, again.history) == (whole.progress.epoch, whole.progress.history)


def test_interrupt_and_resume_equal_one_run(whole: Whole, tmp_path: Path) -> None:
    """An interrupt in the second epoch costs that epoch alone; the result is the same."""

    def interrupt(epoch: int, batch: int) -> None:
        if (epoch, batch) == (1, 3):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_tiny(tmp_path, Witness(interrupt))
    resumed = Witness()
    progress = run_tiny(tmp_path, resumed)
    assert resumed.epochs == [2, 3, 4]
    assert_same_run(tmp_path, progress, whole)


def test_killed_process_and_resume_equal_one_run(
    whole: Whole, tmp_path: Path, repository: Path
) -> None:
    """A process killed without warning in its third epoch leaves a run to go on with.

    Files that a kill in the middle of saving leaves half written are passed over and cleared.
    """
    command = [sys.executable, "-m", "tests.training.trainee", str(tmp_path)]
    with subprocess.Popen(
        command, cwd=repository, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as trainee:
        assert trainee.stdout is not None
        said = trainee.stdout.readline()
        trainee.kill()
    assert said == "third epoch\n"
    for name in (".magenta-bridge.new-1.keras", ".magenta-bridge.new-2", "epoch-003.keras"):
        (tmp_path / name).write_bytes(b"half")
    resumed = Witness()
    progress = run_tiny(tmp_path, resumed)
    assert resumed.epochs == [3, 4]
    assert_same_run(tmp_path, progress, whole)
    assert files(tmp_path) == files(whole.run.folder)


def test_a_full_disk_is_one_error_and_the_last_checkpoint_is_kept(
    whole: Whole, tmp_path: Path
) -> None:
    folder = shutil.copytree(whole.run.folder, tmp_path / "run")
    run, before = Run(folder), files(folder)
    model = run.load_model(whole.progress)
    later = dataclasses.replace(whole.progress, epoch=5, best_epoch=5)
    for size in (0, 2000):
        with limited_files(size), pytest.raises(NotFoundError, match="Free some space"):
            run.save(later, model)
    assert files(folder) == before
    assert json.loads((folder / "state.json").read_bytes())["epoch"] == 4


def test_two_trainings_in_one_folder_are_refused(tmp_path: Path) -> None:
    with (
        Run.locked(tmp_path),
        pytest.raises(TrainingError, match="Another training is running"),
    ):
        run_tiny(tmp_path)


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "song.mid").touch()
    with pytest.raises(InvalidArgumentError, match="not of a training"):
        run_tiny(tmp_path)
    assert files(tmp_path) == ["song.mid"]


def test_early_stopping_keeps_the_best_weights(tmp_path: Path) -> None:
    """Training ends ``patience`` epochs after the best one, whose weights are kept."""
    run = Run(tmp_path)
    after_epoch: dict[int, bytes] = {}

    def keep(epoch: int, batch: int) -> None:
        if batch == 1 and epoch:
            after_epoch[epoch] = run.best_weights.read_bytes()

    recipe = with_training(epochs=50, patience=2, learning_rate=30.0)
    progress = run_tiny(tmp_path, Witness(keep), recipe)
    assert progress.epoch == progress.best_epoch + 2 < 50
    assert progress.finished
    assert np.argmin(progress.history["validation_loss"]) + 1 == progress.best_epoch
    assert run.best_weights.read_bytes() == after_epoch[progress.best_epoch]


def test_other_recipe_is_refused(whole: Whole) -> None:
    """A run goes on with its own recipe only."""
    with pytest.raises(TrainingError, match="another recipe"):
        run_tiny(whole.run.folder, recipe=with_training(seed=8))


@pytest.mark.parametrize("state", ["", "{", "[]", '{"epok": 1}', "\xff"])
def test_damaged_state_is_refused(tmp_path: Path, state: str) -> None:
    """The message names the file and says what to do."""
    (tmp_path / "state.json").write_bytes(state.encode("latin-1"))
    with pytest.raises(TrainingError, match=r"state\.json is damaged; choose another folder"):
        run_tiny(tmp_path)


@pytest.mark.parametrize("left", [0, 2_000])
def test_damaged_checkpoint_is_refused(whole: Whole, tmp_path: Path, left: int) -> None:
    """A checkpoint that lost its end, or is missing, is not taken for a fresh start."""
    state = json.loads((whole.run.folder / "state.json").read_text(encoding="utf-8"))
    state["finished"] = False
    (tmp_path / "state.json").write_text(json.dumps(state), encoding="utf-8")
    checkpoint = (whole.run.folder / "epoch-004.keras").read_bytes()
    if left:
        (tmp_path / "epoch-004.keras").write_bytes(checkpoint[:left])
    with pytest.raises(TrainingError, match=r"epoch-004\.keras cannot be read"):
        run_tiny(tmp_path)


def test_fresh_process_goes_on_with_a_run(tmp_path: Path) -> None:
    """A new process, which has built no network yet, loads the saved one."""
    run_tiny(tmp_path, recipe=with_training(epochs=1))
    code = (
        "import sys; from pathlib import Path; "
        "from tests.training.tiny_run import run_tiny, with_training; "
        "print(run_tiny(Path(sys.argv[1]), recipe=with_training(epochs=1)).epoch)"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["1"]
