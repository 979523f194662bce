"""What a melody generator reads of a request: the music so far, on the section's own grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import melody
from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.limits import GENERATE_STEPS, PRIMER_STEPS, SEQUENCE_SECONDS, check_limit
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.sequences.melody_line import melody_line
from magenta_bridge.sequences.meter import Meter, meter_at
from magenta_bridge.sequences.quantize import quantize
from magenta_bridge.sequences.tempo_map import TempoMap

_ROUNDING = 1e-6


@dataclass(frozen=True)
class Section:
    """The section to generate.

    Attributes:
        start: First second.
        end: Second at which everything has ended.
        steps: Its length on the grid.
        origin_quarters: Position of its start, in quarter notes.
        meter: The time signature that rules there.
        tempo: The clock of the whole timeline.
    """

    start: float
    end: float
    steps: int
    origin_quarters: float
    meter: Meter
    tempo: TempoMap


def read_section(music: NoteSequence, options: GeneratorOptions) -> Section:
    """Reads where to generate.

    Raises:
        InvalidArgumentError: Not exactly one section, or one that ends before it starts.
        LimitExceededError: The section is too long.
    """
    field = "options.generate_sections"
    if len(options.generate_sections) != 1:
        raise InvalidArgumentError(
            f"Exactly one section to generate must be named, got {len(options.generate_sections)}.",
            field=field,
        )
    wanted = options.generate_sections[0]
    start, end = float(wanted.start_time), float(wanted.end_time)
    if not 0.0 <= start < end < float("inf"):
        raise InvalidArgumentError(
            f"The section to generate must start at 0 or later and end after its start, got "
            f"{start:g} to {end:g} seconds.",
            field=f"{field}[0]",
        )
    check_limit(SEQUENCE_SECONDS, end, where="section", field=f"{field}[0].end_time")
    tempo = TempoMap(music)
    origin = float(tempo.quarters(start))
    quarters = float(tempo.quarters(end)) - origin
    steps = max(int(np.ceil(quarters * melody.STEPS_PER_QUARTER - _ROUNDING)), 1)
    check_limit(GENERATE_STEPS, steps, field=f"{field}[0].end_time")
    return Section(start, end, steps, origin, meter_at(music, start + _ROUNDING), tempo)


def context_ids(
    music: NoteSequence, options: GeneratorOptions, section: Section
) -> tuple[int, NDArray[np.int32]]:
    """Writes the music before the section as ids.

    The grid is counted back from the section's start, so that the new music begins exactly
    there even when the primer was played by hand; so are the bars, in the section's meter, so
    that an upbeat and music in an earlier meter are heard too.

    Args:
        music: The request's primer.
        options: Its ``input_sections`` choose what is read; all before the section otherwise.
        section: What will be generated.

    Returns:
        Index of the meter in ``melody.METERS``, and the event ids ``(steps,)`` from a bar line
        up to the section. Silence before the first note is left out in whole bars.

    Raises:
        InvalidArgumentError: An input section ends before it starts.
    """
    meter, heard, before = grid_before(music, options, section)
    line = melody_line(heard)
    return meter, melody.encode(line, start_step=first_step(meter, line, before), end_step=before)


def grid_before(
    music: NoteSequence, options: GeneratorOptions, section: Section
) -> tuple[int, NoteSequence, int]:
    """Quantizes what is heard before the section, on a grid that ends where it starts.

    Args:
        music: The request's primer.
        options: Its ``input_sections`` choose what is read; all before the section otherwise.
        section: What will be generated.

    Returns:
        Index of the meter in ``melody.METERS``, the quantized notes, and the section's first
        step. Step 0 lies on a bar line.

    Raises:
        InvalidArgumentError: An input section ends before it starts.
    """
    meter = melody.closest_meter(section.meter.numerator, section.meter.denominator)
    bar = int(melody.bar_steps(*melody.METERS[meter]))
    # Step 0 lies on a bar line that is further back than anything read.
    before = _steps_into_bar(section) % bar + (PRIMER_STEPS.value // bar + 2) * bar
    origin = section.origin_quarters - before / melody.STEPS_PER_QUARTER
    heard = input_notes_before(music, options, section, since=float(section.tempo.seconds(origin)))
    return meter, quantize(heard, melody.STEPS_PER_QUARTER, origin_quarters=origin), before


def first_step(meter: int, heard: NoteSequence, before: int) -> int:
    """Returns the bar line to read from: that of the first note, or as far back as is read."""
    bar = int(melody.bar_steps(*melody.METERS[meter]))
    first_note = min((n.quantized_start_step for n in heard.notes), default=before)
    return max(min(first_note, before), before - PRIMER_STEPS.value) // bar * bar


def _steps_into_bar(section: Section) -> int:
    """Returns how many steps of its own bar have passed where the section starts."""
    bar = section.meter.bar_quarters
    begun = float(section.tempo.quarters(section.meter.start))
    passed = round((section.origin_quarters - begun) % bar * melody.STEPS_PER_QUARTER)
    return passed if passed < bar * melody.STEPS_PER_QUARTER else 0


def input_notes_before(
    music: NoteSequence, options: GeneratorOptions, section: Section, *, since: float
) -> NoteSequence:
    """Returns the chosen notes that begin before the section and end after ``since``.

    Those that sound on at the section's start are ended there.

    Raises:
        InvalidArgumentError: An input section ends before it starts.
    """
    spans = [(float(s.start_time), float(s.end_time)) for s in options.input_sections]
    for index, (start, end) in enumerate(spans):
        if not 0.0 <= start < end < float("inf"):
            raise InvalidArgumentError(
                f"An input section must start at 0 or later and end after its start, got "
                f"{start:g} to {end:g} seconds.",
                field=f"options.input_sections[{index}]",
            )
    heard = NoteSequence(tempos=music.tempos)
    for note in music.notes:
        if not (note.end_time > since and note.start_time < section.start - _ROUNDING):
            continue
        if not spans or any(start <= note.start_time < end for start, end in spans):
            heard.notes.add().CopyFrom(note)
            heard.notes[-1].end_time = min(note.end_time, section.start)
    return heard
