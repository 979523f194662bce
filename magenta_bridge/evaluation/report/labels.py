"""Numbers and names as a musician reads them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from magenta_bridge.evaluation.metrics.bootstrap import Interval

NOTHING: Final = "-"

MGEVAL: Final[Mapping[str, str]] = {
    "pitch_count": "how many different pitches",
    "pitch_class_histogram": "which notes of the scale, and how much of each",
    "pitch_class_transitions": "which note follows which",
    "pitch_range": "range from lowest to highest note",
    "mean_pitch_interval": "size of the steps between notes",
    "note_count": "how many notes",
    "mean_onset_interval": "time from note to note",
    "note_length_histogram": "which note lengths, and how much of each",
    "note_length_transitions": "which note length follows which",
}
MUSPY: Final[Mapping[str, str]] = {
    "n_pitches": "different pitches",
    "n_pitch_classes": "different notes of the twelve",
    "pitch_range": "range, semitones",
    "polyphony": "notes sounding at once",
    "polyphony_rate": "share of time with three or more notes at once",
    "pitch_in_scale_rate": "share of notes in the key without signs",
    "scale_consistency": "share of notes in the best fitting scale",
    "pitch_entropy": "variety of pitches, bits",
    "pitch_class_entropy": "variety of notes of the twelve, bits",
    "empty_beat_rate": "share of beats in silence",
    "empty_measure_rate": "share of bars in silence",
    "groove_consistency": "likeness of rhythm from bar to bar",
    "drum_in_pattern_rate": "share of drum hits on sixteenths",
    "drum_pattern_consistency": "share of drum hits in the best fitting pattern",
}
MUSEGAN: Final[Mapping[str, str]] = {
    "EB": "empty bars (EB), share",
    "UPC": "different notes of the twelve in a bar (UPC)",
    "QN": "notes of an eighth or longer (QN), share",
    "DP": "drum hits in rock patterns (DP), share",
    "TD": "distance in harmony of the two tracks (TD)",
}
STRUCTURE: Final[Mapping[str, str]] = {
    "bars_heard_before": "share of bars heard before, note for note",
    "similarity_1": "likeness to the bar before",
    "similarity_2": "likeness to the bar two before",
    "similarity_4": "likeness to the bar four before",
    "similarity_8": "likeness to the bar eight before",
    "groove_similarity": "likeness of rhythm, any two bars",
    "pitch_class_entropy_1": "variety of notes within a bar, bits",
    "pitch_class_entropy_4": "variety of notes within four bars, bits",
}


def number(value: float) -> str:
    """Returns a number with three digits that tell something, or a dash for none."""
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
    """Returns a figure with its interval."""
    return f"{interval.mean:.{digits}f} ({interval.low:.{digits}f} to {interval.high:.{digits}f})"


def percent(interval: Interval) -> str:
    """Returns a share with its interval, in percent."""
    low, high = 100 * interval.low, 100 * interval.high
    return f"{interval.mean:.1%} ({low:.1f} to {high:.1f})"


def mebibytes(count: int | None) -> str:
    """Returns a size, or that it is not known."""
    return "not told" if count is None else f"{count / 2**20:,.0f} MB"


def counted(count: int, noun: str) -> str:
    """Returns a count of things whose plural is ``noun``."""
    return f"{count:,} {singular(noun) if count == 1 else noun}"


def singular(noun: str) -> str:
    """Returns the singular of what encodings call their pieces."""
    words = {"melodies": "melody", "pieces in voices": "piece in voices"}
    words["pairs of lines"] = "pair of lines"
    return words.get(noun, noun.removesuffix("s"))


def listed(names: Sequence[str]) -> str:
    """Returns names in a row: ``a``, ``a and b``, ``a, b and c``."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
