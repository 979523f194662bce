"""The trials of a search that one yardstick compares, from hyperparameters to recipes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from magenta_bridge.data.splits import Split
from magenta_bridge.lab.search.leaderboard import Ranking
from magenta_bridge.lab.search.objectives import Objective, yardsticks_of
from magenta_bridge.lab.search.space import Space, recipe_with
from magenta_bridge.lab.search.study import Attempt, SearchStudy, TrialSummary, open_storage
from magenta_bridge.recipe import Recipe
from magenta_bridge.training.default_recipes import fit_to_size, own_recipe

Spaces = Callable[[str, str], Space]


@dataclass(frozen=True)
class ObjectiveStudy:
    """The trials that one yardstick compares.

    Attributes:
        yardstick: The yardstick.
        study: The trials so far.
        recipes: What ``train`` would do, by family.
    """

    yardstick: Objective
    study: SearchStudy
    recipes: Mapping[str, Recipe]

    def recipe(self, row: TrialSummary | Attempt, number: int) -> Recipe:
        """Returns a trial's recipe."""
        usual = self.recipes[row.family]
        bundle = dataclasses.replace(usual.bundle, id=f"{row.family}_{number:03}")
        return recipe_with(dataclasses.replace(usual, bundle=bundle), row.values)

    def ranking(self) -> Ranking:
        """Returns how the trials stand."""
        return Ranking(self.yardstick, self.study.standings(), self.study.importance())


def trial_folder(output: Path, number: int) -> Path:
    """Returns where a trial lives."""
    return output / "trials" / f"{number:03}"


def usual_recipe(family: str, encoding: str) -> Recipe:
    """Returns what ``train`` would do with music of one's own, before it is fitted to it."""
    return own_recipe(f"best_{family}", family, encoding)


def open_contests(
    path: Path,
    families: Sequence[str],
    encoding: str,
    split: Split,
    *,
    epochs: int | None,
    spaces: Spaces,
) -> list[ObjectiveStudy]:
    """Opens the file of a search, or makes it.

    Args:
        path: The file.
        families: What is searched.
        encoding: Encoding.
        split: The music, whose size decides the usual recipes.
        epochs: Most epochs of a trial; None for the usual.
        spaces: What is searched, by family and encoding.

    Raises:
        TrainingError: The file is damaged.
    """
    storage, contests = open_storage(path), []
    for yardstick in yardsticks_of(families, encoding):
        recipes = {
            family: _fitted(family, encoding, split, epochs) for family in yardstick.families
        }
        first = yardstick.families[0]
        study = SearchStudy(
            storage,
            yardstick.name,
            yardstick.families,
            spaces(first, encoding),
            epochs=recipes[first].training.epochs,
        )
        contests.append(ObjectiveStudy(yardstick, study, recipes))
    return contests


def _fitted(family: str, encoding: str, split: Split, epochs: int | None) -> Recipe:
    recipe = fit_to_size(usual_recipe(family, encoding), split)
    if epochs is None:
        return recipe
    return dataclasses.replace(recipe, training=dataclasses.replace(recipe.training, epochs=epochs))
