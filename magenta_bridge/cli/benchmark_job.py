"""The work behind ``magenta-bridge benchmark``."""

from __future__ import annotations

import json
from pathlib import Path

from magenta_bridge.evaluation.roll_baselines import BASELINES
from magenta_bridge.evaluation.roll_score import score_rolls
from magenta_bridge.evaluation.rolls import read_rolls


def run_benchmark(kind: str, data: Path, dataset: str, baseline: str, *, as_json: bool) -> str:
    """Scores a baseline on the test pieces of a dataset.

    Args:
        kind: ``poly``.
        data: Folder of the files.
        dataset: One of ``rolls.DATASETS``.
        baseline: One of ``roll_baselines.BASELINES``.
        as_json: Return one JSON object, not a sentence.

    Raises:
        MagentaBridgeError: The files cannot be used.
    """
    split = read_rolls(data, dataset)
    score = score_rolls(BASELINES[baseline](split.train), split.test)
    low, high = score.interval()
    frames, pieces = int(score.frames.sum()), len(score.frames)
    if as_json:
        return json.dumps({
            "benchmark": kind,
            "dataset": dataset,
            "model": baseline,
            "nats_per_frame": score.nats_per_frame,
            "interval_95": [low, high],
            "frames": frames,
            "pieces": pieces,
        })  # fmt: skip
    return (
        f"{dataset}, test: {baseline} {score.nats_per_frame:.2f} nats a frame "
        f"({low:.2f} to {high:.2f}: 95 % of resamplings of pieces), {frames:,} frames of {pieces} "
        "pieces."
    )
