"""Scan one part of a MusicXML score, measure by measure, in quarter notes."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final
from xml.etree import ElementTree as ET

from magenta_bridge.sequences.validate import DENOMINATORS, LARGEST_NUMERATOR

_STEPS: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_DEFAULT_VELOCITY: Final = 64
_FORTE_VELOCITY: Final = 90  # 100 % of MusicXML's dynamics
_DRUM_CHANNEL: Final = "10"
# A bar this much shorter or longer than its meter has rounded durations.
ROUNDED_QUARTERS: Final = Fraction(1, 16)
# Senza misura, or a time signature that a NoteSequence does not allow.
NO_METER: Final = (0, 1)
# Longer numbers, and sums of many unrelated fractions, would make the arithmetic slow.
_FINEST: Final = 10**9
_NUMBER: Final = re.compile(r"\s*[+-]?\d{1,12}(\.\d{1,12})?\s*")
_WORDS_TEMPO: Final = re.compile(
    r"[♩q]\s*=\s*(?:(?:c|ca|circa)\.?\s*)?(\d{2,3}(?:\.\d+)?)", re.IGNORECASE
)
_BEAT_UNITS: Final = {
    "maxima": "32", "long": "16", "breve": "8", "whole": "4", "half": "2", "quarter": "1",
    "eighth": "1/2", "16th": "1/4", "32nd": "1/8", "64th": "1/16",
}  # fmt: skip


@dataclass
class Note:
    """A note, or a part of a tied one; positions count from the start of its measure."""

    start: Fraction
    end: Fraction
    pitch: int
    velocity: int
    program: int
    is_drum: bool
    tie_start: bool
    tie_stop: bool


@dataclass
class Measure:
    """One measure of a part.

    Attributes:
        notes: Its notes in the order of the file.
        length: Where its last voice ends, in quarter notes.
        meter: Numerator and denominator of its time signature; ``NO_METER`` for senza misura.
        key: Sharps as they sound (negative for flats), and whether the mode is minor.
        tempos: Position and quarter notes per minute.
    """

    notes: list[Note] = field(default_factory=list)
    length: Fraction = Fraction(0)
    meter: tuple[int, int] | None = None
    key: tuple[int, bool] | None = None
    tempos: list[tuple[Fraction, float]] = field(default_factory=list)


def number(text: str | None) -> Fraction:
    """Return a number of the score.

    Raises:
        ValueError: The text is not a number of acceptable length.
    """
    if text is None or not _NUMBER.fullmatch(text):
        raise ValueError(f"{str(text)[:40]!r} is not a number")
    return Fraction(text.strip())


def add(one: Fraction, other: Fraction) -> Fraction:
    """Return a sum, rounded where its denominator would be beyond any music's."""
    total = one + other
    return total if total.denominator <= _FINEST else total.limit_denominator(_FINEST)


class PartScanner:
    """Reads the measures of one part.

    Args:
        declaration: The part's ``score-part`` element, which names its instruments.
        left_out: Counts what is left out, by a name in the plural.
    """

    def __init__(self, declaration: ET.Element | None, left_out: Counter[str]) -> None:
        declared = [] if declaration is None else declaration.findall("midi-instrument")
        self._instruments = {each.get("id", ""): each for each in declared}
        self._first = declared[0] if declared else None
        self._left_out = left_out
        self._divisions = Fraction(1)
        self._shifts: dict[str, int] = {}
        self._velocity = _DEFAULT_VELOCITY
        self._qpm = 120.0
        self._at = self._chord_at = Fraction(0)

    def scan(self, element: ET.Element) -> Measure:
        """Return the next measure.

        Raises:
            ValueError: A value of the score is impossible.
        """
        measure = Measure()
        self._at = self._chord_at = Fraction(0)
        for child in element:
            if child.tag == "note":
                self._scan_note(child, measure)
            elif child.tag in ("backup", "forward"):
                moved = self._duration(child)
                moved = moved if child.tag == "forward" else -moved
                self._at = max(add(self._at, moved), Fraction(0))
            elif child.tag == "attributes":
                self._scan_attributes(child, measure)
            elif child.tag == "direction":
                self._scan_direction(child, measure)
            elif child.tag == "sound":
                self._scan_sound(child, measure)
            measure.length = max(measure.length, self._at)
        return measure

    def _duration(self, element: ET.Element) -> Fraction:
        return number(element.findtext("duration")) / self._divisions

    def _scan_attributes(self, element: ET.Element, measure: Measure) -> None:
        for child in element:
            if child.tag == "divisions":
                self._divisions = number(child.text)
                if self._divisions <= 0:
                    raise ValueError("the divisions of a quarter note are not above 0")
            elif child.tag == "time" and measure.meter is None:
                measure.meter = _meter(child)
            elif child.tag == "transpose":
                semitones = number(child.findtext("chromatic", "0"))
                octaves = number(child.findtext("octave-change", "0"))
                octaves -= child.find("double") is not None
                self._shifts[child.get("number", "")] = round(semitones + 12 * octaves)
        key = element.find("key")
        if key is not None and key.find("fifths") is not None:
            fifths = int(number(key.findtext("fifths")))
            shift = self._shift(element)
            measure.key = (fifths * 7 + shift, key.findtext("mode") == "minor")

    def _shift(self, element: ET.Element) -> int:
        """Return the semitones from written to sounding pitch on an element's staff."""
        staff = element.findtext("staff", "1")
        return self._shifts.get(staff, self._shifts.get("", 0))

    def _scan_direction(self, element: ET.Element, measure: Measure) -> None:
        for sound in element.findall("sound"):
            self._scan_sound(sound, measure)
        if any(sound.get("tempo") for sound in element.findall("sound")):
            return
        for metronome in element.findall("direction-type/metronome"):
            qpm = _metronome_qpm(metronome, self._qpm)
            if qpm:
                self._set_tempo(qpm, measure)
        words = "".join(each.text or "" for each in element.findall("direction-type/words"))
        written = _WORDS_TEMPO.search(words)
        if written and element.find("direction-type/metronome") is None:
            self._set_tempo(float(written[1]), measure)

    def _scan_sound(self, sound: ET.Element, measure: Measure) -> None:
        if sound.get("tempo"):
            self._set_tempo(float(number(sound.get("tempo"))), measure)
        if sound.get("dynamics"):
            self._velocity = _velocity(sound.get("dynamics"))

    def _set_tempo(self, qpm: float, measure: Measure) -> None:
        if qpm <= 0.0:
            raise ValueError(f"a tempo of {qpm:g} quarter notes per minute")
        self._qpm = qpm
        measure.tempos.append((self._at, qpm))

    def _scan_note(self, element: ET.Element, measure: Measure) -> None:
        if element.find("grace") is not None:
            self._left_out["grace notes"] += 1
            return
        length = self._duration(element)
        if element.find("chord") is None:
            self._chord_at = self._at
            self._at = add(self._at, length)
        start = self._chord_at
        if element.find("rest") is not None or length <= 0:
            return
        if element.find("cue") is not None:
            self._left_out["cue notes"] += 1
            return
        given = element.find("instrument")
        name = given.get("id", "") if given is not None else ""
        instrument = self._instruments.get(name, self._first)
        pitch = self._pitch(element, instrument)
        if pitch is None:
            self._left_out["unpitched notes without a MIDI drum"] += 1
            return
        dynamics = element.get("dynamics")
        ties = {tie.get("type") for tie in element.findall("tie")} or {
            tie.get("type") for tie in element.findall("notations/tied")
        }
        measure.notes.append(
            Note(
                start=start,
                end=add(start, length),
                pitch=pitch,
                velocity=_velocity(dynamics) if dynamics else self._velocity,
                program=_program(instrument),
                is_drum=element.find("unpitched") is not None or _is_drum(instrument),
                tie_start="start" in ties,
                tie_stop="stop" in ties,
            )
        )

    def _pitch(self, note: ET.Element, instrument: ET.Element | None) -> int | None:
        """Return the sounding pitch; None for an unpitched note whose drum is unknown."""
        if note.find("unpitched") is not None:
            drum = None if instrument is None else instrument.findtext("midi-unpitched")
            return None if drum is None else int(number(drum)) - 1
        step = (note.findtext("pitch/step") or "").strip()
        if step not in _STEPS:
            raise ValueError(f"a note of step {step[:40]!r}")
        octave = int(number(note.findtext("pitch/octave")))
        alter = number(note.findtext("pitch/alter", "0"))
        return 12 * (octave + 1) + _STEPS[step] + round(alter) + self._shift(note)


def _velocity(dynamics: str | None) -> int:
    return min(max(round(number(dynamics) * _FORTE_VELOCITY / 100), 1), 127)


def _program(instrument: ET.Element | None) -> int:
    """Return the program from 0; MusicXML counts from 1."""
    given = None if instrument is None else instrument.findtext("midi-program")
    return 0 if given is None else max(int(number(given)) - 1, 0)


def _is_drum(instrument: ET.Element | None) -> bool:
    channel = None if instrument is None else instrument.findtext("midi-channel")
    return (channel or "").strip() == _DRUM_CHANNEL


def _meter(time: ET.Element) -> tuple[int, int]:
    """Return a time signature as one fraction: 3+2/8 is 5/8, and 2/4 with 3/8 is 7/8."""
    numerator, denominator = 0, 1
    for beats, kind in zip(time.findall("beats"), time.findall("beat-type"), strict=False):
        value = int(number(kind.text))
        if value not in DENOMINATORS:
            return NO_METER
        scale = max(value, denominator)
        count = sum(int(number(part)) for part in (beats.text or "").split("+"))
        numerator = numerator * scale // denominator + count * scale // value
        denominator = scale
    return (numerator, denominator) if 0 < numerator <= LARGEST_NUMERATOR else NO_METER


def _metronome_qpm(metronome: ET.Element, current: float) -> float:
    """Return the quarter notes per minute of a metronome mark; 0 for one that states none."""
    units: list[Fraction] = []
    for child in metronome:
        if child.tag == "beat-unit":
            units.append(Fraction(_BEAT_UNITS.get((child.text or "").strip(), "0")))
            dot = units[-1] / 2
        elif child.tag == "beat-unit-dot" and units:
            units[-1] += dot
            dot /= 2
    written = re.search(r"\d{1,6}(\.\d{1,6})?", metronome.findtext("per-minute") or "")
    if written and units:
        return float(units[0]) * float(written[0])
    if len(units) == 2 and units[0]:
        return current * float(units[1] / units[0])
    return 0.0
