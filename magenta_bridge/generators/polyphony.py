"""The generator of music in several voices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import polyphony
from magenta_bridge.encodings.meters import STEPS_PER_QUARTER
from magenta_bridge.generators.arguments import Argument, ArgumentType, ArgumentValue
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.generators.choosing import Choice
from magenta_bridge.generators.pitches import allowed_pitches
from magenta_bridge.generators.polyphony_output import PolyphonyOutput
from magenta_bridge.generators.primer import first_step, grid_before, read_section
from magenta_bridge.generators.stepwise import (
    PITCH_ARGUMENTS,
    Plan,
    StepGenerator,
    sampler_of,
    sampling_arguments,
)
from magenta_bridge.generators.voice import PROGRAM
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence

_SAMPLING: Final = sampling_arguments(polyphony.EVENT_IDS, top_p=0.97)
_OWN: Final = (
    Argument(
        "density", ArgumentType.FLOAT, 0.0,
        "How many notes begin: above 0 more, below 0 fewer, 0 as the model learned them.", -2, 2,
    ),
    Argument(
        "voices", ArgumentType.INT, 0,
        "Most notes that sound at once; 0 as the model learned them.", 0, 8,
    ),
    PROGRAM,
)  # fmt: skip
ARGUMENTS: Final = (*_SAMPLING[:-1], *PITCH_ARGUMENTS, *_OWN, _SAMPLING[-1])


class PolyphonyGenerator(StepGenerator):
    """Generates and continues music in several voices with an exported step program.

    One note at least begins exactly where the section does, no note of the primer sounds on
    into it, and nothing sounds beyond its end.

    Args:
        bundle: A bundle of encoding ``polyphony``.
    """

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(
            bundle, ARGUMENTS, steps_per_quarter=STEPS_PER_QUARTER, event_ids=polyphony.EVENT_IDS
        )

    def _plan(
        self,
        music: NoteSequence,
        options: GeneratorOptions,
        values: Mapping[str, ArgumentValue],
    ) -> Plan:
        section = read_section(music, options)
        meter, heard, before = grid_before(music, options, section)
        pitched = _without_drums(heard)
        context = polyphony.encode(
            pitched, start_step=first_step(meter, pitched, before), end_step=before
        )
        pitches = allowed_pitches(
            int(values["min_pitch"]), int(values["max_pitch"]),
            int(values["scale_root"]), str(values["scale_intervals"]),
        )  # fmt: skip
        start = np.array([polyphony.start_id(meter)], dtype=np.int32)
        return Plan(
            Choice(
                fed=np.concatenate([start, context]),
                grammar=_PolyphonyGrammar(pitches, section.steps, int(values["voices"])),
                sampler=sampler_of(values),
                bias=density_bias(float(values["density"])),
            ),
            output=PolyphonyOutput(music, section, program=int(values["program"])),
        )


class _PolyphonyGrammar:
    """Frames in order, the first of which begins a note; see ``choosing.Grammar``.

    Args:
        pitches: Which pitches may sound, ``(128,)``; one at least.
        steps: Frames in the section.
        voices: Most pitches in a frame; 0 for all.
    """

    def __init__(self, pitches: NDArray[np.bool_], steps: int, voices: int) -> None:
        self._allowed = np.concatenate([[True], pitches, pitches])
        self._left = steps
        self._voices = voices or polyphony.PITCHES
        self._empty = True
        self._before = np.zeros(polyphony.PITCHES, dtype=np.bool_)
        self._frame = self._before.copy()
        self._lowest = 0

    @property
    def is_full(self) -> bool:
        return not self._left

    def mask(self) -> NDArray[np.bool_]:
        room = int(self._frame.sum()) < self._voices
        allowed = polyphony.grammar_mask(self._before, lowest=self._lowest, room=room)
        allowed &= self._allowed
        allowed[polyphony.END] = not self._empty
        return allowed

    def add(self, value: int) -> None:
        pitch = polyphony.pitch_of(value)
        if pitch is None:
            self._before, self._frame = self._frame, np.zeros_like(self._frame)
            self._lowest = 0
            self._left -= 1
        else:
            self._frame[pitch] = True
            self._lowest = pitch + 1
            self._empty = False


def density_bias(density: float) -> NDArray[np.float32] | None:
    """Returns what is added to the logits, ``(EVENT_IDS,)``: half of ``density`` for a beginning.

    None for a density of 0. It multiplies the odds of each beginning by ``exp(density / 2)``;
    what was heard as sparse or dense goes on so by itself, hence the half.
    """
    if not density:
        return None
    bias = np.zeros(polyphony.EVENT_IDS, dtype=np.float32)
    bias[polyphony.NEW : polyphony.HELD] = density / 2.0
    return bias


def _without_drums(heard: NoteSequence) -> NoteSequence:
    pitched = NoteSequence()
    pitched.CopyFrom(heard)
    del pitched.notes[:]
    pitched.notes.extend(note for note in heard.notes if not note.is_drum)
    return pitched
