"""The generator of drum grooves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import drums
from magenta_bridge.encodings.meters import STEPS_PER_QUARTER
from magenta_bridge.generators.arguments import Argument, ArgumentType, ArgumentValue
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.generators.choosing import Choice, Grammar
from magenta_bridge.generators.drums_output import DrumsOutput
from magenta_bridge.generators.primer import first_step, grid_before, read_section
from magenta_bridge.generators.stepwise import (
    Plan,
    StepGenerator,
    sampler_of,
    sampling_arguments,
)
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.runtime.loop import Automaton

_SAMPLING: Final = sampling_arguments(drums.EVENT_IDS, top_p=0.99)
_DENSITY: Final = Argument(
    "density", ArgumentType.FLOAT, 0.0,
    "How many hits: above 0 more, below 0 fewer, 0 as the model learned them.", -2, 2,
)  # fmt: skip
ARGUMENTS: Final = (*_SAMPLING[:-1], _DENSITY, _SAMPLING[-1])


class DrumsGenerator(StepGenerator):
    """Generates and continues drum grooves with an exported step program.

    The grid begins exactly where the section does. Its first step may be silent where a groove
    goes on, and is struck where one begins from nothing. Every hit lasts a sixteenth and ends
    within the section. All of it is played on the drum channel.

    Args:
        bundle: A bundle of encoding ``drums``.
    """

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(
            bundle, ARGUMENTS, steps_per_quarter=STEPS_PER_QUARTER, event_ids=drums.EVENT_IDS
        )

    def _plan(
        self,
        music: NoteSequence,
        options: GeneratorOptions,
        values: Mapping[str, ArgumentValue],
    ) -> Plan:
        section = read_section(music, options)
        meter, heard, before = grid_before(music, options, section)
        primer = _known_drums(heard)
        context = drums.encode(
            primer, start_step=first_step(meter, primer, before), end_step=before
        )
        start = np.array([drums.start_id(meter)], dtype=np.int32)
        return Plan(
            Choice(
                fed=np.concatenate([start, context]),
                grammar=Grammar(drum_rules(silent=not primer.notes), section.steps),
                sampler=sampler_of(values),
                bias=density_bias(float(values["density"])),
            ),
            output=DrumsOutput(music, section, meter=meter, begun=len(context), primer=primer),
        )


def drum_rules(*, silent: bool) -> Automaton:
    """Returns the grammar of a section: any hits on each step.

    Args:
        silent: Nothing has been played before it, so that its first step is struck.
    """
    any_hits, struck = 0, 1
    allowed = drums.grammar_mask()
    return Automaton(
        allowed=np.stack([allowed, allowed & (drums.hit_counts() > 0)]),
        following=np.full((2, drums.EVENT_IDS), any_hits, dtype=np.int32),
        first=struck if silent else any_hits,
    )


def density_bias(density: float) -> NDArray[np.float32] | None:
    """Returns what is added to the logits, ``(EVENT_IDS,)``: ``density`` for each drum struck.

    None for a density of 0. It multiplies the odds of each hit by ``exp(density)``.
    """
    return (density * drums.hit_counts()).astype(np.float32) if density else None


def _known_drums(heard: NoteSequence) -> NoteSequence:
    """Returns the notes that are drums of the vocabulary."""
    known = NoteSequence()
    known.CopyFrom(heard)
    del known.notes[:]
    known.notes.extend(
        note for note in heard.notes if note.is_drum and drums.class_of(note.pitch) is not None
    )
    return known
