"""The findings of a comparison, in sentences."""

from __future__ import annotations

import math
from typing import Final

from magenta_bridge.evaluation.report.comparison import Comparison, ModelResult
from magenta_bridge.evaluation.report.labels import counted, listed, number, ranged

# With fewer pieces, resampling them says too little about other pieces.
MIN_PIECES_FOR_SIGNIFICANCE: Final = 6
SIGNIFICANT: Final = "significant"
_FEW: Final = 30
_SIMILAR_OVERLAP: Final = 0.01
# A quarter more than human pieces share does not indicate copying.
_MAX_RUN_RATIO: Final = 1.25
_SIMILAR_SPEED: Final = 1.1


def points(found: Comparison) -> list[str]:
    """Return one sentence each on likelihood, baselines, similarity, copying, and speed."""
    return [_best(found), _baseline(found), _nearest(found), _copying(found), _fastest(found)]


def evidence(found: Comparison) -> str:
    """Return what the figures are based on: how many pieces, and which models know them."""
    data = found.data
    few = " That is little: treat the differences below as hints." if data.scored < _FEW else ""
    return (
        f"Figures of human music are based on {counted(data.scored, data.noun)} held out from "
        f"“{data.name}”, and figures of the models' music on "
        f"{counted(found.samples, 'samples')} of each.{few} {_training_data(found)}"
    )


def by_likelihood(found: Comparison) -> list[ModelResult]:
    """Return the models, highest likelihood first."""
    return sorted(found.models, key=lambda each: each.likelihood.bits_per_note.mean)


def pairs(found: Comparison) -> list[tuple[ModelResult, ModelResult]]:
    """Return all pairs of models, the one with the higher likelihood first."""
    ranked = by_likelihood(found)
    return [(one, other) for place, one in enumerate(ranked) for other in ranked[place + 1 :]]


def significance(found: Comparison, one: ModelResult, best: ModelResult) -> str:
    """Return whether the difference of two models' likelihoods is significant, in words."""
    if found.data.scored < MIN_PIECES_FOR_SIGNIFICANCE:
        return "too few pieces for a significance test"
    difference = one.likelihood.more_than(best.likelihood)
    return SIGNIFICANT if difference.excludes_zero else "not significant"


def _training_data(found: Comparison) -> str:
    groups: dict[bool | None, list[str]] = {}
    for each in found.models:
        groups.setdefault(each.trained_on, []).append(each.name)
    if list(groups) == [False]:
        return "None of these models was trained on this music."
    sentences = {
        True: "The training data of {} includes the rest of this music, not the held-out pieces.",
        False: "The training data of {} does not include this music.",
        None: "There is no training manifest for {}; if the training data includes this music, it "
        "includes the held-out pieces.",
    }
    return " ".join(sentences[key].format(listed(names)) for key, names in groups.items())


def _best(found: Comparison) -> str:
    best, *others = by_likelihood(found)
    bits = best.likelihood.bits_per_note.mean
    behind = [
        f"{each.name} needs {ranged(each.likelihood.more_than(best.likelihood))} bits more "
        f"({significance(found, each, best)})"
        for each in others
    ]
    sure = others and significance(found, others[0], best) == SIGNIFICANT
    verb = "has the highest likelihood" if sure else "has the highest likelihood, but not surely"
    return (
        f"{best.name} {verb}: {bits:.2f} bits per note on held-out pieces (perplexity "
        f"{2**bits:.1f}); {listed(behind)}."
    )


def _baseline(found: Comparison) -> str:
    _, baseline = found.best_baseline
    bits = baseline.bits_per_note.mean
    ranked = by_likelihood(found)
    better = [each.name for each in ranked if each.likelihood.bits_per_note.mean < bits]
    worse = [each.name for each in ranked if each.likelihood.bits_per_note.mean >= bits]
    parts = [f"{listed(better)} {'is' if len(better) == 1 else 'are'} better"] if better else []
    if worse:
        parts.append(f"{listed(worse)} {'is' if len(worse) == 1 else 'are'} worse")
    return f"The best n-gram baseline needs {bits:.2f} bits per note: {listed(parts)}."


def _nearest(found: Comparison) -> str:
    measured = [each for each in found.models if not math.isnan(each.music.overlap)]
    if not measured:
        return "There are too few held-out pieces to measure similarity to human music."
    best = max(each.music.overlap for each in measured)
    tied = [each.name for each in measured if best - each.music.overlap < _SIMILAR_OVERLAP]
    return (
        f"The music of {listed(tied)} is most similar to human music: its features overlap by "
        f"{best:.0%}, those of other human pieces by {found.human.overlap:.0%}."
    )


def _copying(found: Comparison) -> str:
    most = max(found.models, key=lambda each: (each.music.usual, each.music.longest))
    own, human = most.music.usual, found.held_out.usual
    shared = (
        f"{most.name} shares the longest runs with the training split: {own:g} notes in its "
        f"median sample, while held-out human pieces share {human:g}"
    )
    if all(each.trained_on is False for each in found.models):
        return f"{shared}; no model was trained on that music, so nothing is copied."
    if own <= human * _MAX_RUN_RATIO:
        return f"{shared}; no model copies more than human pieces share with each other."
    return f"{shared}; that is more than human pieces share with each other, so it copies."


def _fastest(found: Comparison) -> str:
    ranked = sorted(found.models, key=lambda each: each.speed.step_us)
    quickest = ranked[0].speed.step_us
    tied = [each.name for each in ranked if each.speed.step_us < quickest * _SIMILAR_SPEED]
    slower = [
        f"{each.name} takes {number(each.speed.step_us / quickest)} times as long"
        for each in ranked[len(tied) :]
    ]
    verb = "is fastest" if len(tied) == 1 else "are equally fast"
    first = f"{listed(tied)} {verb}: {number(quickest)} µs per step"
    return f"{first}; {listed(slower)}." if slower else f"{first}."
