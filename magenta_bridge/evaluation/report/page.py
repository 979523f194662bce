"""A comparison as one self-contained HTML page: no script, no font, no request."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from PIL import Image

from magenta_bridge.evaluation.metrics.bootstrap import Interval
from magenta_bridge.evaluation.report import labels, summary
from magenta_bridge.evaluation.report.comparison import Comparison, ModelResult
from magenta_bridge.evaluation.report.music_metrics import MusicFigures

MAKER: Final = "Magenta Bridge, compare"
"""Generator named in the page's head; only pages that name it may be overwritten."""
_HUMAN_TONE: Final = -1
_BASELINE_TONE: Final = -2


class Mark(NamedTuple):
    """One row of a chart; ``tone`` is a model's color, from 0."""

    label: str
    text: str
    value: float
    tone: int
    low: float | None = None
    high: float | None = None


class Row(NamedTuple):
    """One row of a table; ``best`` are the indices of highlighted cells."""

    label: str
    cells: Sequence[str]
    best: frozenset[int] = frozenset()


class Axis:
    """The axis of a chart.

    Args:
        marks: The rows.
        from_zero: Start at 0 instead of just below the lowest value.
    """

    def __init__(self, marks: Sequence[Mark], *, from_zero: bool) -> None:
        values = [
            each for mark in marks for each in (mark.value, mark.low, mark.high) if each is not None
        ]
        highest, lowest = max(values), min([*values, 0.0] if from_zero else values)
        room = (highest - lowest) * 0.06 or max(abs(highest), 1.0) * 0.06
        self.start, self.end = (lowest if from_zero else lowest - room), highest + room

    def place(self, value: float) -> float:
        """Return the position of a value, in percent."""
        return round(100.0 * (value - self.start) / (self.end - self.start), 2)


def page_of(found: Comparison) -> str:
    """Return the HTML page; all texts are escaped."""
    environment = Environment(
        loader=PackageLoader("magenta_bridge.evaluation.report", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=labels.number, listed=labels.listed, mebibytes=labels.mebibytes, base64=_base64
    )
    environment.globals.update(
        axis=Axis, counted=labels.counted, mark=Mark, row=Row, image_size=_image_size
    )
    page = environment.get_template("page.html.j2").render(
        maker=MAKER,
        found=found,
        data=found.data,
        models=found.models,
        ranked=summary.by_likelihood(found),
        fastest=sorted(found.models, key=lambda each: each.speed.step_us),
        evidence=summary.evidence(found),
        points=summary.points(found),
        few_pieces=found.data.scored < summary.MIN_PIECES_FOR_SIGNIFICANCE,
        bits=_bits(found),
        likelihoods=_likelihoods(found),
        differences=_differences(found),
        overlaps=_overlaps(found),
        overlap_rows=_mgeval_rows(found, lambda music, name: music.near[name].overlap, max),
        divergence_rows=_mgeval_rows(found, lambda music, name: music.near[name].kl, min),
        muspy=_means(found, labels.MUSPY, lambda music: music.scalars),
        musegan=_means(found, labels.MUSEGAN, lambda music: music.musegan),
        structure=_means(found, labels.STRUCTURE, lambda music: music.structure),
        sources=[*_sources(found), ("held-out human pieces", found.held_out, _HUMAN_TONE)],
    )
    return page.strip() + "\n"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _image_size(png: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(png)) as picture:
        return picture.width, picture.height


def _tone(found: Comparison, model: ModelResult) -> int:
    return list(found.models).index(model)


def _bits(found: Comparison) -> list[Mark]:
    rows = [
        (each.name, each.likelihood, _tone(found, each)) for each in summary.by_likelihood(found)
    ]
    return [
        _interval_mark(name, each.bits_per_note, tone)
        for name, each, tone in [*rows, (*found.best_baseline, _BASELINE_TONE)]
    ]


def _interval_mark(label: str, value: Interval, tone: int) -> Mark:
    return Mark(label, f"{value.mean:.2f}", value.mean, tone, value.low, value.high)


def _likelihoods(found: Comparison) -> list[Row]:
    rows = [(each.name, each.likelihood) for each in summary.by_likelihood(found)]
    rows += sorted(found.baselines.items(), key=lambda item: item[1].bits_per_note.mean)
    return [
        Row(
            name,
            [
                labels.ranged(each.nats_per_step, 4),
                labels.ranged(each.bits_per_note),
                labels.percent(each.accuracy),
            ],
        )
        for name, each in rows
    ]


def _differences(found: Comparison) -> list[Row]:
    return [
        Row(
            f"{worse.name} vs. {better.name}",
            [
                labels.ranged(worse.likelihood.more_than(better.likelihood), 3),
                summary.significance(found, worse, better),
            ],
        )
        for better, worse in summary.pairs(found)
    ]


def _sources(found: Comparison) -> list[tuple[str, MusicFigures, int]]:
    return [(each.name, each.music, tone) for tone, each in enumerate(found.models)]


def _overlaps(found: Comparison) -> list[Mark]:
    ranked = sorted(_sources(found), key=lambda source: -source[1].overlap)
    return [
        Mark(name, f"{music.overlap:.2f}", music.overlap, tone)
        for name, music, tone in [*ranked, ("other human pieces", found.human, _HUMAN_TONE)]
    ]


def _mgeval_rows(
    found: Comparison,
    value_of: Callable[[MusicFigures, str], float],
    best: Callable[[Sequence[float]], float],
) -> list[Row]:
    rows = []
    for name, label in labels.MGEVAL.items():
        if name in found.human.near:
            values = [value_of(music, name) for _, music, _ in _sources(found)]
            cells = [labels.number(value) for value in values]
            human = labels.number(value_of(found.human, name))
            rows.append(Row(label, [*cells, human], _alike(cells, values.index(best(values)))))
    return rows


def _means(
    found: Comparison,
    names: Mapping[str, str],
    figures: Callable[[MusicFigures], Mapping[str, float]],
) -> list[Row]:
    """Return the means of all pieces; rows without a value or without differences are left out."""
    goal, others = figures(found.held_out), figures(found.human)
    rows = []
    for name, label in names.items():
        values = [figures(each.music)[name] for each in found.models]
        if math.isnan(goal[name]) or {*values, others[name]} == {goal[name]}:
            continue
        gaps = [abs(value - goal[name]) for value in values]
        cells = [
            labels.NOTHING
            if math.isnan(value)
            else f"{labels.number(value)} ({labels.number(gap)} off)"
            for value, gap in zip(values, gaps, strict=True)
        ]
        human = [labels.number(goal[name]), labels.number(others[name])]
        known = [gap for gap in gaps if not math.isnan(gap)]
        best = _alike(cells, gaps.index(min(known))) if len(known) > 1 else frozenset()
        rows.append(Row(label, [*cells, *human], best))
    return rows


def _alike(cells: Sequence[str], best: int) -> frozenset[int]:
    """Return the cells that read as the best one does; none where all of them do."""
    if len(set(cells)) == 1:
        return frozenset()
    return frozenset(place for place, text in enumerate(cells) if text == cells[best])
