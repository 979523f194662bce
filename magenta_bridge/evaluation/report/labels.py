"""Labels of metrics, and numbers in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from magenta_bridge.evaluation.metrics.bootstrap import Interval

NOTHING: Final = "-"

MGEVAL: Final[Mapping[str, str]] = {
    "pitch_count": "pitch count",
    "pitch_class_histogram": "pitch class histogram",
    "pitch_class_transitions": "pitch class transitions",
    "pitch_range": "pitch range",
    "mean_pitch_interval": "mean pitch interval",
    "note_count": "note count",
    "mean_onset_interval": "mean inter-onset interval",
    "note_length_histogram": "note length histogram",
    "note_length_transitions": "note length transitions",
}
MUSPY: Final[Mapping[str, str]] = {
    "n_pitches": "different pitches",
    "n_pitch_classes": "different pitch classes",
    "pitch_range": "pitch range, semitones",
    "polyphony": "polyphony, notes at a time",
    "polyphony_rate": "polyphony rate, share of time with three or more notes",
    "pitch_in_scale_rate": "pitch in scale rate, C major",
    "scale_consistency": "scale consistency",
    "pitch_entropy": "pitch entropy, bits",
    "pitch_class_entropy": "pitch class entropy, bits",
    "empty_beat_rate": "empty beat rate",
    "empty_measure_rate": "empty measure rate",
    "groove_consistency": "groove consistency",
    "drum_in_pattern_rate": "drum in pattern rate",
    "drum_pattern_consistency": "drum pattern consistency",
}
MUSEGAN: Final[Mapping[str, str]] = {
    "EB": "empty bars (EB), share",
    "UPC": "pitch classes per bar (UPC)",
    "QN": "qualified notes, an eighth or longer (QN), share",
    "DP": "drum hits in rock patterns (DP), share",
    "TD": "tonal distance of the two tracks (TD)",
}
STRUCTURE: Final[Mapping[str, str]] = {
    "bars_heard_before": "share of repeated bars",
    "similarity_1": "similarity to the previous bar",
    "similarity_2": "similarity to two bars earlier",
    "similarity_4": "similarity to four bars earlier",
    "similarity_8": "similarity to eight bars earlier",
    "groove_similarity": "similarity of rhythm, any two bars",
    "pitch_class_entropy_1": "pitch class entropy within a bar, bits",
    "pitch_class_entropy_4": "pitch class entropy within four bars, bits",
}


def number(value: float) -> str:
    """Return a number with three significant digits; a dash for NaN."""
    if math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "infinite"
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    if size >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if size >= 0.1 or not value else f"{value:.3f}"


def ranged(interval: Interval, digits: int = 2) -> str:
    """Return a figure with its interval."""
    return f"{interval.mean:.{digits}f} ({interval.low:.{digits}f} to {interval.high:.{digits}f})"


def percent(interval: Interval) -> str:
    """Return a share with its interval, in percent."""
    low, high = 100 * interval.low, 100 * interval.high
    return f"{interval.mean:.1%} ({low:.1f} to {high:.1f})"


def mebibytes(count: int | None) -> str:
    """Return a size in MB; ``unknown`` for None."""
    return "unknown" if count is None else f"{count / 2**20:,.0f} MB"


def counted(count: int, noun: str) -> str:
    """Return a count with its noun; ``noun`` is the plural."""
    return f"{count:,} {singular(noun) if count == 1 else noun}"


def singular(noun: str) -> str:
    """Return the singular of an encoding's noun."""
    words = {"melodies": "melody", "pieces in voices": "piece in voices"}
    words["pairs of lines"] = "pair of lines"
    return words.get(noun, noun.removesuffix("s"))


def listed(names: Sequence[str]) -> str:
    """Return names in a row: ``a``, ``a and b``, ``a, b, and c``."""
    if len(names) < 3:
        return " and ".join(names)
    return f"{', '.join(names[:-1])}, and {names[-1]}"
