"""The generator of expressive performances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.arguments import Argument, ArgumentType
from magenta_bridge.description import Notice
from magenta_bridge.encodings.performance import (
    EVENT_IDS,
    LONGEST_SHIFT,
    NOTE_OFF,
    PITCHES,
    START,
    STEPS_PER_SECOND,
    TIME_SHIFT,
    VELOCITY,
    PerformanceGrammar,
    bin_velocity,
    encode,
    shift_steps,
)
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.generators.bundle_generator import (
    PITCH_ARGUMENTS,
    Request,
    density_argument,
    sampling_arguments,
)
from magenta_bridge.generators.guard import GAP_BARS, Guard, GuardedIds
from magenta_bridge.generators.note_writer import NoteWriter, voice_of
from magenta_bridge.generators.notices import primer_notices
from magenta_bridge.generators.pitches import near_primer
from magenta_bridge.generators.primer import Section, input_notes_before, prepend
from magenta_bridge.generators.sampling import Choice, Grammar
from magenta_bridge.generators.step_generator import StepGenerator, pitches_of, sampler_of
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.runtime.loop import Automaton
from magenta_bridge.sequences.pedal import sounding_ends

ARGUMENTS: Final = sampling_arguments(
    EVENT_IDS,
    density_argument("notes"),
    Argument(
        "program", ArgumentType.INT, 0,
        "Instrument to play on, counted from 0: 0 is the grand piano.", 0, 127,
        "General MIDI program",
    ),
    *PITCH_ARGUMENTS,
    top_p=0.98,
)  # fmt: skip
# About 500 events: twice the length over which training computes gradients.
_MOST_NOTES: Final = 150
_LONGEST_SECONDS: Final = 20.0
# A longer rest before the section is shortened to this one.
_LONGEST_WAIT_SECONDS: Final = 1.0
_ROUNDING: Final = 1e-6
# A shift of this length is as likely at any density; 100 ms are even sixteenths at 150 qpm.
_NEUTRAL_SHIFT: Final = 10
_LENGTHS: Final = np.array([shift_steps(value) for value in range(EVENT_IDS)], dtype=np.int32)
# Beginnings, ends, loudness, and each length of a time shift.
_KINDS: Final = np.repeat([0, 1, 2], [PITCHES, PITCHES, EVENT_IDS - TIME_SHIFT]).astype(np.int32)
_KINDS[TIME_SHIFT:VELOCITY] = np.arange(3, 3 + LONGEST_SHIFT)
_KIND_FLOOR: Final = 1.0
_GUARDED: Final = GuardedIds(
    onsets=np.where(np.arange(EVENT_IDS) < NOTE_OFF, np.arange(EVENT_IDS), -1).astype(np.int32),
    steps=_LENGTHS,
    waits=np.zeros(EVENT_IDS, dtype=np.bool_),
    run=8,
    loop=16,
    share=18,
)


class PerformanceWriter(NoteWriter):
    """Writes notes with their own velocities, in steps of ten milliseconds.

    Arguments are as in ``NoteWriter``.
    """

    _velocity = bin_velocity(0)

    @property
    def _now(self) -> float:
        return min(self._section.start + self._step / STEPS_PER_SECOND, self._section.end)

    def add(self, ids: Sequence[int]) -> None:
        """Read the next event ids."""
        for value in ids:
            if value < NOTE_OFF:
                self._begin(value).velocity = self._velocity
            elif value < TIME_SHIFT:
                self._end(value - NOTE_OFF)  # a note of the primer has ended already
            elif value < VELOCITY:
                self._step += shift_steps(value)
            else:
                self._velocity = bin_velocity(value - VELOCITY)


class PerformanceGenerator(StepGenerator):
    """Generates and continues expressive performances with an exported step program.

    Time is counted in steps of ten milliseconds from the section's start; without a primer the
    first note begins there. Notes that sound at the section's end are ended there.

    Args:
        bundle: A bundle of encoding ``performance``.
    """

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle, ARGUMENTS, steps_per_quarter=0, event_ids=EVENT_IDS)

    def _plan(self, request: Request) -> tuple[Choice, PerformanceWriter]:
        music, section, values = request.music, request.section, request.values
        context = _context(music, request.options, section)
        pitches = pitches_of(values)
        near = near_primer(pitches, context[context < NOTE_OFF].tolist())
        others = np.ones(EVENT_IDS - PITCHES, dtype=np.bool_)
        seconds = section.end - section.start
        steps = max(int(np.ceil(seconds * STEPS_PER_SECOND - _ROUNDING)), 1)
        choice = Choice(
            inputs=prepend(START, context),
            grammar=_SectionGrammar(pitches, context, steps),
            sampler=sampler_of(values, _KINDS, kind_floor=_KIND_FLOOR),
            guard=Guard(
                _GUARDED,
                _gap_steps(section),
                np.concatenate([pitches, others]),
                np.concatenate([near, others]),
            ),
            bias=density_bias(float(values["density"])),
        )
        voice = NoteSequence.Note(
            program=int(values["program"]), instrument=voice_of(music).instrument
        )
        return choice, PerformanceWriter(music, section, voice)

    def _notices(self, request: Request) -> list[Notice]:
        newest, _ = _newest(request.music, request.options, request.section)
        since = newest[0].start_time if newest else request.section.start
        return primer_notices(
            self.info.encoding, request.music, request.options, request.section,
            context=(since, f"{_MOST_NOTES} notes and {_LONGEST_SECONDS:g} seconds"),
        )  # fmt: skip


def _context(music: NoteSequence, options: GeneratorOptions, section: Section) -> NDArray[np.int32]:
    """Return the performance before the section as ids ``(events,)``.

    It has all instruments but drums, with their sustain pedals; at most the newest 150 notes and
    20 seconds. The grid is counted back from the section's start, so that the new music begins
    exactly there.
    """
    newest, end = _newest(music, options, section)
    if not newest:
        return np.zeros(0, dtype=np.int32)
    steps = round((end - newest[0].start_time) * STEPS_PER_SECOND)
    return encode(NoteSequence(notes=newest), start=end - steps / STEPS_PER_SECOND, end=end)


def _newest(
    music: NoteSequence, options: GeneratorOptions, section: Section
) -> tuple[list[NoteSequence.Note], float]:
    """Return the notes that are read, and the end of what is read in seconds."""
    found = input_notes_before(_with_pedal(music), options, section, since=-1.0)
    notes = sorted(
        (note for note in found.notes if not note.is_drum), key=lambda note: note.start_time
    )
    last = max((note.end_time for note in notes), default=0.0)
    end = min(section.start, last + _LONGEST_WAIT_SECONDS)
    return [n for n in notes[-_MOST_NOTES:] if n.start_time > end - _LONGEST_SECONDS], end


def _with_pedal(music: NoteSequence) -> NoteSequence:
    """Return the music with the ends of its notes as the sustain pedal has them."""
    if not music.control_changes:
        return music
    held = NoteSequence(total_time=music.total_time, tempos=music.tempos, notes=music.notes)
    for note, end in zip(held.notes, sounding_ends(music), strict=True):
        note.end_time = end
    return held


def _gap_steps(section: Section) -> int:
    """Return the steps of two bars, at least of two seconds."""
    quarters = section.origin_quarters + GAP_BARS * section.meter.bar_quarters
    seconds = float(section.tempo.seconds(quarters)) - section.start
    return max(round(seconds * STEPS_PER_SECOND), 2 * STEPS_PER_SECOND)


class _SectionGrammar(Grammar):
    """The grammar of a performance until the section is full.

    A program with many steps per call includes ``PerformanceGrammar``; for a program with a
    single step it is applied here.
    """

    def __init__(self, pitches: NDArray[np.bool_], context: NDArray[np.int32], steps: int) -> None:
        super().__init__(playing_rules(pitches, silent=not len(context)), steps, _LENGTHS)
        self._performance = PerformanceGrammar(pitches)
        for value in context.tolist():
            self._performance.add(value)

    def mask(self) -> NDArray[np.bool_]:
        allowed = super().mask()  # advances by what has been taken
        return allowed & self._performance.mask()

    def _follow(self, value: int) -> None:
        super()._follow(value)
        self._performance.add(value)


def playing_rules(pitches: NDArray[np.bool_], *, silent: bool) -> Automaton:
    """Return the rules of a section: without a primer, no time shift before the first note.

    Args:
        pitches: Pitches that may begin, ``(128,)``; at least one.
        silent: Whether there is no primer.
    """
    playing, beginning = 0, 1
    allowed = np.ones((2, EVENT_IDS), dtype=np.bool_)
    allowed[:, :NOTE_OFF] = pitches
    allowed[beginning, TIME_SHIFT:VELOCITY] = False
    following = np.full(allowed.shape, playing, dtype=np.int32)
    return Automaton(allowed, following, first=beginning if silent else playing)


def density_bias(density: float) -> NDArray[np.float32] | None:
    """Return what is added to the logits, ``(EVENT_IDS,)``; None for a density of 0.

    It multiplies the odds of another note by ``exp(density / 2)``, and those of a time shift by
    the power ``-density / 2`` of its length in tenths of a second.
    """
    if not density:
        return None
    bias = np.zeros(EVENT_IDS, dtype=np.float32)
    bias[:NOTE_OFF] = density / 2
    bias[VELOCITY:] = density / 2
    lengths = np.arange(1, LONGEST_SHIFT + 1) / _NEUTRAL_SHIFT
    bias[TIME_SHIFT:VELOCITY] = -density / 2 * np.log(lengths)
    return bias
