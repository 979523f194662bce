"""How well a bundle foretells pieces, step by step, whatever its family."""

from __future__ import annotations

import importlib.util
import math
import os
from collections.abc import Sequence
from typing import Any, Final

from magenta_bridge.cli.held_out import fed_pieces
from magenta_bridge.errors import UnsupportedError
from magenta_bridge.evaluation.likelihood import foretell_pieces
from magenta_bridge.evaluation.score import Foretold
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.runtime.silence import silent_stderr
from magenta_bridge.training.materials import material_for
from magenta_bridge.training.tunes import Tune

ADVERSARIAL: Final = "gan"
_KEY_NATS: Final = math.log(12)


def foretell_tunes(bundle: Bundle, tunes: Sequence[Tune]) -> list[Foretold | None]:
    """Foretells each step of each tune.

    Programs that choose step by step are scored as they are served; of an adversarial bundle
    its network is, since its program tells its choices alone. That network reads music in the
    white keys: to tell it which key that was is one choice among twelve, counted on its first
    step of a piece, so that it can be held against those that find the key out by themselves.

    Args:
        bundle: The bundle.
        tunes: Tunes of its encoding.

    Returns:
        What was foretold of each tune, on the steps of its own ``ids``; None for those that an
        adversarial network cannot read, whose bars are not of 12 or 16 sixteenths.

    Raises:
        UnsupportedError: The bundle is adversarial, and TensorFlow is not installed.
    """
    if bundle.traits["family"] == ADVERSARIAL:
        return _foretell_bars(bundle, tunes)
    material = material_for(str(bundle.traits["encoding"]))
    return list(foretell_pieces(bundle.program, fed_pieces(material, tunes)))


def network_of(bundle: Bundle) -> Any:  # noqa: ANN401 - Keras has no types
    """Returns the network of an adversarial bundle.

    Raises:
        UnsupportedError: TensorFlow is not installed.
    """
    if importlib.util.find_spec("keras") is None:
        raise UnsupportedError(
            f"{bundle.id} is adversarial; to score it, install TensorFlow with: "
            'pip install "magenta-bridge[train]"'
        )
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silent_stderr():
        from magenta_bridge.training.adversarial import read_gan
    return read_gan(bundle.network)


def _foretell_bars(bundle: Bundle, tunes: Sequence[Tune]) -> list[Foretold | None]:
    network = network_of(bundle)
    from magenta_bridge.evaluation.bar_likelihood import foretell_bars
    from magenta_bridge.training.bars import bars_of, first_step

    tracks = 2 if bundle.traits["encoding"] == "duo" else 1
    songs = [bars_of(tune, tracks) for tune in tunes]
    told = map(_told_the_key, foretell_bars(network, [s for s in songs if s is not None]))
    return [
        None
        if song is None
        else next(told).moved(first_step(tune, tracks)).within(0, len(tune.ids))
        for tune, song in zip(tunes, songs, strict=True)
    ]


def _told_the_key(foretold: Foretold) -> Foretold:
    """Counts what it takes to know which of twelve moves brought a piece to the white keys."""
    nats = foretold.nats.copy()
    nats[0] += _KEY_NATS
    return Foretold(nats, foretold.hits, foretold.first)
