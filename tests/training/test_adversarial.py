"""Adversarial training: its curves, its judge, and what a cut costs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest

from magenta_bridge.data.splits import Split
from magenta_bridge.encodings import bars as pianoroll
from magenta_bridge.encodings.meters import METERS
from magenta_bridge.errors import TrainingError
from magenta_bridge.recipe import BundleRecipe, Recipe, TrainingRecipe
from magenta_bridge.training import adversarial
from magenta_bridge.training.adversarial import train_adversarial
from magenta_bridge.training.checkpoint import Progress, Run
from tests.data.pieces import draw_tune
from tests.training.step_by_step import step_by_step
from tests.training.tiny_run import Witness

RECIPE = Recipe(
    bundle=BundleRecipe(id="tiny", description="Tiny.", family="gan"),
    network={"units": 8, "critic_units": 8, "embedding_units": 4},
    training=TrainingRecipe(seed=7, epochs=2, patience=2, batch=16, learning_rate=1e-2),
)
pytestmark = pytest.mark.timeout(600)
CURVES = {"critic", "real", "made", "nats", "loss", "validation_loss", "seconds"}


def tiny_split(meter: tuple[int, int] = (4, 4)) -> Split:
    """Return four tunes of eight bars to learn from and two on each other side."""
    tunes = [draw_tune(seed, 8 * 16, meter=meter) for seed in range(8)]
    return Split(train=tunes[:4], validation=tunes[4:6], test=tunes[6:])


def run_tiny(folder: Path, witness: Witness | None = None) -> Progress:
    """Train in a folder, or goes on there."""
    return train_adversarial(RECIPE, tiny_split(), Run(folder), witness or Witness())


@pytest.fixture(scope="module", autouse=True)
def _at_a_small_scale() -> Iterator[None]:
    """Few short songs are generated and judged, and no graphs made."""
    small = {
        "_VALIDATION_SONGS": 64,
        "_VALIDATION_BARS": 4,
        "_HISTORY_SONGS": 64,
        "_HISTORY_BARS": 9,
    }
    with step_by_step(), pytest.MonkeyPatch.context() as patch:
        for name, count in small.items():
            patch.setattr(adversarial, name, count)
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Progress]:
    """Two epochs in one go; tests leave its folder as it is."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, run_tiny(folder)


def test_every_epoch_has_its_curves(whole: tuple[Path, Progress]) -> None:
    """The critic's among them; what is predicted gets better, and the nearest epoch is kept."""
    _, progress = whole
    assert set(progress.history) == CURVES
    assert {len(values) for values in progress.history.values()} == {2}
    assert all(np.isfinite(values).all() for values in progress.history.values())
    assert progress.history["nats"][-1] < progress.history["nats"][0]
    distances = progress.history["validation_loss"]
    assert progress.best_epoch == int(np.argmin(distances)) + 1
    assert progress.best_loss == min(distances)
    assert all(0.0 < each < 1.0 for each in distances)


def test_a_cut_costs_the_epoch_under_way(whole: tuple[Path, Progress], tmp_path: Path) -> None:
    """What goes on equals what was never cut, history included."""

    def interrupt(epoch: int, batch: int) -> None:
        if (epoch, batch) == (1, 2):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_tiny(tmp_path, Witness(interrupt))
    keras.utils.set_random_seed(99)
    resumed = Witness()
    progress = run_tiny(tmp_path, resumed)
    assert resumed.epochs == [2]
    folder, uncut = whole
    for name in CURVES - {"seconds"}:
        np.testing.assert_allclose(
            progress.history[name], uncut.history[name], rtol=1e-4, atol=1e-5, err_msg=name
        )
    one, other = (
        Run(each).load_model(found).get_weights()
        for each, found in ((tmp_path, progress), (folder, uncut))
    )
    for mine, theirs in zip(one, other, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-3, atol=1e-4)


def test_another_recipe_is_refused(whole: tuple[Path, Progress]) -> None:
    other = dataclasses.replace(RECIPE, network={**RECIPE.network, "adversarial_weight": 0.2})
    with pytest.raises(TrainingError, match="another recipe"):
        train_adversarial(other, tiny_split(), Run(whole[0]), Witness())


def test_bars_that_do_not_fit_are_said_in_words(tmp_path: Path) -> None:
    """9/8 has bars of eighteen sixteenths."""
    assert (9, 8) in METERS
    assert pianoroll.STEPS < 18
    with pytest.raises(TrainingError, match=r"too little music in bars of 12 or 16 sixteenths"):
        train_adversarial(RECIPE, tiny_split((9, 8)), Run(tmp_path), Witness())
