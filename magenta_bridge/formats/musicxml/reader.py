"""Read MusicXML bytes into a NoteSequence."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate
from typing import Final
from xml.etree import ElementTree as ET

from magenta_bridge.errors import FileFormatError, LimitExceededError
from magenta_bridge.formats.musicxml.part_scanner import (
    NO_METER,
    ROUNDED_QUARTERS,
    Measure,
    Note,
    PartScanner,
    add,
)
from magenta_bridge.formats.musicxml.validate import read_score
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.tempo_map import DEFAULT_QPM, TempoMap
from magenta_bridge.sequences.validate import DENOMINATORS, LARGEST_NUMERATOR, validate

_MINOR_TONIC: Final = 9
_DEFAULT_METER: Final = (4, 4)


def musicxml_to_note_sequence(
    data: bytes, *, name: str = "MusicXML data", warnings: list[str] | None = None
) -> NoteSequence:
    """Read MusicXML bytes, compressed (``.mxl``) or not.

    Each part is an instrument, numbered from 0, at sounding pitch. Tied notes are one note.
    The parts start each measure together, where the longest of them ends the one before. A
    measure that is shorter or longer than its meter, such as an upbeat, has a meter of its own.
    Tempos of all parts count; meters and keys are those of the first part. Title and composer
    are kept. Unpitched notes are drums, by the ``midi-unpitched`` of their instrument.

    Left out are grace and cue notes, repeats (each measure is read once), and what a
    NoteSequence has no place for.

    Args:
        data: The whole file.
        name: What the bytes are called in error messages, e.g. a file name.
        warnings: Takes a sentence for each kind of note that is left out.

    Returns:
        The music in seconds, notes in order of time within each part. ``total_time`` is the
        end of the last measure.

    Raises:
        FileFormatError: This is not a score in MusicXML, or it is damaged.
        LimitExceededError: It is larger than ``limits`` allows.
    """
    score = read_score(data, name)
    left_out: Counter[str] = Counter()
    try:
        sequence = _sequence(score, left_out)
        validate(sequence, field="score")
    except (FileFormatError, LimitExceededError):
        raise
    # Damage shows as a ValueError, an InvalidSequenceError or an OverflowError.
    except Exception as error:
        problem = str(error).rstrip(".") or type(error).__name__
        raise FileFormatError(
            f"{name} is a MusicXML file that cannot be read: {problem}. "
            "Export it again from the program that made it."
        ) from error
    if warnings is not None:
        warnings += [f"Left out: {kind} ({count})." for kind, count in left_out.items()]
    return sequence


def _sequence(score: ET.Element, left_out: Counter[str]) -> NoteSequence:
    sequence = NoteSequence()
    sequence.source_info.source_type = NoteSequence.SourceInfo.SCORE_BASED
    sequence.source_info.encoding_type = NoteSequence.SourceInfo.MUSIC_XML
    _add_title(sequence, score)
    declared = {each.get("id"): each for each in score.findall("part-list/score-part")}
    parts: list[list[Measure]] = []
    for index, part in enumerate(score.findall("part")):
        declaration = declared.get(part.get("id"))
        scanner = PartScanner(declaration, left_out)
        parts.append([scanner.scan(measure) for measure in part.findall("measure")])
        name = "" if declaration is None else declaration.findtext("part-name", "")
        if name.strip():
            sequence.instrument_infos.add(instrument=index, name=name.strip())
    first = parts[0] if parts else []
    meters, lengths = _measure_lengths(parts)
    starts = list(accumulate(lengths, add, initial=Fraction(0)))
    _add_tempos(sequence, parts, starts)
    tempo = TempoMap(sequence)
    _add_meters(sequence, meters, lengths, starts, tempo)
    key = None
    for start, measure in zip(starts, first, strict=False):
        if measure.key not in (None, key):
            key = measure.key
            _add_key(sequence, key, float(tempo.seconds(float(start))))
    for index, part_measures in enumerate(parts):
        _add_notes(sequence, _joined(part_measures, starts), index, tempo)
    sequence.total_time = float(tempo.seconds(float(starts[-1])))
    return sequence


def _add_title(sequence: NoteSequence, score: ET.Element) -> None:
    work, movement = score.findtext("work/work-title"), score.findtext("movement-title")
    titles = dict.fromkeys(" ".join((title or "").split()) for title in (work, movement))
    sequence.sequence_metadata.title = ", ".join(title for title in titles if title)
    for creator in score.findall("identification/creator"):
        if creator.get("type") == "composer" and creator.text:
            sequence.sequence_metadata.composers.append(" ".join(creator.text.split()))


def _measure_lengths(
    parts: list[list[Measure]],
) -> tuple[list[tuple[int, int]], list[Fraction]]:
    """Return the written meter and the real length of each measure, in quarter notes."""
    columns: list[list[Measure]] = [[] for _ in range(max(map(len, parts), default=0))]
    for part in parts:
        for column, measure in zip(columns, part, strict=False):
            column.append(measure)
    meter = _DEFAULT_METER
    meters, lengths = [], []
    for column in columns:
        meter = next((measure.meter for measure in column if measure.meter), meter)
        written = Fraction(4 * meter[0], meter[1]) if meter != NO_METER else Fraction(0)
        length = max(measure.length for measure in column)
        if length == 0 or abs(length - written) < ROUNDED_QUARTERS:
            length = written
        meters.append(meter)
        lengths.append(length)
    return meters, lengths


def _add_tempos(sequence: NoteSequence, parts: list[list[Measure]], starts: list[Fraction]) -> None:
    marks: dict[Fraction, float] = {Fraction(0): DEFAULT_QPM}
    for part in reversed(parts):  # the first part's tempo counts where several have one
        for start, measure in zip(starts, part, strict=False):
            marks.update((start + at, qpm) for at, qpm in measure.tempos)
    last = (Fraction(0), 0.0, 0.0)
    for position, qpm in sorted(marks.items()):
        seconds = last[1] + (float(position - last[0]) * 60.0 / last[2] if last[2] else 0.0)
        if qpm != last[2]:
            sequence.tempos.add(time=seconds, qpm=qpm)
            last = (position, seconds, qpm)


def _add_meters(
    sequence: NoteSequence,
    meters: list[tuple[int, int]],
    lengths: list[Fraction],
    starts: list[Fraction],
    tempo: TempoMap,
) -> None:
    """Add a meter where it changes, and around measures that are not as long as theirs."""
    latest: tuple[int, int] | None = None  # None where the next measure needs a mark
    for start, meter, length in zip(starts, meters, lengths, strict=False):
        mark = _fraction_meter(length / 4, meter[1]) if length * meter[1] != 4 * meter[0] else meter
        if meter == NO_METER:
            latest = None
            continue
        if (mark or meter) != latest:
            time = float(tempo.seconds(float(start)))
            sequence.time_signatures.add(
                time=time, numerator=(mark or meter)[0], denominator=(mark or meter)[1]
            )
        latest = mark
    if meters and meters[-1] not in (latest, NO_METER):
        time = float(tempo.seconds(float(starts[-1])))
        sequence.time_signatures.add(time=time, numerator=meters[-1][0], denominator=meters[-1][1])


def _fraction_meter(real: Fraction, written: int) -> tuple[int, int] | None:
    """Return the meter of a measure of irregular length; None where there is none."""
    denominator = max(real.denominator, written)
    numerator = real * denominator
    possible = denominator in DENOMINATORS and numerator.denominator == 1
    return (
        (int(numerator), denominator) if possible and 0 < numerator <= LARGEST_NUMERATOR else None
    )


def _add_key(sequence: NoteSequence, key: tuple[int, bool], seconds: float) -> None:
    tonic, minor = key
    mode = NoteSequence.KeySignature.MINOR if minor else NoteSequence.KeySignature.MAJOR
    sequence.key_signatures.add(time=seconds, key=(tonic + minor * _MINOR_TONIC) % 12, mode=mode)


def _joined(measures: list[Measure], starts: list[Fraction]) -> list[Note]:
    """Return the notes of a part at their places in the piece, tied notes as one."""
    moved = [
        replace(note, start=add(start, note.start), end=add(start, note.end))
        for start, measure in zip(starts, measures, strict=False)
        for note in measure.notes
    ]
    joined: list[Note] = []
    tied: dict[tuple[int, Fraction], list[Note]] = defaultdict(list)
    for note in sorted(moved, key=lambda note: (note.start, note.pitch)):
        before = tied[note.pitch, note.start] if note.tie_stop else []
        whole = before.pop(0) if before else note
        if whole is note:
            joined.append(note)
        whole.end = note.end
        if note.tie_start:
            tied[whole.pitch, whole.end].append(whole)
    return joined


def _add_notes(sequence: NoteSequence, notes: list[Note], index: int, tempo: TempoMap) -> None:
    begins = tempo.seconds([float(note.start) for note in notes]).tolist()
    ends = tempo.seconds([float(note.end) for note in notes]).tolist()
    for note, start_time, end_time in zip(notes, begins, ends, strict=True):
        sequence.notes.add(
            pitch=note.pitch,
            velocity=note.velocity,
            start_time=start_time,
            end_time=end_time,
            instrument=index,
            program=note.program,
            is_drum=note.is_drum,
        )
