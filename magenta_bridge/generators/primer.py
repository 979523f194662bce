"""What a generator reads of a request: the section, and the music before it as ids."""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import melody
from magenta_bridge.encodings.meters import METERS, STEPS_PER_QUARTER, bar_steps, closest_meter
from magenta_bridge.errors import InvalidArgumentError
from magenta_bridge.limits import (
    GENERATE_STEPS,
    PRIMER_EVENTS,
    PRIMER_STEPS,
    SEQUENCE_SECONDS,
    check_limit,
)
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
        start: Start in seconds.
        end: End in seconds; no note ends later.
        steps: Its length on the grid.
        origin_quarters: Position of its start, in quarter notes.
        meter: The time signature at its start.
        tempo: The tempos of the whole timeline.
    """

    start: float
    end: float
    steps: int
    origin_quarters: float
    meter: Meter
    tempo: TempoMap


def read_section(music: NoteSequence, options: GeneratorOptions) -> Section:
    """Return the section to generate.

    Raises:
        InvalidArgumentError: There is not exactly one, or a section ends before it starts.
        LimitExceededError: The section is too long.
    """
    check_sections(options)
    start, end = options.generate_sections[0].start_time, options.generate_sections[0].end_time
    tempo = TempoMap(music)
    origin = float(tempo.quarters(start))
    quarters = float(tempo.quarters(end)) - origin
    steps = max(int(np.ceil(quarters * STEPS_PER_QUARTER - _ROUNDING)), 1)
    check_limit(GENERATE_STEPS, steps, field="options.generate_sections[0].end_time")
    return Section(start, end, steps, origin, meter_at(music, start + _ROUNDING), tempo)


def check_sections(options: GeneratorOptions) -> None:
    """Check the section to generate, and those to read.

    Raises:
        InvalidArgumentError: There is not exactly one, or a section ends before it starts.
        LimitExceededError: A section ends too late.
    """
    if len(options.generate_sections) != 1:
        raise InvalidArgumentError(
            "options.generate_sections must contain exactly one section, "
            f"got {len(options.generate_sections)}.",
            field="options.generate_sections",
        )
    for name in ("generate_sections", "input_sections"):
        for index, section in enumerate(getattr(options, name)):
            _check_section(section, f"options.{name}[{index}]")


def _check_section(section: GeneratorOptions.SequenceSection, path: str) -> None:
    start, end = section.start_time, section.end_time
    if not (math.isfinite(start) and start >= 0):
        raise InvalidArgumentError(
            f"{path}.start_time must be a time from 0 up, got {start:g}.",
            field=f"{path}.start_time",
        )
    if not (math.isfinite(end) and end > start):
        raise InvalidArgumentError(
            f"{path}.end_time must be later than the start {start:g}, got {end:g}.",
            field=f"{path}.end_time",
        )
    check_limit(SEQUENCE_SECONDS, end, where=path, field=f"{path}.end_time")


def melody_context(
    music: NoteSequence, options: GeneratorOptions, section: Section
) -> tuple[int, NDArray[np.int32]]:
    """Return the melody before the section; arguments as in ``grid_context``.

    Returns:
        Index of the meter in ``METERS``, and the event ids ``(steps,)``.
    """
    meter, _, ids = grid_context(music, options, section, select=melody_line, encode=melody.encode)
    return meter, ids


def grid_context(
    music: NoteSequence,
    options: GeneratorOptions,
    section: Section,
    *,
    select: Callable[[NoteSequence], NoteSequence],
    encode: Callable[..., NDArray[np.int32]],
) -> tuple[int, NoteSequence, NDArray[np.int32]]:
    """Return the music before the section, quantized and as ids.

    The grid is counted back from the section's start, so that the new music begins exactly
    there even after a primer that was played by hand. The bars are counted back in the section's
    meter, which keeps an upbeat and music in an earlier meter.

    Args:
        music: The request's primer.
        options: Its ``input_sections`` choose what is read; all before the section otherwise.
        section: The section to generate.
        select: Returns the quantized notes that the encoding has.
        encode: The encoding's function of that name.

    Returns:
        Index of the meter in ``METERS``, the selected notes, and the ids from a bar line up to
        the section. Silence before the first note is left out in whole bars, and so are the
        oldest bars of music with too many ids.
    """
    meter, bar, into = bar_of(section)
    # Step 0 is a bar line earlier than anything that is read.
    before = into + (PRIMER_STEPS.value // bar + 2) * bar
    origin = section.origin_quarters - before / STEPS_PER_QUARTER
    since = float(section.tempo.seconds(origin))
    notes = input_notes_before(music, options, section, since=since)
    primer = select(quantize(notes, STEPS_PER_QUARTER, origin_quarters=origin))
    first_note = min((note.quantized_start_step for note in primer.notes), default=before)
    first = max(min(first_note, before), before - PRIMER_STEPS.value) // bar * bar
    ids = encode(primer, start_step=first, end_step=before)
    while len(ids) > PRIMER_EVENTS.value:
        first = (first + before) // 2 // bar * bar
        ids = encode(primer, start_step=first, end_step=before)
    return meter, primer, ids


def bar_of(section: Section) -> tuple[int, int, int]:
    """Return the section's index in ``METERS``, its bar in steps, and the steps before it in it."""
    meter = closest_meter(section.meter.numerator, section.meter.denominator)
    steps = int(bar_steps(*METERS[meter]))
    bar = section.meter.bar_quarters
    first = float(section.tempo.quarters(section.meter.start))
    passed = round((section.origin_quarters - first) % bar * STEPS_PER_QUARTER)
    return meter, steps, (passed if passed < bar * STEPS_PER_QUARTER else 0) % steps


def input_notes_before(
    music: NoteSequence, options: GeneratorOptions, section: Section, *, since: float
) -> NoteSequence:
    """Return the notes of the input sections that begin before the section and end after ``since``.

    Notes that sound at the section's start end there.
    """
    starts, ends = _merged_sections(options)
    found = NoteSequence(tempos=music.tempos)
    for note in music.notes:
        if not (note.end_time > since and note.start_time < section.start - _ROUNDING):
            continue
        index = bisect.bisect_right(starts, note.start_time) - 1
        if not starts or (index >= 0 and note.start_time < ends[index]):
            found.notes.add().CopyFrom(note)
            found.notes[-1].end_time = min(note.end_time, section.start)
    return found


def _merged_sections(options: GeneratorOptions) -> tuple[list[float], list[float]]:
    """Return the starts and ends of the input sections, in order and without overlaps."""
    starts: list[float] = []
    ends: list[float] = []
    for start, end in sorted((each.start_time, each.end_time) for each in options.input_sections):
        if ends and start <= ends[-1]:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)
    return starts, ends


def with_notes(music: NoteSequence, notes: Iterable[NoteSequence.Note]) -> NoteSequence:
    """Return a copy of a sequence with only these of its notes."""
    copy = NoteSequence()
    copy.CopyFrom(music)
    del copy.notes[:]
    copy.notes.extend(notes)
    return copy


def prepend(start_id: int, ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return ids after a start id."""
    return np.concatenate([[start_id], ids]).astype(np.int32)
