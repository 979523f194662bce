"""Which recipe a ``train`` command line asks for."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from magenta_bridge.errors import InvalidArgumentError, UnsupportedError
from magenta_bridge.generators.shipped import find_bundle
from magenta_bridge.training.families import Split
from magenta_bridge.training.own_music import fit_to_size, go_on_from, own_recipe
from magenta_bridge.training.recipe import Recipe, read_recipe
from magenta_bridge.training.session import network_config

_FAMILY: Final = "lstm"
_ENCODING: Final = "melody"


@dataclass(frozen=True)
class Wanted:
    """What is to be trained.

    Attributes:
        recipe: How.
        start: Keras archive to go on from; empty for none.
        fixed: The recipe is not fitted to the amount of music.
        epochs: Most epochs, asked for on the command line; None for the recipe's.
    """

    recipe: Recipe
    start: bytes
    fixed: bool
    epochs: int | None

    def fitted(self, split: Split) -> Recipe:
        """Returns the recipe for this music."""
        recipe = self.recipe if self.fixed else fit_to_size(self.recipe, split)
        if self.epochs is None:
            return recipe
        training = dataclasses.replace(recipe.training, epochs=self.epochs)
        return dataclasses.replace(recipe, training=training)


def wanted_recipe(
    recipe_file: Path | None,
    *,
    output: Path | None,
    family: str | None,
    encoding: str | None,
    start: str | None,
    epochs: int | None,
) -> Wanted:
    """Reads what a command line asks for.

    Args:
        recipe_file: A recipe, which decides all.
        output: The bundle to write, which gives its name.
        family: Family; that of ``start``, or LSTM, where it is None.
        encoding: Encoding; that of ``start``, or melody, where it is None.
        start: Bundle to go on from.
        epochs: Most epochs.

    Raises:
        MagentaBridgeError: The recipe or the bundle cannot be used.
    """
    if recipe_file is not None:
        return Wanted(read_recipe(recipe_file), b"", fixed=True, epochs=epochs)
    name = _bundle_id(output.stem if output is not None else "my_melody")
    if start is None:
        recipe = own_recipe(name, family or _FAMILY, encoding or _ENCODING)
        return Wanted(recipe, b"", fixed=False, epochs=epochs)
    bundle = find_bundle(start)
    held = (str(bundle.traits.get("family", "")), str(bundle.traits.get("encoding", "")))
    if (family or held[0], encoding or held[1]) != held:
        raise InvalidArgumentError(
            f"{start} is a {held[0]} of {held[1]}; to train it on, leave out --family and "
            "--encoding."
        )
    if held[0] == "gan":
        raise UnsupportedError(f"{start} is adversarial and cannot be trained on; train it anew.")
    network = network_config(bundle.network, *held)
    recipe = go_on_from(own_recipe(name, *held), network)
    return Wanted(recipe, bundle.network, fixed=False, epochs=epochs)


def _bundle_id(stem: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")
    if not name:
        raise InvalidArgumentError(f"Name the bundle with letters, not {stem!r}.")
    return name
