"""From a recipe and a corpus to trained weights."""

from __future__ import annotations

import hashlib
import inspect
import io
import json
import tempfile
import zipfile
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np

from magenta_bridge.data.example import Tune
from magenta_bridge.data.registry import material_for
from magenta_bridge.data.splits import Split
from magenta_bridge.data.windows import WindowSampler
from magenta_bridge.errors import TrainingError, UnsupportedError
from magenta_bridge.models.registry import build_network
from magenta_bridge.recipe import Recipe, as_table
from magenta_bridge.training.checkpoint import Progress, Run
from magenta_bridge.training.loop import TrainingSet, Watcher, train

# The converter to LiteRT reads networks of this backend.
EXPORTING_BACKEND: Final = "tensorflow"


def backend() -> str:
    """Returns the name of Keras's backend in this process."""
    return str(keras.backend.backend())


def build(recipe: Recipe, start: bytes = b"") -> keras.Model:
    """Makes the recipe's network.

    Args:
        recipe: What to train.
        start: Keras archive of a trained network of the same shape, whose weights are the
            beginning; empty for weights drawn at random.

    Raises:
        TrainingError: The archive cannot be read, or is of another shape.
    """
    network = build_network(recipe.bundle.family, recipe.bundle.encoding, recipe.network)
    if start:
        _take_weights(network, start)
    return network


def _beginning(recipe: Recipe, split: Split, start: bytes) -> keras.Model:
    """Makes the network that training begins with."""
    network = build(recipe, start)
    if recipe.training.init_output_bias:
        events = np.concatenate([tune.ids for tune in split.train])
        counts = np.bincount(events, minlength=network.event_ids).astype(np.float64)
        # Half a count for what never stands there, so that nothing is impossible.
        network.logits.bias.assign(np.log((counts + 0.5) / (counts + 0.5).sum()))
    return network


def _take_weights(network: keras.Model, start: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "network.keras"
        archive.write_bytes(start)
        try:
            trained = keras.saving.load_model(archive)
            network.set_weights(trained.get_weights())
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise TrainingError(
                "The bundle to start from holds no network of this shape; train without --from."
            ) from error


def network_config(start: bytes, family: str, encoding: str) -> dict[str, Any]:
    """Returns the ``network`` table that a bundle's Keras archive was made with.

    Raises:
        UnsupportedError: The archive is of another family or encoding, or cannot be read.
    """
    wanted = type(build_network(family, encoding, {})).__name__
    try:
        with zipfile.ZipFile(io.BytesIO(start)) as archive:
            written = json.loads(archive.read("config.json"))
        name, config = written["class_name"], dict(written["config"])
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError) as error:
        raise UnsupportedError("The bundle holds no network that can be trained on.") from error
    if name != wanted:
        raise UnsupportedError(f"The bundle holds a {name}, and a {wanted} is to be trained.")
    known = inspect.signature(type(build_network(family, encoding, {}))).parameters.values()
    kept = {each.name for each in known if each.default is not inspect.Parameter.empty}
    return {name: value for name, value in config.items() if name in kept}


def identity(recipe: Recipe, split: Split, start: bytes = b"") -> dict[str, Any]:
    """Returns what decides the weights: a run goes on only where all of it is the same.

    The prepared music is part of it: one more file splits the tunes differently, and a continued
    run would be validated on tunes that it was trained on.
    """
    table = as_table(recipe)
    begun = {"start": hashlib.sha256(start).hexdigest()} if start else {}
    return {
        **begun,
        "family": recipe.bundle.family,
        "encoding": recipe.bundle.encoding,
        "music": {name: _digest(side) for name, side in vars(split).items()},
        "network": table["network"],
        "training": table["training"],
    }


def _digest(tunes: list[Tune]) -> str:
    whole = hashlib.sha256()
    for tune in tunes:
        whole.update(f"{tune.name}\0{tune.meter}\0".encode() + tune.ids.tobytes())
    return whole.hexdigest()


def train_recipe(
    recipe: Recipe, split: Split, run: Run, watcher: Watcher, start: bytes = b""
) -> Progress:
    """Trains the recipe's network, or goes on where the run was cut.

    Args:
        recipe: What to train and how.
        split: The music.
        run: Where checkpoints live.
        watcher: Receives progress.
        start: See ``build``.

    Returns:
        The finished progress.

    Raises:
        TrainingError: The run belongs to another recipe or other music, or a checkpoint is
            damaged.
    """
    progress = run.load(identity(recipe, split, start))
    keras.utils.set_random_seed(recipe.training.seed)
    build(recipe)  # a saved network can be loaded only after its class has been imported
    data = TrainingSet(
        train=_sampler(recipe, split.train, recipe.training.transpose),
        validation=_sampler(recipe, split.validation, (0, 0)),
    )
    return train(
        lambda: _beginning(recipe, split, start),
        data,
        recipe.training,
        run=run,
        progress=progress,
        watcher=watcher,
    )


def _sampler(recipe: Recipe, tunes: list[Tune], transpose: tuple[int, int]) -> WindowSampler:
    return WindowSampler(
        tunes,
        material_for(recipe.bundle.encoding),
        window_steps=recipe.training.window_steps,
        batch=recipe.training.batch,
        transpose=transpose,
        seed=recipe.training.seed,
    )


def forget_networks() -> None:
    """Frees what Keras keeps of networks that are no longer used."""
    keras.utils.clear_session(free_memory=True)
