"""In how many bits a trained network's weights are served."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from magenta_bridge.data.dataset import dataset_for
from magenta_bridge.data.splits import Split
from magenta_bridge.evaluation.likelihood import Piece, score_program
from magenta_bridge.export.flatbuffer import write_description
from magenta_bridge.export.quantize import quantize_int4, weight_bytes
from magenta_bridge.lab.held_out import encode_examples
from magenta_bridge.recipe import AUTO, INT4, INT8, Recipe
from magenta_bridge.runtime.program import StepProgram

# What the second-level cache of a core holds; below that, halving the bytes gains next to nothing.
_CACHE_BYTES: Final = 2 << 20
# Validation pieces may cost this many times as much to foretell with four bits as with eight.
_MOST_LOSS: Final = 1.01
_HEARD_IDS: Final = 16384


def with_weights(program: bytes, recipe: Recipe, split: Split) -> bytes:
    """Returns a program with the weights that its recipe asks for.

    ``auto`` is ``int4`` where eight bits are more than a core's cache holds and four foretell the
    validation pieces as well, to 1 %. A program none of whose matrices can have four stays as it
    is.

    Args:
        program: An exported program whose matrices are int8.
        recipe: What was trained.
        split: Its music; what the network learned shows how its weights are best rounded.
    """
    wanted = recipe.program.weights
    if wanted == INT8 or (wanted == AUTO and weight_bytes(program) <= _CACHE_BYTES):
        return program
    dataset = dataset_for(recipe.bundle.encoding)
    heard = _some(encode_examples(dataset, split.train))
    thin = quantize_int4(program, (piece.tolist() for piece in heard))
    if weight_bytes(thin) == weight_bytes(program):
        return program  # so small or so shaped that no matrix could be rounded
    if wanted == AUTO and _costs(program, thin, encode_examples(dataset, split.validation)):
        return program
    return write_description(thin, {**StepProgram(program).description, "weights": INT4})


def weights_of(description: Mapping[str, Any]) -> str:
    """Returns in what a program says that its weights are."""
    return str(description.get("weights", INT8))


def _costs(program: bytes, thin: bytes, pieces: Sequence[Piece]) -> bool:
    some = _some(pieces)
    plain, rounded = (score_program(StepProgram(each), some) for each in (program, thin))
    return rounded.nats_per_step > _MOST_LOSS * plain.nats_per_step


def _some(pieces: Sequence[Piece]) -> list[Piece]:
    """Returns pieces from all over, with some ten thousand ids together."""
    every = max(1, round(sum(map(len, pieces)) / _HEARD_IDS))
    return list(pieces[::every])
