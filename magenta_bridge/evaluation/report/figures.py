"""A comparison as plain numbers, for ``compare --json``."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from magenta_bridge.evaluation.metrics.bootstrap import Interval
from magenta_bridge.evaluation.report.comparison import Comparison, ModelResult
from magenta_bridge.evaluation.report.music_metrics import MusicFigures
from magenta_bridge.evaluation.report.paired_likelihood import PairedLikelihood
from magenta_bridge.evaluation.report.summary import by_likelihood, pairs


def figures_of(found: Comparison) -> dict[str, Any]:
    """Return all figures in types that JSON has; numbers that are not finite become None."""
    plain: dict[str, Any] = _plain(
        {
            "data": dataclasses.asdict(found.data),
            "samples": found.samples,
            "date": found.date,
            "versions": dict(found.versions),
            "ranking": [each.name for each in by_likelihood(found)],
            "baselines": {name: _likelihood(each) for name, each in found.baselines.items()},
            "held_out": _music(found.held_out),
            "people": _music(found.human),
            "bundles": {each.name: _bundle(each) for each in found.models},
            "differences": [
                {
                    "better": better.name,
                    "worse": worse.name,
                    "bits_per_note": _interval(worse.likelihood.more_than(better.likelihood)),
                }
                for better, worse in pairs(found)
            ],
        }
    )
    return plain


def _bundle(each: ModelResult) -> dict[str, Any]:
    return {
        "family": each.family,
        "file": each.file,
        "sha256": each.sha256,
        "bytes": each.size_bytes,
        "trained_on_this": each.trained_on,
        "settings": each.settings,
        "likelihood": _likelihood(each.likelihood),
        "music": _music(each.music),
        "speed": dataclasses.asdict(each.speed),
    }


def _likelihood(found: PairedLikelihood) -> dict[str, Any]:
    return {
        "nats_per_step": _interval(found.nats_per_step),
        "bits_per_note": _interval(found.bits_per_note),
        "accuracy": _interval(found.accuracy),
        "pieces": {name: values.tolist() for name, values in vars(found).items()},
    }


def _music(music: MusicFigures) -> dict[str, Any]:
    return {
        "pieces": music.pieces,
        "mgeval": {name: vars(each) for name, each in music.near.items()},
        "muspy": dict(music.scalars),
        "musegan": dict(music.musegan),
        "structure": dict(music.structure),
        "longest_runs": [run.notes for run in music.runs],
    }


def _interval(each: Interval) -> dict[str, float]:
    return {"mean": each.mean, "low": each.low, "high": each.high}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
