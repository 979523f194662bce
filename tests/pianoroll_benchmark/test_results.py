"""The saved networks of the published tables are whole, and the document says their figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from magenta_bridge.pianoroll_benchmark.network_model import NetworkModel
from magenta_bridge.pianoroll_benchmark.recipe import SIZES, RollKind, recipe_for
from magenta_bridge.pianoroll_benchmark.results import load_row
from tests.pianoroll_benchmark.test_roll import roll

ROOT = Path(__file__).parents[2]
ROWS = sorted((ROOT / "benchmarks" / "runs").iterdir())
DOCUMENT = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", ROWS, ids=lambda folder: folder.name)
def test_a_saved_row_is_the_recipes_and_predicts(folder: Path) -> None:
    """What is saved was made by the recipe of today, and held notes cost less than leaps."""
    row, network = load_row(folder)
    kind = RollKind(row.dataset, row.cell, row.size, row.output)
    assert folder.name == kind.name
    assert row.parameters == network.count_params() <= SIZES[row.size]
    recipe = recipe_for(kind, row.saved_seed)
    assert {**recipe.network, "units": list(recipe.network["units"])} == {
        **row.network,
        "lookback": tuple(row.network["lookback"]),
    }
    training = {**vars(recipe.training), "transpose": list(recipe.training.transpose)}
    assert training == row.training
    chord = {27, 39, 43, 48}
    held, leaps = roll(*[chord] * 9), roll(*[chord] * 8, {21, 70})
    model = NetworkModel(network)
    assert model.nats(held)[-1] < model.nats(leaps)[-1]
    assert np.isfinite(model.nats(leaps)).all()


@pytest.mark.parametrize("folder", ROWS, ids=lambda folder: folder.name)
def test_the_document_says_the_row_and_its_command(folder: Path) -> None:
    row, _ = load_row(folder)
    figure = f"**{row.mean:.2f}**"
    spread = f"± {row.deviation:.2f}" if len(row.seeds) > 1 else "(one seed)"
    assert f"{figure} {spread}" in DOCUMENT
    assert f"--dataset {row.dataset} --from benchmarks/runs/{folder.name}" in DOCUMENT
