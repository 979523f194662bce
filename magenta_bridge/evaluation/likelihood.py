"""Likelihood of held-out pieces under a network and under its exported program."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from magenta_bridge.evaluation.score import Piece, Score, score_logits, total
from magenta_bridge.runtime.program import StepProgram


def score_program(program: StepProgram, pieces: Iterable[Piece]) -> Score:
    """Scores pieces step by step with the program that is served."""
    session = program.session()
    scores = []
    for piece in pieces:
        session.reset()
        logits = np.stack([session.step(int(value)) for value in piece[:-1]])
        scores.append(score_logits(logits, piece[1:]))
    program.release(session)
    return total(scores)


def score_network(network: Any, pieces: Iterable[Piece]) -> Score:
    """Scores whole pieces with a Keras network of the step contract.

    Args:
        network: A melody network; its meter is read from each piece's start id.
        pieces: Encoded pieces.
    """
    history_steps = network.features.history_steps
    scores = []
    for piece in pieces:
        # A multiple of 64 steps, so that few shapes are compiled.
        padded = np.full((1, -(-(len(piece) - 1) // 64) * 64), network.input_ids - 1, np.int32)
        padded[0, : len(piece) - 1] = piece[:-1]
        inputs = {
            "ids": padded,
            "history": np.full((1, history_steps), network.input_ids - 1, dtype=np.int32),
            "meter": np.array([piece[0] - network.event_ids], dtype=np.int32),
            "position": np.zeros(1, dtype=np.int32),
        }
        logits = np.asarray(network.predict_on_batch(inputs))[0, : len(piece) - 1]
        scores.append(score_logits(logits, piece[1:]))
    return total(scores)
