"""A comparison as the page that people read, and as figures for machines."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from magenta_bridge.evaluation.metrics.bootstrap import Interval
from magenta_bridge.evaluation.report.comparison import Comparison, ModelResult
from magenta_bridge.evaluation.report.labels import listed
from magenta_bridge.evaluation.report.likelihood_section import likelihood_section
from magenta_bridge.evaluation.report.music_metrics import MusicFigures
from magenta_bridge.evaluation.report.music_sections import (
    distance_section,
    originality_section,
    structure_section,
)
from magenta_bridge.evaluation.report.other_sections import (
    curves_section,
    listening_section,
    method_section,
    speed_section,
)
from magenta_bridge.evaluation.report.page import render_page
from magenta_bridge.evaluation.report.paired_likelihood import PairedLikelihood
from magenta_bridge.evaluation.report.summary import by_likelihood, summary_section

_PARTS = (
    summary_section,
    listening_section,
    likelihood_section,
    distance_section,
    structure_section,
    originality_section,
    speed_section,
    curves_section,
    method_section,
)


def page_of(found: Comparison) -> str:
    """Returns the HTML page."""
    title = listed([each.name for each in found.models])
    subtitle = (
        f"{len(found.models)} models of {found.data.noun} side by side, on held-out pieces of "
        f"“{found.data.name}”."
    )
    return render_page(title, subtitle, [part(found) for part in _PARTS])


def figures_of(found: Comparison) -> dict[str, Any]:
    """Returns all figures as JSON knows them; what is not a finite number is None."""
    plain: dict[str, Any] = _plain(
        {
            "data": dataclasses.asdict(found.data),
            "samples": found.samples,
            "date": found.date,
            "versions": dict(found.versions),
            "ranking": [each.name for each in by_likelihood(found)],
            "baselines": {name: _told(each) for name, each in found.baselines.items()},
            "held_out": _music(found.held_out),
            "people": _music(found.human),
            "bundles": {each.name: _bundle(each) for each in found.models},
            "differences": _differences(found),
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
        "likelihood": _told(each.likelihood),
        "music": _music(each.music),
        "speed": dataclasses.asdict(each.speed),
    }


def _told(likelihood: PairedLikelihood) -> dict[str, Any]:
    return {
        "nats_per_step": _interval(likelihood.nats_per_step),
        "bits_per_note": _interval(likelihood.bits_per_note),
        "accuracy": _interval(likelihood.accuracy),
        "pieces": {name: values.tolist() for name, values in vars(likelihood).items()},
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


def _differences(found: Comparison) -> list[dict[str, Any]]:
    ranked = by_likelihood(found)
    return [
        {
            "better": better.name,
            "worse": worse.name,
            "bits_per_note": _interval(worse.likelihood.more_than(better.likelihood)),
        }
        for place, better in enumerate(ranked)
        for worse in ranked[place + 1 :]
    ]


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
