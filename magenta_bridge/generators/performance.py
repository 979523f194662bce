"""The generator of expressive playing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import performance
from magenta_bridge.encodings.performance import (
    NOTE_OFF,
    STEPS_PER_SECOND,
    TIME_SHIFT,
    VELOCITY,
    bin_velocity,
    shift_steps,
)
from magenta_bridge.encodings.performance_grammar import PerformanceGrammar
from magenta_bridge.generators.arguments import Argument, ArgumentType, ArgumentValue
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.generators.note_writer import clock_of
from magenta_bridge.generators.pitches import allowed_pitches
from magenta_bridge.generators.primer import Section, input_notes_before, read_section
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
from magenta_bridge.sequences.pedal import sounding_ends


class PerformanceOutput:
    """Collects ids and gives out notes.

    A note is final when it has ended and none that began before it, or with it, still sounds.

    Args:
        music: The primer; tempo, signatures and instrument are taken from it.
        section: What is being generated.
        program: General MIDI program of every note, 0..127.
    """

    def __init__(self, music: NoteSequence, section: Section, program: int) -> None:
        self._section = section
        self._step = 0
        self._velocity = bin_velocity(0)
        self._sounding: dict[int, NoteSequence.Note] = {}
        self._ended: list[NoteSequence.Note] = []
        self._voice = NoteSequence.Note(program=program, instrument=_instrument(music))
        self._context: NoteSequence | None = clock_of(music, section)

    @property
    def _now(self) -> float:
        return min(self._section.start + self._step / STEPS_PER_SECOND, self._section.end)

    def add(self, ids: Sequence[int]) -> None:
        """Takes the next event ids."""
        for value in ids:
            self._add(value)

    def _add(self, value: int) -> None:
        if value < NOTE_OFF:
            self._begin(value)
        elif value < TIME_SHIFT:
            self._end(value - NOTE_OFF)
        elif value < VELOCITY:
            self._step += shift_steps(value)
        else:
            self._velocity = bin_velocity(value - VELOCITY)

    def take(self) -> NoteSequence:
        """Returns the notes that are final by now; ``total_time`` says up to where."""
        until = min((note.start_time for note in self._sounding.values()), default=self._now)
        self._ended.sort(key=lambda note: (note.start_time, note.pitch))
        count = sum(note.start_time < until for note in self._ended)
        piece = self._context or NoteSequence()
        piece.notes.extend(self._ended[:count])
        piece.total_time = until
        del self._ended[:count]
        self._context = None
        return piece

    def finish(self) -> NoteSequence:
        """Ends what still sounds and returns the rest."""
        for pitch in list(self._sounding):
            self._end(pitch)
        piece = self.take()
        piece.total_time = self._section.end
        return piece

    def _begin(self, pitch: int) -> None:
        note = NoteSequence.Note()
        note.CopyFrom(self._voice)
        note.pitch, note.velocity, note.start_time = pitch, self._velocity, self._now
        self._sounding[pitch] = note

    def _end(self, pitch: int) -> None:
        # What is not known here began before the section and was ended at its start.
        note = self._sounding.pop(pitch, None)
        if note is not None and note.start_time < self._now:
            note.end_time = self._now
            self._ended.append(note)


def _instrument(music: NoteSequence) -> int:
    """Returns the instrument of the primer's latest note, 0 without one."""
    pitched = [note for note in music.notes if not note.is_drum]
    return max(pitched, key=lambda note: note.start_time).instrument if pitched else 0


# Some five hundred events: twice what the gradient reached back while learning.
_MOST_NOTES: Final = 150
_LONGEST_SECONDS: Final = 20.0
# A longer wait is heard as this one: music that stopped long ago is gone on from at once.
_LONGEST_WAIT_SECONDS: Final = 1.0


def performance_before(
    music: NoteSequence, options: GeneratorOptions, section: Section
) -> NDArray[np.int32]:
    """Writes the playing before the section as ids.

    All instruments but drums are heard as one, with their sustain pedals; at most the newest
    150 notes and 20 seconds. The grid is counted back from the section's start, so that the new
    music begins exactly there; what sounds on is ended there.

    Args:
        music: The request's primer.
        options: Its ``input_sections`` choose what is read; all before the section otherwise.
        section: What will be generated.

    Returns:
        Event ids ``(events,)``; none when nothing is heard.

    Raises:
        InvalidArgumentError: An input section ends before it starts.
    """
    heard = input_notes_before(_with_pedal(music), options, section, since=-1.0)
    notes = sorted(
        (note for note in heard.notes if not note.is_drum), key=lambda note: note.start_time
    )
    if not notes:
        return np.zeros(0, dtype=np.int32)
    last = max(note.end_time for note in notes)
    end = min(section.start, last + _LONGEST_WAIT_SECONDS)
    newest = [note for note in notes[-_MOST_NOTES:] if note.start_time > end - _LONGEST_SECONDS]
    if not newest:
        return np.zeros(0, dtype=np.int32)
    steps = round((end - newest[0].start_time) * performance.STEPS_PER_SECOND)
    return performance.encode(
        NoteSequence(notes=newest), start=end - steps / performance.STEPS_PER_SECOND, end=end
    )


def _with_pedal(music: NoteSequence) -> NoteSequence:
    if not music.control_changes:
        return music
    held = NoteSequence(total_time=music.total_time, tempos=music.tempos, notes=music.notes)
    for note, end in zip(held.notes, sounding_ends(music), strict=True):
        note.end_time = end
    return held


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
