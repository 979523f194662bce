"""Writes the test music beside this file; run it after a change: python tests/data/midi/make.py.

The files are written with mido, so that they owe nothing to the writer they test.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from mido import Message, MetaMessage, MidiFile, MidiTrack, bpm2tempo

QUARTER = 480
SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
KICK, SNARE, CLOSED_HAT, OPEN_HAT, CRASH = 36, 38, 42, 46, 49


@dataclass
class Part:
    """A track in the making: messages with absolute times in ticks.

    Attributes:
        channel: MIDI channel, 0 to 15.
        messages: Pairs of tick and message, in any order.
    """

    channel: int = 0
    messages: list[tuple[int, Message | MetaMessage]] = field(default_factory=list)

    def meta(self, beat: float, kind: str, **values: object) -> Part:
        """Add a meta event at a time in quarters."""
        self.messages.append((ticks(beat), MetaMessage(kind, **values)))
        return self

    def event(self, beat: float, kind: str, **values: int) -> Part:
        """Add a channel event at a time in quarters."""
        self.messages.append((ticks(beat), Message(kind, channel=self.channel, **values)))
        return self

    def note(self, beat: float, length: float, pitch: int, velocity: int = 80) -> Part:
        """Add a note; time and length in quarters."""
        self.event(beat + length, "note_off", note=pitch, velocity=64)
        return self.event(beat, "note_on", note=pitch, velocity=velocity)

    def tune(self, text: str, *, beat: float = 0.0, transpose: int = 0, gate: float = 1.0) -> float:
        """Add a line of notes one after another, bars' first beats a little louder.

        Args:
            text: ``C4 1 F#4 .5 r 2``: pitch and length in quarters; ``r`` is a rest, ``|`` a
                bar line, after which the next note is stressed.
            beat: Start in quarters.
            transpose: Semitones to add.
            gate: Sounding share of each note's length.

        Returns:
            The end in quarters.
        """
        velocity = 92
        for pitch, length in words(text):
            if pitch == "|":
                velocity = 92
                continue
            if pitch != "r":
                self.note(beat, length * gate, key_number(pitch) + transpose, velocity)
                velocity = 76
            beat += length
        return beat


def words(text: str) -> Iterator[tuple[str, float]]:
    """Yield pitch and length of each note of ``Part.tune``'s text; length 0 for a bar line."""
    tokens = iter(text.split())
    for word in tokens:
        yield word, 0.0 if word == "|" else float(next(tokens))


def key_number(name: str) -> int:
    """Return the MIDI key of a name such as ``Bb3``; C4 is 60."""
    accidental = name.count("#") - name[1:].count("b")
    return 12 * (int(name[-1]) + 1) + SEMITONES[name[0]] + accidental


def ticks(beat: float) -> int:
    """Return quarters as ticks."""
    return round(beat * QUARTER)


def instrument(name: str, program: int, channel: int = 0) -> Part:
    """Return a part with its name and program set."""
    part = Part(channel).meta(0, "track_name", name=name)
    return part.event(0, "program_change", program=program)


def conductor(qpm: float, numerator: int, denominator: int, key: str) -> Part:
    """Return a part with tempo, meter and key set."""
    part = Part().meta(0, "set_tempo", tempo=bpm2tempo(qpm))
    part.meta(0, "time_signature", numerator=numerator, denominator=denominator)
    return part.meta(0, "key_signature", key=key)


def file_bytes(*parts: Part, midi_format: int = 1, length: float = 0.0) -> bytes:
    """Return the MIDI file of ``parts``; ``length`` in quarters is the first track's least."""
    midi = MidiFile(type=midi_format, ticks_per_beat=QUARTER)
    for index, part in enumerate(parts):
        track = MidiTrack()
        now = 0
        for at, message in sorted(part.messages, key=lambda pair: (pair[0], _rank(pair[1]))):
            track.append(message.copy(time=at - now))
            now = at
        end = max(ticks(length) - now, 0) if index == 0 else 0
        track.append(MetaMessage("end_of_track", time=end))
        midi.tracks.append(track)
    stream = io.BytesIO()
    midi.save(file=stream)
    return stream.getvalue()


def _rank(message: Message | MetaMessage) -> int:
    return {"note_off": 0, "note_on": 2}.get(message.type, 1)


TUNE_A = """
| G4 1 B4 .5 A4 .5 G4 1 D4 1 | E4 .5 F#4 .5 G4 .5 E4 .5 D4 2
| G4 1 B4 .5 C5 .5 D5 1 B4 1 | A4 1 C5 .5 B4 .5 A4 2
| B4 1 D5 .5 C5 .5 B4 1 G4 1 | A4 .5 B4 .5 C5 .5 A4 .5 G4 1 E4 1
| D4 1 G4 .5 A4 .5 B4 1 A4 .5 F#4 .5 | G4 3 r 1
"""
TUNE_B = """
| D5 1.5 C5 .5 B4 1 G4 1 | E5 1 D5 .5 C5 .5 B4 2
| C5 1 B4 .5 A4 .5 G4 .5 A4 .5 B4 .5 C5 .5 | D5 1 A4 1 A4 2
| B4 .5 C5 .5 D5 1 E5 1 D5 1 | C5 .5 B4 .5 A4 1 G4 1 E4 1
| D4 1 G4 .5 A4 .5 B4 1 A4 1 | G4 3 r 1
"""


def melody() -> bytes:
    """Eight bars of 4/4 in G major."""
    part = instrument("Melody", 73)
    part.tune(TUNE_A)
    return file_bytes(conductor(120, 4, 4, "G"), part, length=32)


def two_voices() -> bytes:
    """A soprano over a slower bass, in two tracks."""
    upper, lower = instrument("Soprano", 68), instrument("Bass", 70, channel=1)
    upper.tune("| F4 1 A4 1 C5 1 | Bb4 1.5 A4 .5 G4 1 | A4 1 F4 1 Bb4 1 | A4 1 G4 2")
    upper.tune("| C5 1 D5 1 E5 1 | F5 1.5 D5 .5 Bb4 1 | A4 1 G4 1 E4 1 | F4 3", beat=12)
    lower.tune("| F3 3 | G3 2 C3 1 | F3 2 G3 1 | C3 3 | A3 2 G3 1 | D3 2 G3 1 | C3 3 | F3 3")
    return file_bytes(conductor(96, 3, 4, "F"), upper, lower, length=24)


def bass_line() -> bytes:
    """Eight bars of electric bass in E minor, short notes with rests."""
    part = instrument("Bass", 33)
    riff = "| E2 .5 r .5 E2 .5 G2 .5 A2 .5 r .5 B2 .5 D3 .5"
    turn = "| C2 1 C2 .5 G2 .5 D2 1 A2 .5 F#2 .5"
    beat = 0.0
    for bar in (riff, riff, turn, riff, riff, riff, turn):
        beat = part.tune(bar, beat=beat, gate=0.75)
    part.tune("| E2 2 r 2", beat=beat)
    return file_bytes(conductor(104, 4, 4, "Em"), part, length=32)


def straight_beat() -> bytes:
    """Four bars of drums in straight eighths, with a fill and an opened hi-hat."""
    part = Part(9).meta(0, "track_name", name="Drums")
    for bar in range(4):
        for eighth in range(8):
            at = bar * 4 + eighth / 2
            hat = OPEN_HAT if (bar, eighth) == (1, 7) else CLOSED_HAT
            part.note(at, 0.25, hat, 84 if eighth % 2 == 0 else 62)
        for at in (0, 2, 2.5):
            part.note(bar * 4 + at, 0.25, KICK, 104)
        for at in (1, 3) if bar < 3 else (1, 3, 3.25, 3.5, 3.75):
            part.note(bar * 4 + at, 0.25, SNARE, 98)
    part.note(0, 0.25, CRASH, 110)
    return file_bytes(conductor(112, 4, 4, "C"), part, length=16)


def jig() -> bytes:
    """Eight bars of 6/8 in D major, all in the single track of a format 0 file."""
    part = conductor(168, 6, 8, "D")
    part.event(0, "program_change", program=40)
    part.tune("""
        | D5 .5 F#5 .5 D5 .5 A4 .5 D5 .5 F#5 .5 | E5 .5 C#5 .5 A4 .5 A4 1 B4 .5
        | C#5 .5 B4 .5 A4 .5 E5 .5 D5 .5 C#5 .5 | D5 .5 F#5 .5 A5 .5 A5 1 G5 .5
        | F#5 1 D5 .5 G5 1 E5 .5 | F#5 .5 E5 .5 D5 .5 C#5 .5 B4 .5 A4 .5
        | B4 .5 C#5 .5 D5 .5 E5 .5 A4 .5 C#5 .5 | D5 1.5 D5 1 r .5
    """)
    return file_bytes(part, midi_format=0)


def tempo_changes() -> bytes:
    """The melody held back before its end and taken up again, at tempos MIDI must round."""
    leader = conductor(126, 4, 4, "G")
    for beat, qpm in ((14, 111), (15, 93), (16, 126), (26, 117), (28, 97), (30, 71.3), (31, 50)):
        leader.meta(beat, "set_tempo", tempo=bpm2tempo(qpm))
    part = instrument("Melody", 0)
    part.tune(TUNE_A)
    return file_bytes(leader, part, length=32)


def keys_and_meters() -> bytes:
    """Four bars each in 4/4, 3/4 and 7/8, in D major, B minor and A flat major."""
    leader = conductor(120, 4, 4, "D")
    leader.meta(16, "key_signature", key="Bm")
    leader.meta(16, "time_signature", numerator=3, denominator=4)
    leader.meta(28, "key_signature", key="Ab")
    leader.meta(28, "time_signature", numerator=7, denominator=8)
    part = instrument("Melody", 71)
    part.tune("| D4 1 F#4 1 A4 2 | B4 1 A4 1 F#4 2 | G4 1 F#4 1 E4 1 C#4 1 | D4 4")
    part.tune("| B4 1 D5 1 F#5 1 | E5 1.5 D5 .5 C#5 1 | A#4 1 C#5 1 F#4 1 | B4 3", beat=16)
    part.tune("| Eb4 1 Ab4 1 C5 .5 Bb4 .5 Ab4 .5 | Bb4 1 Db5 1 C5 1.5", beat=28)
    part.tune("| F4 1 Bb4 1 Ab4 .5 G4 .5 F4 .5 | Eb4 1 G4 1 Ab4 1.5", beat=35)
    return file_bytes(leader, part, length=42)


def overlaps() -> bytes:
    """Legato overlaps, chords, and the same pitch struck again while it sounds."""
    part = instrument("Keys", 4)
    for index, pitch in enumerate((60, 62, 64, 65, 67, 65, 64, 62)):
        part.note(index, 1.25, pitch, 70 + index)
    for pitch in (60, 64, 67):
        part.note(8, 4, pitch, 66)
    part.note(9, 4, 67, 90)
    part.note(10, 1, 72, 60).note(11, 1, 72, 61).note(12, 4, 48, 58)
    return file_bytes(conductor(100, 4, 4, "C"), part, length=16)


def empty_track() -> bytes:
    """Four silent bars: tempo, meter, and a named track in which nothing happens."""
    part = Part().meta(0, "track_name", name="Nothing yet")
    return file_bytes(conductor(96, 4, 4, "C"), part, length=16)


def pickup() -> bytes:
    """A waltz that begins with a bar of one quarter before its first full bar."""
    leader = conductor(138, 1, 4, "A")
    leader.meta(1, "time_signature", numerator=3, denominator=4)
    part = instrument("Melody", 21)
    part.tune("""
        | E4 1 | A4 1.5 B4 .5 C#5 1 | B4 1 A4 1 F#4 1 | E4 1.5 F#4 .5 A4 1 | B4 2 E4 1
        | A4 1.5 B4 .5 C#5 1 | D5 1 C#5 1 B4 1 | E5 1 C#5 1 B4 1 | A4 2
    """)
    return file_bytes(leader, part, length=24)


def piano_and_lead() -> bytes:
    """Broken chords under the pedal, and a lead whose notes are bent and swell."""
    piano, lead = instrument("Piano", 0), instrument("Lead", 81, channel=1)
    chords = ("A2 E3 A3 C4 E4", "F2 C3 F3 A3 C4", "C3 G3 C4 E4 G4", "G2 D3 G3 B3 D4")
    for bar, chord in enumerate(chords):
        piano.event(bar * 4, "control_change", control=64, value=127)
        for index, pitch in enumerate(chord.split()):
            piano.note(bar * 4 + index / 2, 0.5, key_number(pitch), 58 + 6 * index)
        piano.event(bar * 4 + 3.75, "control_change", control=64, value=0)
    lead.tune("r 2 | E5 2 r 2 | C5 2 r 1 | G5 1 | E5 2 r 1 | D5 1 | B4 2")
    for at in (2.0, 6.0, 10.0, 14.0):
        for step in range(5):
            lead.event(at + step / 8, "pitchwheel", pitch=(-4096, -2731, -1365, -1, 0)[step])
            lead.event(at + step / 4, "control_change", control=1, value=24 * step)
    return file_bytes(conductor(84, 4, 4, "Am"), piano, lead, length=16)


def long_melody() -> bytes:
    """Sixty-four bars: both halves of a tune, twice, then all of it a fourth higher."""
    part = instrument("Melody", 73)
    beat = 0.0
    for transpose in (0, 5):
        for strain in (TUNE_A, TUNE_A, TUNE_B, TUNE_B):
            beat = part.tune(strain, beat=beat, transpose=transpose)
    leader = conductor(132, 4, 4, "G").meta(128, "key_signature", key="C")
    return file_bytes(leader, part, length=beat)


def call() -> bytes:
    """A call of two bars, as a musician plays it: louder and softer, a little off the grid."""
    part = instrument("Call", 0)
    places = (0.01, 0.98, 1.52, 2.0, 3.03, 4.0, 4.51, 5.02, 6.0)
    lengths = (0.9, 0.45, 0.4, 0.85, 0.8, 0.45, 0.45, 0.8, 1.6)
    pitches = (60, 62, 64, 67, 64, 69, 67, 64, 62)
    velocities = (88, 66, 70, 96, 74, 90, 68, 72, 84)
    for note in zip(places, lengths, pitches, velocities, strict=True):
        part.note(*note)
    return file_bytes(conductor(120, 4, 4, "C"), part, length=8)


def traditional_tunes() -> Iterator[tuple[str, str, str]]:
    """Yield name, settings and notes of each tune of ``tunes.txt``."""
    text = (Path(__file__).parent / "tunes.txt").read_text(encoding="utf-8")
    for block in text.split("\n\n")[1:]:
        settings, _, notes = block.strip().partition("\n")
        yield settings.split()[0], settings, notes


def traditional(settings: str, notes: str) -> bytes:
    """One of the tunes of ``tunes.txt``, on a fiddle."""
    name, qpm, meter, key = settings.split()
    numerator, denominator = meter.split("/")
    part = instrument(name.replace("_", " ").title(), 40)
    length = part.tune(" ".join(_spelled(word) for word in notes.split()))
    return file_bytes(
        conductor(float(qpm), int(numerator), int(denominator), key), part, length=length
    )


def _spelled(word: str) -> str:
    """Turn ``f#':2`` into the ``F#5 2`` of ``Part.tune``."""
    if word == "|":
        return word
    pitch, _, length = word.partition(":")
    if pitch != "r":
        octave = 4 + pitch.count("'") - pitch.count(",")
        pitch = pitch[0].upper() + pitch[1:].strip("',") + str(octave)
    return f"{pitch} {length or 1}"


PIECES: dict[str, Callable[[], bytes]] = {
    f"{piece.__name__}.mid": piece
    for piece in (
        melody,
        two_voices,
        bass_line,
        straight_beat,
        jig,
        tempo_changes,
        keys_and_meters,
        overlaps,
        empty_track,
        pickup,
        piano_and_lead,
        long_melody,
    )
}
# Where the documentation of the MIDI interface looks for it.
PIECES["../call.mid"] = call
PIECES.update(
    {
        f"tunes/{name}.mid": partial(traditional, settings, notes)
        for name, settings, notes in traditional_tunes()
    }
)


if __name__ == "__main__":
    (Path(__file__).parent / "tunes").mkdir(exist_ok=True)
    for name, piece in PIECES.items():
        (Path(__file__).parent / name).write_bytes(piece())
