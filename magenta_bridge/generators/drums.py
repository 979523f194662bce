"""The generator of drum grooves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import drums
from magenta_bridge.encodings.meters import METERS, STEPS_PER_QUARTER, bar_steps
from magenta_bridge.generators.arguments import Argument, ArgumentType, ArgumentValue
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.generators.note_writer import clock_of, step_seconds
from magenta_bridge.generators.primer import Section, first_step, grid_before, read_section
from magenta_bridge.generators.sampling import Choice, Grammar
from magenta_bridge.generators.step_generator import (
    Plan,
    StepGenerator,
    sampler_of,
    sampling_arguments,
)
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.runtime.loop import Automaton

DRUM_INSTRUMENT: Final = 9
_PLAIN_VELOCITY: Final = 90
# Louder or softer than the drum's mean: on the downbeat, the beat, the eighth, between them.
_ACCENTS: Final = (14, 6, 0, -12)


class DrumsOutput:
    """Collects ids and gives out hits.

    Each drum is as loud as it is in the primer on average, 90 where it is not there; downbeats
    are 14 louder, other beats 6, and what lies between eighths is 12 softer, since the ids tell
    no loudness.

    Args:
        music: The primer; tempo, signatures and drum instrument are taken from it.
        section: What is being generated.
        meter: Index in ``METERS``.
        begun: Steps from a bar line to the section's start.
        primer: The drums heard before the section.
    """

    def __init__(
        self,
        music: NoteSequence,
        section: Section,
        *,
        meter: int,
        begun: int,
        primer: NoteSequence,
    ) -> None:
        self._section = section
        self._meter = meter
        self._begun = begun
        self._step = 0
        self._loudness = _loudness(primer)
        self._instrument = primer.notes[-1].instrument if primer.notes else DRUM_INSTRUMENT
        self._ready = clock_of(music, section)
        self._times = step_seconds(section)

    def add(self, ids: Sequence[int]) -> None:
        """Takes the next event ids."""
        for value in ids:
            self._add(value)

    def _add(self, value: int) -> None:
        accent = accent_at(self._meter, self._begun + self._step)
        for kind in drums.struck(value):
            self._ready.notes.add(
                pitch=drums.CLASSES[kind].pitch,
                velocity=min(max(self._loudness[kind] + accent, 1), 127),
                start_time=self._times[self._step],
                end_time=self._times[self._step + 1],
                instrument=self._instrument,
                is_drum=True,
            )
        self._step += 1

    def take(self) -> NoteSequence:
        """Returns the hits since the last call; ``total_time`` says up to where."""
        piece, self._ready = self._ready, NoteSequence()
        piece.total_time = self._times[self._step]
        return piece

    def finish(self) -> NoteSequence:
        """Returns the rest."""
        piece = self.take()
        piece.total_time = self._section.end
        return piece


def accent_at(meter: int, step: int) -> int:
    """Returns how much louder than its mean a drum is struck.

    Args:
        meter: Index in ``METERS``.
        step: Steps since a bar line.
    """
    numerator, denominator = METERS[meter]
    beat = 6 if denominator == 8 else STEPS_PER_QUARTER  # a compound beat is a dotted quarter
    place = step % int(bar_steps(numerator, denominator))
    if place == 0:
        return _ACCENTS[0]
    if place % beat == 0:
        return _ACCENTS[1]
    return _ACCENTS[2] if place % 2 == 0 else _ACCENTS[3]


def _loudness(primer: NoteSequence) -> list[int]:
    """Returns the mean velocity of each class of drum."""
    heard: list[list[int]] = [[] for _ in drums.CLASSES]
    for note in primer.notes:
        kind = drums.class_of(note.pitch)
        if kind is not None:
            heard[kind].append(note.velocity)
    return [round(sum(each) / len(each)) if each else _PLAIN_VELOCITY for each in heard]


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
