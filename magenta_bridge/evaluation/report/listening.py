"""One primer, continued by a human and by each model: to be seen and heard."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from magenta_bridge.arguments import write_argument
from magenta_bridge.encodings.meters import STEPS_PER_QUARTER, bar_steps
from magenta_bridge.errors import MagentaBridgeError
from magenta_bridge.evaluation.report.comparison import Continuation, Listening
from magenta_bridge.generators.generator import SequenceGenerator
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.render.audio import wav_bytes
from magenta_bridge.render.piano_roll import PRIMER_COLOR, Layer, draw_piano_roll
from magenta_bridge.sequences.edit import cut, merge

_HUMAN: Final = "as it was written"
SEED: Final = 0
_HUMAN_COLOR: Final = "#1D2230"
# The same as the page's, in order of the models.
COLORS: Final = ("#6A3DE8", "#D9590B", "#00856A", "#0B6FB8", "#B3316F", "#7D6400")
_SAMPLE_RATE: Final = 22_050
# Of all recordings together, so that a page stays under ten megabytes.
_MOST_SECONDS: Final = 140.0
_QUARTERS_PER_SECOND: Final = 2.0
_PRIMER_BARS: Final = 4
_NEW_BARS: Final = 8
_PRIMER_SECONDS: Final = 8.0
_NEW_SECONDS: Final = 16.0
# A flute over a bass, as the generators' own settings have it.
_PROGRAMS: Final[Mapping[str, tuple[int, ...]]] = {"melody": (73,), "duo": (73, 32)}


@dataclass(frozen=True)
class Passage:
    """A piece cut in two.

    Attributes:
        music: The piece, in seconds, from a bar line on.
        turn: Second at which the primer ends.
        end: Second at which the continuation ends.
        primer: How long the primer is, in words.
        rest: How long the continuation is, in words.
    """

    music: NoteSequence
    turn: float
    end: float
    primer: str
    rest: str


def choose_passage(music: Sequence[NoteSequence], encoding: str) -> tuple[int, Passage]:
    """Return the first piece that is long enough, or else the longest, cut in two.

    Args:
        music: Whole held-out pieces, in seconds at 120 quarter notes a minute; at least one.
        encoding: Their encoding.

    Returns:
        Its index, and the passage.
    """
    cuts = [_passage(each, encoding) for each in music]
    wanted = [
        _PRIMER_SECONDS + _NEW_SECONDS
        if encoding == "performance"
        else (_PRIMER_BARS + _NEW_BARS) * _bar_seconds(each)
        for each in music
    ]
    for index, (passage, seconds) in enumerate(zip(cuts, wanted, strict=True)):
        if passage.end >= seconds - 1e-6:
            return index, passage
    longest = max(range(len(cuts)), key=lambda index: cuts[index].end)
    return longest, cuts[longest]


def listen(
    title: str, passage: Passage, encoding: str, generators: Mapping[str, SequenceGenerator]
) -> Listening:
    """Have each generator go on from the primer, and draws and plays all of it.

    Args:
        title: What the piece is called.
        passage: The piece cut in two.
        encoding: Its encoding.
        generators: Who goes on, by name.
    """
    dressed = _dressed(passage.music, _PROGRAMS.get(encoding, ()))
    primer = cut(dressed, 0.0, passage.turn)
    options = GeneratorOptions()
    options.generate_sections.add(start_time=passage.turn, end_time=passage.end)
    write_argument(options, "seed", SEED)
    answers = [(_HUMAN, _behind(dressed, passage))]
    answers += [(name, each.generate(primer, options)) for name, each in generators.items()]
    seconds = min(passage.end, _MOST_SECONDS / len(answers))
    no_audio_reason, continuations = "", []
    for number, (name, answer) in enumerate(answers):
        color = COLORS[(number - 1) % len(COLORS)] if number else _HUMAN_COLOR
        wav = b""
        try:
            if not no_audio_reason:
                sound = cut(merge(primer, answer), 0.0, seconds)
                wav = wav_bytes(sound, sample_rate=_SAMPLE_RATE, mono=True)
        except MagentaBridgeError as error:
            no_audio_reason = error.message
        png = _draw(primer, answer, color, name)
        continuations.append(Continuation(name, png, wav, len(answer.notes)))
    return Listening(title, passage.primer, passage.rest, SEED, continuations, no_audio_reason)


def _passage(music: NoteSequence, encoding: str) -> Passage:
    if encoding == "performance":
        end = min(music.total_time, _PRIMER_SECONDS + _NEW_SECONDS)
        turn = min(_PRIMER_SECONDS, end / 3)
        return Passage(music, turn, end, f"{turn:.0f} seconds", f"{end - turn:.0f} seconds")
    bar = _bar_seconds(music)
    bars = max(min(int(music.total_time / bar + 1e-6), _PRIMER_BARS + _NEW_BARS), 2)
    primer = min(_PRIMER_BARS, max(bars // 3, 1))
    return Passage(music, primer * bar, bars * bar, _in_bars(primer), _in_bars(bars - primer))


def _bar_seconds(music: NoteSequence) -> float:
    meter = music.time_signatures[0] if music.time_signatures else None
    steps = bar_steps(meter.numerator, meter.denominator) if meter else bar_steps(4, 4)
    return float(steps) / STEPS_PER_QUARTER / _QUARTERS_PER_SECOND


def _in_bars(count: int) -> str:
    return f"{count} bar{'' if count == 1 else 's'}"


def _dressed(music: NoteSequence, programs: Sequence[int]) -> NoteSequence:
    """Return the music with the sounds that the models play on with."""
    dressed = NoteSequence()
    dressed.CopyFrom(music)
    for note in dressed.notes:
        if programs and not note.is_drum:
            note.program = programs[min(note.instrument, len(programs) - 1)]
    return dressed


def _behind(music: NoteSequence, passage: Passage) -> NoteSequence:
    """Return the human's own continuation, where it stands."""
    rest = NoteSequence(total_time=passage.end)
    for note in music.notes:
        if passage.turn - 1e-6 <= note.start_time < passage.end - 1e-6:
            rest.notes.add().CopyFrom(note)
            rest.notes[-1].end_time = min(note.end_time, passage.end)
    return rest


def _draw(primer: NoteSequence, answer: NoteSequence, color: str, name: str) -> bytes:
    picture = draw_piano_roll([Layer(primer, PRIMER_COLOR, "primer"), Layer(answer, color, name)])
    buffer = io.BytesIO()
    picture.quantize(64).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()
