"""How well a model predicts piano rolls, by the protocol of the published tables.

For a piece of frames 1 to T, all 88 pitches of frames 2 to T are predicted, each frame given all
real frames before it; the score is the sum of all nats over the sum of all predicted frames (a
micro-average), without padding.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.evaluation.likelihood import log_likelihood
from magenta_bridge.evaluation.metrics.bootstrap import micro_interval
from magenta_bridge.pianoroll_benchmark.rolls import PITCHES, Roll, feed, read_rolls, untouched

# Lengths are rounded up to these, so that few shapes are compiled.
_SHORT: Final = 64
_LONG: Final = 512
# Added to each count: Jeffreys's prior of a coin.
_PRIOR: Final = 0.5


class RollModel(Protocol):
    """A model of piano rolls."""

    def nats(self, roll: Roll) -> NDArray[np.float64]:
        """Return the NLL of each frame except the first, ``(frames - 1,)``, in nats."""


@dataclass(frozen=True, eq=False)
class RollScore:
    """Score of a set of pieces.

    Attributes:
        nats: NLL of each piece, ``(pieces,)``.
        frames: Predicted frames of each piece, ``(pieces,)``.
    """

    nats: NDArray[np.float64]
    frames: NDArray[np.int64]

    @property
    def nats_per_frame(self) -> float:
        """The micro-average."""
        return float(self.nats.sum() / max(int(self.frames.sum()), 1))

    def of(self, pieces: NDArray[np.int64]) -> RollScore:
        """Return the scores of some pieces, by their indices."""
        return RollScore(self.nats[pieces], self.frames[pieces])

    def interval(self) -> tuple[float, float]:
        """Return the bootstrap interval of the micro-average; see ``micro_interval``."""
        found = micro_interval(self.nats, self.frames)
        return found.low, found.high


def score_rolls(model: RollModel, rolls: Sequence[Roll]) -> RollScore:
    """Score pieces, leaving out those of one frame."""
    found = [model.nats(roll) for roll in rolls if len(roll) > 1]
    return RollScore(
        nats=np.array([each.sum() for each in found]),
        frames=np.array([len(each) for each in found], dtype=np.int64),
    )


class Unigram:
    """Every pitch sounds with its own probability, independent of the past.

    Args:
        rolls: Pieces to count.
    """

    def __init__(self, rolls: Sequence[Roll]) -> None:
        sounding = sum((roll.sum(axis=0, dtype=np.int64) for roll in rolls), np.zeros(PITCHES))
        frames = sum(len(roll) for roll in rolls)
        self._sounds = (sounding + _PRIOR) / (frames + 2 * _PRIOR)

    def nats(self, roll: Roll) -> NDArray[np.float64]:
        """See ``RollModel.nats``."""
        return _frame_nats(roll[1:], np.broadcast_to(self._sounds, roll[1:].shape))


class Markov:
    """Every pitch sounds with a probability that depends on whether it sounded in the last frame.

    Args:
        rolls: Pieces to count, all frames except the first of each.
    """

    def __init__(self, rolls: Sequence[Roll]) -> None:
        sounding, seen = np.zeros((2, PITCHES)), np.zeros((2, PITCHES))
        for roll in rolls:
            for before in (0, 1):
                such = roll[:-1] == before
                seen[before] += such.sum(axis=0)
                sounding[before] += (such & (roll[1:] == 1)).sum(axis=0)
        self._sounds = (sounding + _PRIOR) / (seen + 2 * _PRIOR)

    def nats(self, roll: Roll) -> NDArray[np.float64]:
        """See ``RollModel.nats``."""
        return _frame_nats(roll[1:], np.where(roll[:-1] == 1, self._sounds[1], self._sounds[0]))


BASELINES: Final[Mapping[str, Callable[[Sequence[Roll]], RollModel]]] = {
    "unigram": Unigram,
    "markov": Markov,
}


def _frame_nats(frames: Roll, sounds: NDArray[np.float64]) -> NDArray[np.float64]:
    chosen = np.where(frames == 1, sounds, 1.0 - sounds)
    nats: NDArray[np.float64] = -np.log(chosen).sum(axis=1)
    return nats


class NetworkModel:
    """A trained ``RollNetwork``, which predicts a whole piece from a state of zeros."""

    def __init__(self, network: Any) -> None:
        self._network = network

    def nats(self, roll: Roll) -> NDArray[np.float64]:
        """See ``RollModel.nats``."""
        count = len(roll) - 1
        unit = _SHORT if count < _LONG else _LONG
        output = self._network.output_kind
        inputs, chosen, weights = feed([roll], output, rows=1, steps=-(-count // unit) * unit)
        logits = np.asarray(self._network.predict_on_batch(inputs))
        decisions = log_likelihood(logits.reshape(-1, logits.shape[-1]), chosen.ravel()).nats
        if output == "sigmoid":
            frame = np.repeat(np.arange(chosen.shape[1]), chosen.shape[2])
        else:
            frame = inputs["frame"].astype(np.int64)
        predicted = np.zeros(count)
        kept = frame < count
        np.add.at(predicted, frame[kept], (decisions * weights.ravel())[kept])
        return predicted


def score_baseline(data: Path, dataset: str, baseline: str, *, as_json: bool) -> str:
    """Score a baseline on the test pieces of a dataset.

    Args:
        data: Folder of the files.
        dataset: One of ``rolls.DATASETS``.
        baseline: One of ``BASELINES``.
        as_json: Return one JSON object instead of sentences.

    Raises:
        MagentaBridgeError: The files cannot be used.
    """
    split = read_rolls(data, dataset)
    score = score_rolls(BASELINES[baseline](split.train), split.test)
    return report_score(dataset, baseline, score, {}, (), as_json=as_json)


def report_score(
    dataset: str,
    model: str,
    score: RollScore,
    facts: Mapping[str, Any],
    remarks: tuple[str, ...],
    *,
    as_json: bool,
) -> str:
    """Return a test score as one JSON object or as sentences.

    Args:
        dataset: One of ``rolls.DATASETS``.
        model: Name of the model.
        score: Its score.
        facts: Further entries of the JSON object.
        remarks: Further sentences.
        as_json: Return the JSON object.
    """
    apart = untouched(dataset, len(score.frames))
    if apart is not None:
        clean = score.of(apart).nats_per_frame
        facts = {**facts, "untouched": {"nats_per_frame": clean, "pieces": len(apart)}}
        note = f"On the {len(apart)} pieces that share few phrases with a training piece: "
        remarks = (f"{note}{clean:.2f}.", *remarks)
    low, high = score.interval()
    frames, pieces = int(score.frames.sum()), len(score.frames)
    if as_json:
        return json.dumps({
            "benchmark": "poly",
            "dataset": dataset,
            "model": model,
            "nats_per_frame": score.nats_per_frame,
            "interval_95": [low, high],
            "frames": frames,
            "pieces": pieces,
            **facts,
        })  # fmt: skip
    return " ".join((
        f"{dataset}, test: {model} {score.nats_per_frame:.2f} nats per frame "
        f"({low:.2f} to {high:.2f}: 95 % of resamplings of pieces), "
        f"{frames:,} frames of {pieces} pieces.",
        *remarks,
    ))  # fmt: skip
