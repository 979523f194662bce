"""The generator of single-line melodies."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import melody
from magenta_bridge.generators.arguments import ArgumentValue
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.generators.choosing import Choice, Grammar
from magenta_bridge.generators.melody_output import MelodyOutput
from magenta_bridge.generators.pitches import allowed_pitches, event_mask, octave_shift
from magenta_bridge.generators.primer import context_ids, read_section
from magenta_bridge.generators.stepwise import (
    PITCH_ARGUMENTS,
    Plan,
    StepGenerator,
    sampler_of,
    sampling_arguments,
)
from magenta_bridge.generators.voice import PROGRAM
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.runtime.loop import Automaton

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
