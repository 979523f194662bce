"""The generator of music in several voices."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings import polyphony
from magenta_bridge.encodings.meters import STEPS_PER_QUARTER
from magenta_bridge.generators.arguments import Argument, ArgumentType, ArgumentValue
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.generators.note_writer import (
    PRIMERS_PROGRAM,
    PROGRAM,
    clock_of,
    step_seconds,
    voice_of,
)
from magenta_bridge.generators.pitches import allowed_pitches
from magenta_bridge.generators.primer import Section, first_step, grid_before, read_section
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


class PolyphonyOutput:
    """Collects ids and gives out notes, in order of beginning, then of pitch.

    A note waits for those that began before it and still sound.

    Args:
        music: The primer; tempo, meter, instrument and loudness are taken from it.
        section: What is being generated.
        program: MIDI program of the notes; -1 for the primer's.
    """

    def __init__(
        self, music: NoteSequence, section: Section, *, program: int = PRIMERS_PROGRAM
    ) -> None:
        self._section = section
        self._voice = voice_of(music, program)
        self._step = 0
        self._frame: set[int] = set()
        self._sounding: dict[int, NoteSequence.Note] = {}
        self._ended: list[NoteSequence.Note] = []
        self._clock = clock_of(music, section)
        self._times = step_seconds(section)

    def add(self, ids: Sequence[int]) -> None:
        """Takes the next event ids."""
        for value in ids:
            self._add(value)

    def _add(self, value: int) -> None:
        pitch = polyphony.pitch_of(value)
        if pitch is None:
            for silent in self._sounding.keys() - self._frame:
                self._end_note(silent)
            self._frame = set()
            self._step += 1
            return
        self._frame.add(pitch)
        if value < polyphony.HELD:
            self._end_note(pitch)
            begun = NoteSequence.Note()
            begun.CopyFrom(self._voice)
            begun.pitch, begun.start_time = pitch, self._times[self._step]
            self._sounding[pitch] = begun

    def take(self) -> NoteSequence:
        """Returns the notes that are final by now; ``total_time`` says up to where."""
        complete = min(
            (note.start_time for note in self._sounding.values()), default=self._times[self._step]
        )
        ready = [note for note in self._ended if note.start_time < complete]
        self._ended = [note for note in self._ended if note.start_time >= complete]
        piece, self._clock = self._clock, NoteSequence()
        piece.notes.extend(sorted(ready, key=lambda note: (note.start_time, note.pitch)))
        piece.total_time = complete
        return piece

    def finish(self) -> NoteSequence:
        """Ends what still sounds and returns the rest."""
        for pitch in list(self._sounding):
            self._end_note(pitch)
        piece = self.take()
        piece.total_time = self._section.end
        return piece

    def _end_note(self, pitch: int) -> None:
        note = self._sounding.pop(pitch, None)
        if note is not None:
            note.end_time = self._times[self._step]
            self._ended.append(note)


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
_LENGTHS: Final = (np.arange(polyphony.EVENT_IDS) == polyphony.END).astype(np.int32)
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
                grammar=Grammar(
                    _rules_of(pitches.tobytes(), int(values["voices"])),
                    section.steps,
                    lengths=_LENGTHS,
                ),
                sampler=sampler_of(values),
                bias=density_bias(float(values["density"])),
            ),
            output=PolyphonyOutput(music, section, program=int(values["program"])),
        )


@functools.lru_cache(maxsize=32)
def _rules_of(pitches: bytes, voices: int) -> Automaton:
    return frame_rules(np.frombuffer(pitches, dtype=np.bool_), voices)


def frame_rules(pitches: NDArray[np.bool_], voices: int) -> Automaton:
    """Returns the rules of a section: its first frame begins a note and holds none.

    What else belongs to a frame, pitches in ascending order and only such held as sounded
    before, the network itself knows.

    Args:
        pitches: Which pitches may sound, ``(128,)``; one at least.
        voices: Most pitches in a frame; 0 for any number.
    """
    # A rule for each number of pitches in the first frame, then one for each in later frames. A
    # frame of any number of pitches has one rule from its first pitch on.
    most = voices or 1
    filled = np.tile(np.arange(most + 1), 2)
    later = np.arange(len(filled)) > most
    allowed = np.empty((len(filled), polyphony.EVENT_IDS), dtype=np.bool_)
    allowed[:, polyphony.END] = later | (filled > 0)
    room = np.logical_or(not voices, filled < most)[:, np.newaxis]
    allowed[:, polyphony.NEW : polyphony.HELD] = room & pitches
    allowed[:, polyphony.HELD :] = room & later[:, np.newaxis] & pitches
    following = np.where(filled < most, np.arange(len(filled)) + 1, np.arange(len(filled)))
    table = np.repeat(following[:, np.newaxis], polyphony.EVENT_IDS, axis=1)
    table[:, polyphony.END] = most + 1
    return Automaton(allowed, table.astype(np.int32))


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
