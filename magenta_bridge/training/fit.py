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

from magenta_bridge.data.dataset import Tune, dataset_for
from magenta_bridge.data.splits import Split
from magenta_bridge.data.windows import WindowSampler
from magenta_bridge.errors import TrainingError, UnsupportedError
from magenta_bridge.limits import BUNDLE_BYTES, BUNDLE_JSON_BYTES, check_limit
from magenta_bridge.models.registry import build_network
from magenta_bridge.recipe import Recipe, as_table
from magenta_bridge.training.checkpoint import Progress, Run
from magenta_bridge.training.loop import Watcher, train

# The backend that LiteRT's converter supports.
EXPORTING_BACKEND: Final = "tensorflow"
ARCHIVE_ERRORS: Final = (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile)
"""What ``load_archive`` raises."""


def backend() -> str:
    """Return the name of Keras's backend in this process."""
    return str(keras.backend.backend())


def build(recipe: Recipe, start: bytes = b"") -> keras.Model:
    """Build the recipe's network.

    Args:
        recipe: What to train.
        start: Keras archive of a network of the same shape, for its weights; empty for random
            weights.

    Raises:
        TrainingError: The archive cannot be read, has another shape, or weights that are not
            numbers.
    """
    network = build_network(recipe.bundle.family, recipe.bundle.encoding, recipe.network)
    if start:
        try:
            network.set_weights(load_archive(start).get_weights())
        except ARCHIVE_ERRORS as error:
            raise TrainingError(
                "The bundle to start from holds no network of this shape; train without --from."
            ) from error
    return network


def load_archive(archive: bytes) -> keras.Model:
    """Load a network from the bytes of a Keras archive.

    Raises:
        LimitExceededError: It would unpack to more than a bundle may have.
        TrainingError: A weight is not a finite number.
    """
    with zipfile.ZipFile(io.BytesIO(archive)) as members:
        size = sum(each.file_size for each in members.infolist())
        check_limit(BUNDLE_BYTES, size, where="the bundle's network")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.keras"
        path.write_bytes(archive)
        model = keras.saving.load_model(path, safe_mode=True)
    if not all(np.isfinite(each).all() for each in model.get_weights()):
        raise TrainingError(
            "The bundle to start from has weights that are not finite numbers; start from another "
            "bundle, or train without --from."
        )
    return model


def _initial_network(recipe: Recipe, split: Split, start: bytes) -> keras.Model:
    network = build(recipe, start)
    if recipe.training.init_output_bias:
        events = np.concatenate([tune.ids for tune in split.train])
        counts = np.bincount(events, minlength=network.event_ids).astype(np.float64)
        # Half a count more, so that no event is impossible.
        network.logits.bias.assign(np.log((counts + 0.5) / (counts + 0.5).sum()))
    return network


def _read_config(archive: zipfile.ZipFile) -> bytes:
    with archive.open("config.json") as file:
        text = file.read(BUNDLE_JSON_BYTES.value + 1)
    check_limit(BUNDLE_JSON_BYTES, len(text), where="the bundle's network")
    return text


def network_config(start: bytes, family: str, encoding: str) -> dict[str, Any]:
    """Return the ``network`` table of a bundle's Keras archive.

    Raises:
        UnsupportedError: The archive has another family or encoding, or cannot be read.
    """
    expected = type(build_network(family, encoding, {}))
    try:
        with zipfile.ZipFile(io.BytesIO(start)) as archive:
            written = json.loads(_read_config(archive))
        name, config = written["class_name"], dict(written["config"])
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, RecursionError) as error:
        raise UnsupportedError("The bundle holds no network that can be trained on.") from error
    if name != expected.__name__:
        raise UnsupportedError(
            f"The bundle holds a {name}, and a {expected.__name__} is to be trained."
        )
    known = inspect.signature(expected).parameters.values()
    kept = {each.name for each in known if each.default is not inspect.Parameter.empty}
    return {name: value for name, value in config.items() if name in kept}


def identity(recipe: Recipe, split: Split, start: bytes = b"") -> dict[str, Any]:
    """Return what determines the weights; a run resumes only if all of it is the same.

    It includes the dataset: one more file splits the tunes differently, and a resumed run would be
    validated on training tunes.
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
    """Train the recipe's network, or resume its run, and return the finished progress.

    Args:
        recipe: What to train and how.
        split: The dataset.
        run: The checkpoints.
        watcher: Receives progress.
        start: See ``build``.

    Raises:
        TrainingError: The run belongs to another recipe or dataset, or a checkpoint is damaged.
    """
    progress = run.load(identity(recipe, split, start))
    keras.utils.set_random_seed(recipe.training.seed)
    build(recipe)  # imports the network's class, which loading needs
    return train(
        lambda: _initial_network(recipe, split, start),
        _sampler(recipe, split.train, recipe.training.transpose),
        _sampler(recipe, split.validation, (0, 0)),
        recipe.training,
        run=run,
        progress=progress,
        watcher=watcher,
    )


def _sampler(recipe: Recipe, tunes: list[Tune], transpose: tuple[int, int]) -> WindowSampler:
    return WindowSampler(
        tunes,
        dataset_for(recipe.bundle.encoding),
        window_steps=recipe.training.window_steps,
        batch=recipe.training.batch,
        transpose=transpose,
        seed=recipe.training.seed,
    )


def forget_networks() -> None:
    """Free what Keras keeps of networks that are no longer used."""
    keras.utils.clear_session(free_memory=True)
