"""The generator of single-line melodies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import melody
from magenta_bridge.generators.arguments import ArgumentValue
from magenta_bridge.generators.bundle import Bundle
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

_SAMPLING: Final = sampling_arguments(melody.EVENT_IDS, top_p=0.97)
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
            fed=np.concatenate([start, melody.transpose_ids(context, shift)]),
            grammar=_MelodyGrammar(event_mask(pitches, shift), section.steps),
            output=MelodyOutput(music, section, shift, program=int(values["program"])),
            sampler=sampler_of(values),
        )


class _MelodyGrammar:
    """One event a step, the first of them a note; see ``stepwise.Grammar``."""

    def __init__(self, allowed: NDArray[np.bool_], steps: int) -> None:
        self._allowed = allowed
        self._steps = steps
        self._done = 0
        self._sounding = False

    def mask(self) -> NDArray[np.bool_] | None:
        if self._done == self._steps:
            return None
        return self._allowed & melody.grammar_mask(sounding=self._sounding, onset=self._done == 0)

    def add(self, value: int) -> None:
        holds = value == melody.NO_EVENT + melody.EVENT_OFFSET
        self._sounding = (self._sounding and holds) or melody.sounds_after([value])
        self._done += 1


def _wanted(context: NDArray[np.int32], pitches: NDArray[np.bool_]) -> list[int]:
    primer = context[context >= melody.EVENT_OFFSET] - melody.EVENT_OFFSET
    chosen = primer if len(primer) else np.flatnonzero(pitches)
    return [int(pitch) for pitch in chosen]
