"""The generator of drum grooves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.arguments import Argument, ArgumentType
from magenta_bridge.description import Notice
from magenta_bridge.encodings import drums
from magenta_bridge.encodings.drum_primer import AUTO, read_as_drums
from magenta_bridge.encodings.meters import METERS, STEPS_PER_QUARTER, bar_steps
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.generators.bundle_generator import (
    Request,
    density_argument,
    sampling_arguments,
)
from magenta_bridge.generators.guard import Guard, GuardedIds, gap_steps
from magenta_bridge.generators.note_writer import DEFAULT_VELOCITY, GridWriter
from magenta_bridge.generators.notices import primer_notices
from magenta_bridge.generators.primer import (
    Section,
    grid_context,
    input_notes_before,
    prepend,
    with_notes,
)
from magenta_bridge.generators.sampling import Choice, Grammar
from magenta_bridge.generators.step_generator import StepGenerator, sampler_of
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.runtime.loop import Automaton

DRUM_INSTRUMENT: Final = 9
READ_AS_DRUMS: Final = Argument(
    "drums", ArgumentType.STRING, AUTO,
    "Whether notes that are not on the drum channel are drums: yes, no, or auto for those "
    "that clearly are.",
)  # fmt: skip
ARGUMENTS: Final = sampling_arguments(
    drums.EVENT_IDS,
    density_argument("hits"),
    READ_AS_DRUMS,
    top_p=0.99,
)
# Velocity relative to the drum's mean: on the downbeat, the beat, the eighth, between them.
_ACCENTS: Final = (14, 6, 0, -12)
# By the number of drums that are struck together.
_KINDS: Final = drums.hit_counts()
_KIND_FLOOR: Final = 1.0
_GUARDED: Final = GuardedIds(
    onsets=np.where(_KINDS > 0, np.arange(drums.EVENT_IDS), -1).astype(np.int32),
    steps=np.ones(drums.EVENT_IDS, dtype=np.int32),
    waits=np.zeros(drums.EVENT_IDS, dtype=np.bool_),
    run=64,
    loop=128,
    share=64,
)


class DrumsWriter(GridWriter):
    """Writes hits of a sixteenth.

    Each drum has its mean velocity in the primer, 90 without one; downbeats are 14 louder,
    other beats 6, and hits between eighths 12 softer, because ids have no velocity.

    Args:
        music: The primer; tempo and signatures are taken from it.
        section: The section to generate.
        meter: Index in ``METERS``.
        first_step: Steps from a bar line to the section's start.
        primer: The drums before the section; their instrument is used.
    """

    def __init__(
        self,
        music: NoteSequence,
        section: Section,
        *,
        meter: int,
        first_step: int,
        primer: NoteSequence,
    ) -> None:
        instrument = primer.notes[-1].instrument if primer.notes else DRUM_INSTRUMENT
        super().__init__(music, section, NoteSequence.Note(instrument=instrument, is_drum=True))
        self._meter = meter
        self._first_step = first_step
        self._velocities = _mean_velocities(primer)

    def add(self, ids: Sequence[int]) -> None:
        """Read the next event ids."""
        for value in ids:
            accent = _accent(self._meter, self._first_step + self._step)
            for kind in drums.struck(value):
                # Complete at once, and in the order of the classes.
                note = self._piece.notes.add()
                note.CopyFrom(self._voice)
                note.pitch = drums.CLASSES[kind].pitch
                note.velocity = min(max(self._velocities[kind] + accent, 1), 127)
                note.start_time = self._now
                note.end_time = self._times[self._step + 1]
            self._step += 1


def _accent(meter: int, step: int) -> int:
    """Return the velocity relative to the mean, ``step`` steps after a bar line."""
    numerator, denominator = METERS[meter]
    beat = 6 if denominator == 8 else STEPS_PER_QUARTER  # a compound beat is a dotted quarter
    place = step % int(bar_steps(numerator, denominator))
    if place == 0:
        return _ACCENTS[0]
    if place % beat == 0:
        return _ACCENTS[1]
    return _ACCENTS[2] if place % 2 == 0 else _ACCENTS[3]


def _mean_velocities(primer: NoteSequence) -> list[int]:
    """Return the mean velocity of each class of drums."""
    velocities: list[list[int]] = [[] for _ in drums.CLASSES]
    for note in primer.notes:
        kind = drums.class_of(note.pitch)
        if kind is not None:
            velocities[kind].append(note.velocity)
    return [round(sum(each) / len(each)) if each else DEFAULT_VELOCITY for each in velocities]


class DrumsGenerator(StepGenerator):
    """Generates and continues drum grooves with an exported step program.

    The grid begins exactly where the section does. Its first step may be silent after a groove,
    and has a hit without a primer. Every hit lasts a sixteenth and ends within the section.

    Args:
        bundle: A bundle of encoding ``drums``.
    """

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(
            bundle, ARGUMENTS, steps_per_quarter=STEPS_PER_QUARTER, event_ids=drums.EVENT_IDS
        )

    def _plan(self, request: Request) -> tuple[Choice, DrumsWriter]:
        music, section = read_drums(request), request.section
        meter, primer, context = grid_context(
            music, request.options, section, select=known_drums, encode=drums.encode
        )
        choice = Choice(
            inputs=prepend(drums.start_id(meter), context),
            grammar=Grammar(drum_rules(silent=not primer.notes), section.steps),
            sampler=sampler_of(request.values, _KINDS, kind_floor=_KIND_FLOOR),
            guard=Guard(
                _GUARDED,
                gap_steps(section, STEPS_PER_QUARTER),
                np.ones(drums.EVENT_IDS, dtype=np.bool_),
            ),
            bias=_hit_bias(float(request.values["density"])),
        )
        return choice, DrumsWriter(
            music, section, meter=meter, first_step=len(context), primer=primer
        )

    def _notices(self, request: Request) -> list[Notice]:
        return primer_notices(
            self.info.encoding, request.music, request.options, request.section,
            drums_mode=str(request.values["drums"]),
        )  # fmt: skip


def read_drums(request: Request) -> NoteSequence:
    """Return the primer; all its notes are drums if the generator is to read them as such."""
    music = request.music
    before = input_notes_before(music, request.options, request.section, since=-1.0)
    if not read_as_drums(before.notes, str(request.values["drums"])):
        return music
    struck = with_notes(music, music.notes)
    for note in struck.notes:
        note.is_drum = True
    return struck


def known_drums(music: NoteSequence) -> NoteSequence:
    """Return a sequence with only its drums of the nine classes."""
    return with_notes(
        music, (n for n in music.notes if n.is_drum and drums.class_of(n.pitch) is not None)
    )


def drum_rules(*, silent: bool) -> Automaton:
    """Return the grammar of a section: any hits on each step.

    Args:
        silent: Whether there are no drums before it, so that its first step needs a hit.
    """
    any_hits, struck = 0, 1
    allowed = drums.grammar_mask()
    return Automaton(
        allowed=np.stack([allowed, allowed & (drums.hit_counts() > 0)]),
        following=np.full((2, drums.EVENT_IDS), any_hits, dtype=np.int32),
        first=struck if silent else any_hits,
    )


def _hit_bias(density: float) -> NDArray[np.float32] | None:
    """Return what multiplies the odds of each hit by ``exp(density)``, ``(EVENT_IDS,)``."""
    return (density * drums.hit_counts()).astype(np.float32) if density else None
