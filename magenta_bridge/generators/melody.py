"""The generator of single-line melodies."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import melody
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.generators.bundle_generator import (
    PITCH_ARGUMENTS,
    PROGRAM,
    Request,
    sampling_arguments,
)
from magenta_bridge.generators.guard import Guard, GuardedIds, gap_steps
from magenta_bridge.generators.note_writer import PRIMERS_PROGRAM, GridWriter, voice_of
from magenta_bridge.generators.pitches import event_mask, octave_shift
from magenta_bridge.generators.primer import Section, melody_context, prepend
from magenta_bridge.generators.sampling import Choice, Grammar
from magenta_bridge.generators.step_generator import StepGenerator, pitches_of, sampler_of
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.runtime.loop import Automaton

ARGUMENTS: Final = sampling_arguments(melody.EVENT_IDS, *PITCH_ARGUMENTS, PROGRAM, top_p=0.97)
_NO_EVENT: Final = melody.NO_EVENT + melody.EVENT_OFFSET
_CACHED_RULES: Final = 64
# Nothing changes, the note ends, or another one begins.
_KINDS: Final = np.minimum(np.arange(melody.EVENT_IDS), melody.EVENT_OFFSET).astype(np.int32)
_KIND_FLOOR: Final = 0.6
_GUARDED: Final = GuardedIds(
    onsets=np.where(_KINDS == melody.EVENT_OFFSET, np.arange(melody.EVENT_IDS), -1).astype(
        np.int32
    ),
    steps=np.ones(melody.EVENT_IDS, dtype=np.int32),
    waits=np.zeros(melody.EVENT_IDS, dtype=np.bool_),
    run=8,
    loop=16,
    share=18,
)


class MelodyWriter(GridWriter):
    """Writes one note at a time.

    Args:
        music: The primer; tempo, meter, instrument and velocity are taken from it.
        section: The section to generate.
        shift: Semitones by which the ids are above the music.
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
        super().__init__(music, section, voice_of(music, program))
        self._shift = shift

    def add(self, ids: Sequence[int]) -> None:
        """Read the next event ids."""
        for value in ids:
            if value != _NO_EVENT:
                for pitch in list(self._sounding):
                    self._end(pitch)
                if value >= melody.EVENT_OFFSET:
                    self._begin(value - melody.EVENT_OFFSET - self._shift)
            self._step += 1


class MelodyGenerator(StepGenerator):
    """Generates and continues melodies with an exported step program.

    The first note begins exactly where the section does, and nothing sounds beyond its end.

    Args:
        bundle: A bundle of encoding ``melody``.
    """

    def __init__(self, bundle: Bundle) -> None:
        low, high = bundle.metadata["pitch_range"]
        self._pitch_range = (int(low), int(high))
        super().__init__(
            bundle,
            ARGUMENTS,
            steps_per_quarter=melody.STEPS_PER_QUARTER,
            event_ids=melody.EVENT_IDS,
        )

    def _plan(self, request: Request) -> tuple[Choice, MelodyWriter]:
        music, section, values = request.music, request.section, request.values
        meter, context = melody_context(music, request.options, section)
        pitches = pitches_of(values)
        primer = context[context >= melody.EVENT_OFFSET] - melody.EVENT_OFFSET
        wanted = primer if len(primer) else np.flatnonzero(pitches)
        shift = octave_shift(wanted.tolist(), self._pitch_range, pitches)
        choice = Choice(
            inputs=prepend(melody.start_id(meter), melody.transpose_ids(context, shift)),
            grammar=Grammar(_rules_of(pitches.tobytes(), shift), section.steps),
            sampler=sampler_of(values, _KINDS, kind_floor=_KIND_FLOOR),
            guard=Guard(
                _GUARDED, gap_steps(section, melody.STEPS_PER_QUARTER), event_mask(pitches, shift)
            ),
        )
        return choice, MelodyWriter(music, section, shift, program=int(values["program"]))


@functools.lru_cache(_CACHED_RULES)
def _rules_of(pitches: bytes, shift: int) -> Automaton:
    return melody_rules(event_mask(np.frombuffer(pitches, dtype=np.bool_), shift))


def melody_rules(allowed: NDArray[np.bool_]) -> Automaton:
    """Return the grammar of a section: one event per step, the first of them a note.

    Args:
        allowed: Events that are allowed at all, ``(EVENT_IDS,)``; at least one note.
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
