"""The report's first section: what was found, in plain words."""

from __future__ import annotations

import math
from typing import Final

from magenta_bridge.evaluation.report.blocks import Points, Section, Text
from magenta_bridge.evaluation.report.comparison import Comparison, ModelResult
from magenta_bridge.evaluation.report.labels import counted, listed, number, ranged

# With fewer pieces, resampling them says too little about other pieces.
MIN_PIECES_FOR_SIGNIFICANCE: Final = 6
SIGNIFICANT: Final = "beyond chance"
_FEW: Final = 30
_AS_NEAR: Final = 0.01
# A quarter more than people do is no sign of copying.
_MORE: Final = 1.25
_AS_FAST: Final = 1.1


def summary_section(found: Comparison) -> Section:
    """Returns who foretells best, is fastest, sounds nearest and copies most."""
    points = [
        _best_model(found),
        _baseline_comparison(found),
        _nearest(found),
        _copying(found),
        _fastest(found),
    ]
    return Section("summary", "Summary", [Text(evidence(found)), Points(points)])


def evidence(found: Comparison) -> str:
    """Returns what all figures rest on: how many pieces, and who has heard them."""
    data = found.data
    few = (
        " That is little: take the differences below as hints, not as findings."
        if data.scored < _FEW
        else ""
    )
    return (
        f"Everything about human music here rests on {counted(data.scored, data.noun)} held out "
        f"of “{data.name}”, and everything about the models' own music on "
        f"{counted(found.samples, 'samples')} of each.{few} {_heard(found)}"
    )


def by_likelihood(found: Comparison) -> list[ModelResult]:
    """Returns the bundles, the one that foretells best first."""
    return sorted(found.models, key=lambda each: each.likelihood.bits_per_note.mean)


def significance(found: Comparison, one: ModelResult, best: ModelResult) -> str:
    """Returns whether one bundle's loss behind the best one's is beyond chance, in words."""
    if found.data.scored < MIN_PIECES_FOR_SIGNIFICANCE:
        return "too few pieces to tell from chance"
    apart = one.likelihood.more_than(best.likelihood)
    return SIGNIFICANT if apart.excludes_zero else "within chance"


def _heard(found: Comparison) -> str:
    groups: dict[bool | None, list[str]] = {}
    for each in found.models:
        groups.setdefault(each.trained_on, []).append(each.name)
    if list(groups) == [False]:
        return "None of these models ever heard this music: it is foreign to all of them."
    sentences = {
        True: "{} learned from the rest of this music, never from the held-out pieces.",
        False: "{} never heard any of this music.",
        None: "{} does not tell whether it learned from this music; if it did, the held-out "
        "pieces here are those of its training.",
    }
    return " ".join(sentences[key].format(listed(names)) for key, names in groups.items())


def _best_model(found: Comparison) -> str:
    best, *others = by_likelihood(found)
    bits = best.likelihood.bits_per_note.mean
    behind = [
        f"{each.name} takes {ranged(each.likelihood.more_than(best.likelihood))} more "
        f"({significance(found, each, best)})"
        for each in others
    ]
    sure = others and significance(found, others[0], best) == SIGNIFICANT
    verb = "foretells best" if sure else "comes first at foretelling, but not surely"
    return (
        f"{best.name} {verb}: each note of an unheard piece takes it {bits:.2f} bits, as sure as "
        f"guessing among {2**bits:.1f} equally likely ways to go on; {listed(behind)}."
    )


def _baseline_comparison(found: Comparison) -> str:
    _, best_baseline = found.best_baseline
    bits = best_baseline.bits_per_note.mean
    below = [
        each.name for each in by_likelihood(found) if each.likelihood.bits_per_note.mean < bits
    ]
    above = [
        each.name for each in by_likelihood(found) if each.likelihood.bits_per_note.mean >= bits
    ]
    likelihood = (
        f"Counting which event usually follows the last few (an n-gram) takes {bits:.2f} bits: "
    )
    parts = [f"{listed(below)} {'does' if len(below) == 1 else 'do'} better"] if below else []
    if above:
        parts.append(f"{listed(above)} {'does' if len(above) == 1 else 'do'} worse")
    return f"{likelihood}{listed(parts)}."


def _nearest(found: Comparison) -> str:
    measured = [each for each in found.models if not math.isnan(each.music.overlap)]
    if not measured:
        return "There are too few held-out pieces to say whose music sounds nearest to them."
    best = max(measured, key=lambda each: each.music.overlap)
    ceiling = found.human.overlap
    tied = [each.name for each in measured if best.music.overlap - each.music.overlap < _AS_NEAR]
    alike = " (and alike near)" if len(tied) > 1 else ""
    return (
        f"The music of {listed(tied)} lies nearest to human music{alike}: it shares "
        f"{best.music.overlap:.0%} of its character, where other human pieces share {ceiling:.0%}."
    )


def _copying(found: Comparison) -> str:
    most = max(found.models, key=lambda each: (each.music.usual, each.music.longest))
    own, human = most.music.usual, found.held_out.usual
    likelihood = (
        f"{most.name} shares the longest runs with the music on the training side: {own:g} notes "
        f"in its usual sample, where held-out human pieces share {human:g}"
    )
    if all(each.trained_on is False for each in found.models):
        return f"{likelihood}; since no model heard that music, none of it is copied."
    if own <= human * _MORE:
        return f"{likelihood}; so nobody here copies more than people quote each other."
    return f"{likelihood}; that is more than people quote each other, so it copies."


def _fastest(found: Comparison) -> str:
    ranked = sorted(found.models, key=lambda each: each.speed.step_us)
    quickest = ranked[0].speed.step_us
    tied = [each.name for each in ranked if each.speed.step_us < quickest * _AS_FAST]
    slower = [
        f"{each.name} takes {number(each.speed.step_us / quickest)} times as long"
        for each in ranked[len(tied) :]
    ]
    verb = "is fastest" if len(tied) == 1 else "are equally fast"
    likelihood = f"{listed(tied)} {verb}: {number(quickest)} millionths of a second a step"
    return f"{likelihood}; {listed(slower)}." if slower else f"{likelihood}."
