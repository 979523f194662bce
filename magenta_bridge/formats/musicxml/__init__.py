"""From MusicXML bytes to a NoteSequence."""

from __future__ import annotations

import math
import warnings
from fractions import Fraction
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from magenta_bridge.errors import FileFormatError, LimitExceededError, UnsupportedError
from magenta_bridge.formats.musicxml.validate import read_score
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.validate import DENOMINATORS, LARGEST_NUMERATOR, validate

if TYPE_CHECKING:
    from note_seq.musicxml_parser import MusicXMLDocument, Part

_DEFAULT_QPM: Final = 120.0
_STEADY_SECONDS_PER_QUARTER: Final = 0.5
_DRUM_CHANNEL: Final = 10
_SHARPS_TO_SEMITONES: Final = 7
_MINOR_TONIC: Final = 9
# Positions are sums of floats; notes on a grid this fine are at one place.
_PLACES: Final = 6


def musicxml_to_note_sequence(
    data: bytes, *, name: str = "MusicXML data", warnings: list[str] | None = None
) -> NoteSequence:
    """Reads MusicXML bytes, compressed (``.mxl``) or not, by note_seq's parser.

    Each part is an instrument, numbered from 0. Tied notes are one note. The first part's
    tempos, meters and keys count for all; a first bar that is shorter than its meter, an upbeat,
    is given a meter of its own. Title and composer are kept.

    Left out are grace notes, repeats (each bar is read once), and what a NoteSequence has no
    place for.

    Args:
        data: The whole file.
        name: What the bytes are called in error messages, e.g. a file name.
        warnings: Takes a sentence for each kind of music that is left out.

    Returns:
        The music in seconds, notes in order of time within each part.

    Raises:
        FileFormatError: This is no score in MusicXML, it is damaged, or it uses what the parser
            does not know, such as unpitched notes or two meters at once.
        LimitExceededError: It is larger than ``limits`` allows.
        UnsupportedError: What the parser loads is not installed.
    """
    del warnings
    score = read_score(data, name)
    try:
        document = _document(score)
        sequence = _sequence(score, document)
        validate(sequence, field="score")
    except (FileFormatError, LimitExceededError, UnsupportedError):
        raise
    # The parser trusts its input: a missing element is an AttributeError, a letter for a number
    # a ValueError, and so on for every bug and every damage.
    except Exception as error:
        problem = str(error).rstrip(".") or type(error).__name__
        raise FileFormatError(
            f"{name} is a MusicXML file that cannot be read: {problem}. "
            "Export it again from where it came."
        ) from error
    return sequence


def _document(score: ET.Element) -> MusicXMLDocument:
    """Has note_seq parse a tree, all parts at one steady tempo.

    The parser itself would read the tempo changes of the first part there only, and play every
    other part at the last of them.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydub, loaded along, misses a program for sound
        try:
            from note_seq import musicxml_parser
        except ImportError as error:  # a container for serving is made without what it loads
            raise UnsupportedError(
                f"MusicXML cannot be read here, as {error.name} is missing; write the music as "
                "MIDI, or run: pip install --force-reinstall note-seq"
            ) from error

    class SteadyState(musicxml_parser.MusicXMLParserState):  # type: ignore[misc]
        @property
        def seconds_per_quarter(self) -> float:
            return _STEADY_SECONDS_PER_QUARTER

        @seconds_per_quarter.setter
        def seconds_per_quarter(self, value: float) -> None:
            del value

    class Document(musicxml_parser.MusicXMLDocument):  # type: ignore[misc]
        @staticmethod
        def _get_score(filename: ET.Element) -> ET.Element:
            return filename

        def _parse(self) -> None:
            self._state = SteadyState()
            super()._parse()

    return Document(score)


class _TempoMap:
    """Quarters to seconds, through a piece's tempo changes."""

    def __init__(self, document: MusicXMLDocument) -> None:
        marks = {0.0: _DEFAULT_QPM}
        for measure in document.parts[0].measures if document.parts else []:
            for tempo in measure.tempos:
                marks[max(_quarters(tempo.time_position), 0.0)] = float(tempo.qpm)
        self.rows: list[tuple[float, float, float]] = []
        for start, qpm in sorted(marks.items()):
            if not (math.isfinite(qpm) and qpm > 0.0):
                raise ValueError(f"a tempo of {qpm:g} quarters a minute")
            last = self.rows[-1] if self.rows else (start, 0.0, qpm)
            if not self.rows or qpm != last[2]:
                self.rows.append((start, last[1] + (start - last[0]) * 60.0 / last[2], qpm))

    def seconds(self, quarters: float) -> float:
        row = next(row for row in reversed(self.rows) if row[0] <= quarters)
        return row[1] + (quarters - row[0]) * 60.0 / row[2]


def _quarters(steady_seconds: float) -> float:
    return round(steady_seconds / _STEADY_SECONDS_PER_QUARTER, _PLACES)


def _sequence(score: ET.Element, document: MusicXMLDocument) -> NoteSequence:
    sequence = NoteSequence(ticks_per_quarter=document.midi_resolution)
    sequence.source_info.source_type = NoteSequence.SourceInfo.SCORE_BASED
    sequence.source_info.encoding_type = NoteSequence.SourceInfo.MUSIC_XML
    sequence.source_info.parser = NoteSequence.SourceInfo.MAGENTA_MUSIC_XML
    _add_title(sequence, score)
    tempos = _TempoMap(document)
    for _, seconds, qpm in tempos.rows:
        sequence.tempos.add(time=seconds, qpm=qpm)
    if document.parts:
        _add_meters(sequence, document.parts[0], tempos)
        _add_keys(sequence, document.parts[0], tempos)
    for index, part in enumerate(document.parts):
        if part.score_part.part_name:
            sequence.instrument_infos.add(instrument=index, name=part.score_part.part_name)
        _add_notes(sequence, part, index, tempos)
    sequence.total_time = max((note.end_time for note in sequence.notes), default=0.0)
    return sequence


def _add_title(sequence: NoteSequence, score: ET.Element) -> None:
    work, movement = score.findtext("work/work-title"), score.findtext("movement-title")
    titles = dict.fromkeys(" ".join((title or "").split()) for title in (work, movement))
    sequence.sequence_metadata.title = ", ".join(title for title in titles if title)
    for creator in score.findall("identification/creator"):
        if creator.get("type") == "composer" and creator.text:
            sequence.sequence_metadata.composers.append(" ".join(creator.text.split()))


def _add_meters(sequence: NoteSequence, part: Part, tempos: _TempoMap) -> None:
    starts = [_quarters(measure.start_time_position) for measure in part.measures]
    written = (4, 4)
    marks: dict[float, tuple[int, int]] = {}
    for start, measure in zip(starts, part.measures, strict=True):
        beats = measure.xml_measure.find("attributes/time/beats")
        kind = measure.xml_measure.find("attributes/time/beat-type")
        if beats is not None and kind is not None:
            written = (int(beats.text), int(kind.text))
            marks[start] = written
    if len(starts) > 1 and starts[0] in marks:
        upbeat = Fraction(starts[1]).limit_denominator(16) / 4
        whole = Fraction(*marks[starts[0]])
        if 0 < upbeat < whole and upbeat.denominator in DENOMINATORS:
            marks.setdefault(starts[1], marks[starts[0]])
            least = max(upbeat.denominator, 4)
            marks[starts[0]] = (int(upbeat * least), least)
    last = None
    for start, mark in sorted(marks.items()):
        possible = 0 < mark[0] <= LARGEST_NUMERATOR and mark[1] in DENOMINATORS
        if possible and mark != last:
            time = tempos.seconds(max(start, 0.0))
            sequence.time_signatures.add(time=time, numerator=mark[0], denominator=mark[1])
            last = mark


def _add_keys(sequence: NoteSequence, part: Part, tempos: _TempoMap) -> None:
    for measure in part.measures:
        key = measure.key_signature
        if key is None or not -7 <= key.key <= 7:
            continue
        minor = key.xml_key is not None and key.xml_key.findtext("mode") == "minor"
        tonic = key.key * _SHARPS_TO_SEMITONES + minor * _MINOR_TONIC
        mode = NoteSequence.KeySignature.MINOR if minor else NoteSequence.KeySignature.MAJOR
        time = tempos.seconds(max(_quarters(key.time_position), 0.0))
        sequence.key_signatures.add(time=time, key=tonic % 12, mode=mode)


def _add_notes(sequence: NoteSequence, part: Part, index: int, tempos: _TempoMap) -> None:
    """Adds a part's notes, joining those that are tied."""
    channel, program = part.score_part.midi_channel, part.score_part.midi_program
    spans: list[list[float]] = []  # start, end, pitch, velocity
    tied: dict[tuple[int, float], list[float]] = {}
    for note in (note for measure in part.measures for note in measure.notes):
        length = _quarters(note.note_duration.seconds)
        if note.is_rest or note.pitch is None or length <= 0.0:
            continue
        start = max(_quarters(note.note_duration.time_position), 0.0)
        end, pitch = round(start + length, _PLACES), int(note.pitch[1])
        ties = {tie.get("type") for tie in note.xml_note.findall("tie")}
        span = tied.pop((pitch, start), None) if "stop" in ties else None
        if span is None:
            span = [start, end, pitch, min(max(int(note.velocity), 1), 127)]
            spans.append(span)
        span[1] = end
        if "start" in ties:
            tied[pitch, end] = span
    for begin, finish, key, velocity in sorted(spans, key=lambda span: (span[0], span[2])):
        sequence.notes.add(
            pitch=int(key),
            velocity=int(velocity),
            start_time=tempos.seconds(begin),
            end_time=tempos.seconds(finish),
            instrument=index,
            # MusicXML counts programs and channels from 1; 0 is the parser's "not given".
            program=max(program - 1, 0),
            is_drum=channel == _DRUM_CHANNEL,
        )
