"""The report's section on how well held-out music is foretold."""

from __future__ import annotations

from collections.abc import Sequence

from magenta_bridge.evaluation.metrics.bootstrap import Interval
from magenta_bridge.evaluation.report.blocks import Block, Chart, Mark, Row, Section, Table, Text
from magenta_bridge.evaluation.report.comparison import Comparison, ModelResult
from magenta_bridge.evaluation.report.labels import counted, listed, percent, ranged
from magenta_bridge.evaluation.report.paired_likelihood import PairedLikelihood
from magenta_bridge.evaluation.report.summary import (
    MIN_PIECES_FOR_SIGNIFICANCE,
    by_likelihood,
    significance,
)

FLOOR_TONE = -2
HUMAN_TONE = -1


def likelihood_section(found: Comparison) -> Section:
    """Returns bits a note, nats a step, accuracy and paired differences."""
    steps = int(found.models[0].likelihood.steps.sum())
    notes = int(found.models[0].likelihood.notes.sum())
    opening = (
        f"A model that knows the style is seldom surprised by what comes next. All were asked to "
        f"foretell the very same {counted(steps, found.data.unit + 's')} with {notes:,} notes of "
        f"{counted(found.data.scored, found.data.noun)}, each behind the true music before it."
    )
    blocks: list[Block] = [Text(opening)]
    bars = [each.name for each in found.models if each.family == "gan"]
    if bars:
        blocks.append(
            Text(
                f"Of {listed(bars)} the network is scored that lies in the bundle. It hears music "
                "moved to the white keys; to be told the key, which others have to find out, "
                "costs it 3.6 bits a piece (one choice among twelve), which are counted here."
            )
        )
    blocks += [_bits(found), _figures(found)]
    if len(found.models) > 1:
        blocks.append(_pairs(found))
    return Section("likelihood", "Foretelling unheard music", blocks)


def tone_of(found: Comparison, one: ModelResult) -> int:
    """Returns the number of a bundle's color."""
    return list(found.models).index(one)


def _bits(found: Comparison) -> Chart:
    marks = [
        _mark(each.name, each.likelihood.bits_per_note, tone_of(found, each))
        for each in by_likelihood(found)
    ]
    name, best_baseline = found.best_baseline
    return Chart(
        title="Bits for each note",
        sentence="Further left is better: the dot is how many yes-or-no answers a note of an "
        "unheard piece takes, and the bar spans what other pieces of the same kind would likely "
        "give (95 % of resamplings of the pieces).",
        marks=[*marks, _mark(name, best_baseline.bits_per_note, FLOOR_TONE)],
        unit="bits a note",
        start=None,
    )


def _mark(label: str, value: Interval, tone: int) -> Mark:
    return Mark(label, f"{value.mean:.2f}", value.mean, value.low, value.high, tone)


def _figures(found: Comparison) -> Table:
    rows: list[tuple[str, PairedLikelihood]] = [
        (each.name, each.likelihood) for each in by_likelihood(found)
    ]
    rows += sorted(found.baselines.items(), key=lambda item: item[1].bits_per_note.mean)
    return Table(
        title="The same in other units",
        sentence=f"Nats count surprise for each {found.data.unit} (lower is better) and the last "
        "column how often the likeliest guess was right, each with its 95 % interval over pieces.",
        header=["", f"nats a {found.data.unit}", "bits a note", "guessed right"],
        rows=[Row(name, _cells(likelihood)) for name, likelihood in rows],
    )


def _cells(likelihood: PairedLikelihood) -> Sequence[str]:
    return (
        ranged(likelihood.nats_per_step, 4),
        ranged(likelihood.bits_per_note),
        percent(likelihood.accuracy),
    )


def _pairs(found: Comparison) -> Table:
    ranked = by_likelihood(found)
    rows = [
        Row(
            f"{worse.name} behind {better.name}",
            (
                ranged(worse.likelihood.more_than(better.likelihood), 3),
                significance(found, worse, better),
            ),
        )
        for place, better in enumerate(ranked)
        for worse in ranked[place + 1 :]
    ]
    few = found.data.scored < MIN_PIECES_FOR_SIGNIFICANCE
    return Table(
        title="Is the difference more than chance?",
        sentence="Each row tells how many bits more the first takes for a note, piece against the "
        "same piece, and "
        + (
            "with so few pieces nobody can say whether that is chance."
            if few
            else "an interval that stays clear of zero is more than chance."
        ),
        header=["", "bits more a note", ""],
        rows=rows,
    )
