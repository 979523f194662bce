"""The generator of expressive playing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import performance
from magenta_bridge.encodings.performance_grammar import PerformanceGrammar
from magenta_bridge.generators.arguments import Argument, ArgumentType, ArgumentValue
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.generators.choosing import Choice, Grammar
from magenta_bridge.generators.performance_output import PerformanceOutput
from magenta_bridge.generators.performance_primer import performance_before
from magenta_bridge.generators.pitches import allowed_pitches
from magenta_bridge.generators.primer import Section, read_section
from magenta_bridge.generators.stepwise import (
    PITCH_ARGUMENTS,
    Plan,
    StepGenerator,
    sampler_of,
    sampling_arguments,
)
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.runtime.loop import Automaton

_ROUNDING: Final = 1e-6
# A shift this long is as likely at any density; 100 ms is a run of even sixteenths at 150 qpm.
_PLAIN_SHIFT: Final = 10
_LENGTHS: Final = np.array(
    [performance.shift_steps(value) for value in range(performance.EVENT_IDS)], dtype=np.int32
)
_SAMPLING: Final = sampling_arguments(performance.EVENT_IDS, top_p=0.98)
_OWN: Final = (
    Argument(
        "density", ArgumentType.FLOAT, 0.0,
        "How many notes: above 0 more, below 0 fewer, 0 as the model learned them.", -2, 2,
    ),
    Argument(
        "program", ArgumentType.INT, 0,
        "Instrument to play on, counted from 0: 0 is the grand piano.", 0, 127,
        "General MIDI program",
    ),
)  # fmt: skip
ARGUMENTS: Final = (*_SAMPLING[:-1], *_OWN, *PITCH_ARGUMENTS, _SAMPLING[-1])


class PerformanceGenerator(StepGenerator):
    """Generates and continues expressive playing with an exported step program.

    Time is seconds in steps of ten milliseconds, counted from the section's start; without a
    primer the first note begins there. What sounds at the section's end is ended there.

    Args:
        bundle: A bundle of encoding ``performance``.
    """

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle, ARGUMENTS, steps_per_quarter=0, event_ids=performance.EVENT_IDS)

    def _plan(
        self,
        music: NoteSequence,
        options: GeneratorOptions,
        values: Mapping[str, ArgumentValue],
    ) -> Plan:
        section = read_section(music, options)
        pitches = allowed_pitches(
            int(values["min_pitch"]), int(values["max_pitch"]),
            int(values["scale_root"]), str(values["scale_intervals"]),
        )  # fmt: skip
        context = performance_before(music, options, section)
        return Plan(
            Choice(
                fed=np.concatenate([[performance.START], context]).astype(np.int32),
                grammar=_PlayingGrammar(pitches, context, _steps(section)),
                sampler=sampler_of(values),
                bias=density_bias(float(values["density"])),
            ),
            output=PerformanceOutput(music, section, int(values["program"])),
        )


class _PlayingGrammar(Grammar):
    """Playing until the section's time has gone by.

    A program that makes many steps a call knows ``PerformanceGrammar`` itself; for one that makes
    a single step it is minded here.
    """

    def __init__(self, pitches: NDArray[np.bool_], context: NDArray[np.int32], steps: int) -> None:
        super().__init__(playing_rules(pitches, silent=not len(context)), steps, _LENGTHS)
        self._playing = PerformanceGrammar(pitches)
        for value in context.tolist():
            self._playing.add(value)

    def mask(self) -> NDArray[np.bool_]:
        return super().mask() & self._playing.mask()

    def add(self, value: int) -> None:
        super().add(value)
        self._playing.add(value)


def playing_rules(pitches: NDArray[np.bool_], *, silent: bool) -> Automaton:
    """Returns the rules of a section: without a primer no time goes by before the first note.

    Args:
        pitches: Which pitches may begin, ``(128,)``; one at least.
        silent: Whether there is no primer.
    """
    begun, beginning = 0, 1
    allowed = np.ones((2, performance.EVENT_IDS), dtype=np.bool_)
    allowed[:, : performance.NOTE_OFF] = pitches
    allowed[beginning, performance.TIME_SHIFT : performance.VELOCITY] = False
    following = np.full(allowed.shape, begun, dtype=np.int32)
    return Automaton(allowed, following, first=beginning if silent else begun)


def _steps(section: Section) -> int:
    seconds = section.end - section.start
    return max(int(np.ceil(seconds * performance.STEPS_PER_SECOND - _ROUNDING)), 1)


def density_bias(density: float) -> NDArray[np.float32] | None:
    """Returns what is added to the logits, ``(EVENT_IDS,)``; None for a density of 0.

    It multiplies the odds of another note by ``exp(density / 2)``, and those of a time shift by
    the power ``-density / 2`` of its length in tenths of a second.
    """
    if not density:
        return None
    bias = np.zeros(performance.EVENT_IDS, dtype=np.float32)
    bias[: performance.NOTE_OFF] = density / 2
    bias[performance.VELOCITY :] = density / 2
    lengths = np.arange(1, performance.LONGEST_SHIFT + 1) / _PLAIN_SHIFT
    bias[performance.TIME_SHIFT : performance.VELOCITY] = -density / 2 * np.log(lengths)
    return bias
