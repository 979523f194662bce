"""The work behind ``magenta-bridge benchmark`` that needs no network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from magenta_bridge.pianoroll_benchmark.baselines import BASELINES
from magenta_bridge.pianoroll_benchmark.datasets import read_rolls, untouched
from magenta_bridge.pianoroll_benchmark.score import RollScore, score_rolls


@dataclass(frozen=True)
class ScoreReport:
    """What is said of a model on the test pieces.

    Attributes:
        dataset: One of ``rolls.DATASETS``.
        model: What was scored, in words.
        score: Its score.
        facts: More for machines.
        remarks: More for people, a sentence each.
    """

    dataset: str
    model: str
    score: RollScore
    facts: Mapping[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def text(self, *, as_json: bool) -> str:
        """Returns one JSON object, or sentences."""
        return self._json() if as_json else self._sentences()

    def _json(self) -> str:
        return json.dumps({
            "benchmark": "poly",
            "dataset": self.dataset,
            "model": self.model,
            "nats_per_frame": self.score.nats_per_frame,
            "interval_95": list(self.score.interval()),
            "frames": int(self.score.frames.sum()),
            "pieces": len(self.score.frames),
            **self.facts,
        })  # fmt: skip

    def _sentences(self) -> str:
        low, high = self.score.interval()
        return " ".join((
            f"{self.dataset}, test: {self.model} {self.score.nats_per_frame:.2f} nats per frame "
            f"({low:.2f} to {high:.2f}: 95 % of resamplings of pieces), "
            f"{int(self.score.frames.sum()):,} frames of {len(self.score.frames)} pieces.",
            *self.remarks,
        ))  # fmt: skip


def score_baseline(data: Path, dataset: str, baseline: str, *, as_json: bool) -> str:
    """Scores a baseline on the test pieces of a dataset.

    Args:
        data: Folder of the files.
        dataset: One of ``rolls.DATASETS``.
        baseline: One of ``roll_baselines.BASELINES``.
        as_json: Return one JSON object, not a sentence.

    Raises:
        MagentaBridgeError: The files cannot be used.
    """
    split = read_rolls(data, dataset)
    score = score_rolls(BASELINES[baseline](split.train), split.test)
    return report_score(dataset, baseline, score).text(as_json=as_json)


def report_score(
    dataset: str,
    model: str,
    score: RollScore,
    facts: Mapping[str, Any] | None = None,
    remarks: tuple[str, ...] = (),
) -> ScoreReport:
    """Puts a score into words, those pieces apart that resemble no training piece."""
    apart = untouched(dataset, len(score.frames))
    facts = dict(facts or {})
    if apart is not None:
        clean = score.of(apart)
        facts["untouched"] = {"nats_per_frame": clean.nats_per_frame, "pieces": len(apart)}
        remarks = (
            f"On the {len(apart)} pieces that share few phrases with a training piece: "
            f"{clean.nats_per_frame:.2f}.",
            *remarks,
        )
    return ScoreReport(dataset, model, score, facts, remarks)
