"""The generator of single-line melodies."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import melody
from magenta_bridge.generators.arguments import ArgumentValue
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.generators.note_writer import (
    PRIMERS_PROGRAM,
    PROGRAM,
    NoteStamp,
    clock_of,
    step_seconds,
    voice_of,
)
from magenta_bridge.generators.pitches import allowed_pitches, event_mask, octave_shift
from magenta_bridge.generators.primer import Section, context_ids, read_section
from magenta_bridge.generators.sampling import Choice, Grammar
from magenta_bridge.generators.step_generator import (
    PITCH_ARGUMENTS,
    Plan,
    StepGenerator,
    sampler_of,
    sampling_arguments,
)
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.runtime.loop import Automaton

_NOTHING: Final = melody.NO_EVENT + melody.EVENT_OFFSET
_SILENT: Final = -1  # where a sounding note has its first step


class MelodyOutput:
    """Collects ids and gives out notes.

    Args:
        music: The primer; tempo, meter, instrument and loudness are taken from it.
        section: What is being generated.
        shift: Semitones the ids lie above the music.
        program: MIDI program of the notes; -1 for the primer's.
    """

    def __init__(
        self,
        music: NoteSequence,
        section: Section,
        shift: int = 0,
        *,
        program: int = PRIMERS_PROGRAM,
    ) -> None:
        self._section = section
        self._shift = shift
        self._step = 0
        self._stamp = NoteStamp(voice_of(music, program))
        self._pitch, self._begun = 0, _SILENT  # id and first step of what sounds
        self._ready = clock_of(music, section)
        self._times = step_seconds(section)

    def add(self, ids: Sequence[int]) -> None:
        """Takes the next event ids."""
        pitch, begun = self._pitch, self._begun
        ended: list[tuple[int, int, int]] = []
        for step, value in enumerate(ids, self._step):
            if value == _NOTHING:
                continue
            if begun != _SILENT:
                ended.append((pitch, begun, step))
            pitch, begun = value, step if value >= melody.EVENT_OFFSET else _SILENT
        self._pitch, self._begun = pitch, begun
        self._step += len(ids)
        self._write(ended)

    def take(self) -> NoteSequence:
        """Returns the notes that are final by now; ``total_time`` says up to where."""
        piece, self._ready = self._ready, NoteSequence()
        piece.total_time = self._times[self._step if self._begun == _SILENT else self._begun]
        return piece

    def finish(self) -> NoteSequence:
        """Ends what still sounds and returns the rest."""
        if self._begun != _SILENT:
            self._write([(self._pitch, self._begun, self._step)])
            self._begun = _SILENT
        piece = self.take()
        piece.total_time = self._section.end
        return piece

    def _write(self, ended: Sequence[tuple[int, int, int]]) -> None:
        """Writes notes given by their ids, and the steps at which they begin and end."""
        if not ended:
            return
        ids, begun, until = zip(*ended, strict=True)
        times, lowered = self._times, melody.EVENT_OFFSET + self._shift
        self._stamp.write(
            self._ready,
            [value - lowered for value in ids],
            [times[step] for step in begun],
            [times[step] for step in until],
        )


_SAMPLING: Final = sampling_arguments(melody.EVENT_IDS, top_p=0.97)
# A listener asks again and again within the same range and scale.
_REMEMBERED: Final = 64
ARGUMENTS: Final = (*_SAMPLING[:-1], *PITCH_ARGUMENTS, PROGRAM, _SAMPLING[-1])


class MelodyGenerator(StepGenerator):
    """Generates and continues melodies with an exported step program.

    The first note begins exactly where the section does, and nothing sounds beyond its end.

    Args:
        bundle: A bundle of encoding ``melody``.
    """

    def __init__(self, bundle: Bundle) -> None:
        low, high = bundle.traits["pitch_range"]
        self._pitch_range = (int(low), int(high))
        super().__init__(
            bundle,
            ARGUMENTS,
            steps_per_quarter=melody.STEPS_PER_QUARTER,
            event_ids=melody.EVENT_IDS,
        )

    def _plan(
        self,
        music: NoteSequence,
        options: GeneratorOptions,
        values: Mapping[str, ArgumentValue],
    ) -> Plan:
        section = read_section(music, options)
        meter, context = context_ids(music, options, section)
        pitches = allowed_pitches(
            int(values["min_pitch"]), int(values["max_pitch"]),
            int(values["scale_root"]), str(values["scale_intervals"]),
        )  # fmt: skip
        shift = octave_shift(_wanted(context, pitches), self._pitch_range, pitches)
        start = np.array([melody.start_id(meter)], dtype=np.int32)
        return Plan(
            Choice(
                fed=np.concatenate([start, melody.transpose_ids(context, shift)]),
                grammar=Grammar(_rules_of(pitches.tobytes(), shift), section.steps),
                sampler=sampler_of(values),
            ),
            output=MelodyOutput(music, section, shift, program=int(values["program"])),
        )


@functools.lru_cache(maxsize=_REMEMBERED)
def _rules_of(pitches: bytes, shift: int) -> Automaton:
    """Returns the grammar for the pitches that are allowed, as bytes, moved by ``shift``."""
    return melody_rules(event_mask(np.frombuffer(pitches, dtype=np.bool_), shift))


def melody_rules(allowed: NDArray[np.bool_]) -> Automaton:
    """Returns the grammar of a section: one event a step, the first of them a note.

    Args:
        allowed: Which events may come at all, ``(EVENT_IDS,)``; one note at least.
    """
    silent, sounding, onset = 0, 1, 2
    events = np.arange(melody.EVENT_IDS) - melody.EVENT_OFFSET
    after = np.where(events > melody.NOTE_OFF, sounding, silent)
    return Automaton(
        allowed=np.stack(
            [
                allowed & melody.grammar_mask(sounding=False),
                allowed & melody.grammar_mask(sounding=True),
                allowed & melody.grammar_mask(sounding=False, onset=True),
            ]
        ),
        following=np.stack(
            [after, np.where(events == melody.NO_EVENT, sounding, after), after]
        ).astype(np.int32),
        first=onset,
    )


def _wanted(context: NDArray[np.int32], pitches: NDArray[np.bool_]) -> list[int]:
    primer = context[context >= melody.EVENT_OFFSET] - melody.EVENT_OFFSET
    chosen = primer if len(primer) else np.flatnonzero(pitches)
    return [int(pitch) for pitch in chosen]
