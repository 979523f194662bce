"""Likelihood of held-out pieces under a network and under its exported program."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np

from magenta_bridge.evaluation.reader import Reader
from magenta_bridge.evaluation.score import Foretold, Piece, Score, foretell, score_logits, total
from magenta_bridge.runtime.program import StepProgram

# Lengths are rounded up to these, so that few shapes are compiled.
_SHORT: Final = 64
_LONG: Final = 1024


def score_program(program: StepProgram, pieces: Iterable[Piece]) -> Score:
    """Scores pieces step by step with the program that is served."""
    return total(each.score for each in foretell_pieces(program, pieces))


def foretell_pieces(program: StepProgram, pieces: Iterable[Piece]) -> Iterator[Foretold]:
    """Foretells each step of each piece with the program that is served."""
    session = program.session()
    for piece in pieces:
        session.reset()
        logits = np.stack([session.step(int(value)) for value in piece[:-1]])
        yield foretell(logits, piece[1:])
    program.release(session)


def score_network(network: Any, pieces: Iterable[Piece], reader: Reader) -> Score:
    """Scores whole pieces with a Keras network of the step contract.

    Args:
        network: The network.
        pieces: Encoded pieces.
        reader: Their encoding.
    """
    scores = []
    for piece in pieces:
        steps = len(piece) - 1
        unit = _SHORT if steps < _LONG else _LONG
        inputs = reader.blank(1, -(-steps // unit) * unit)
        reader.fill(inputs, 0, piece, 0, steps)
        logits = np.asarray(network.predict_on_batch(inputs))[0, :steps]
        scores.append(score_logits(logits, piece[1:]))
    return total(scores)
