"""The generator of music in several voices."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.arguments import Argument, ArgumentType
from magenta_bridge.description import Notice
from magenta_bridge.encodings import polyphony
from magenta_bridge.encodings.meters import METERS, STEPS_PER_QUARTER, bar_steps
from magenta_bridge.generators.bundle import Bundle
from magenta_bridge.generators.bundle_generator import (
    PITCH_ARGUMENTS,
    PROGRAM,
    Request,
    density_argument,
    sampling_arguments,
)
from magenta_bridge.generators.guard import Guard, GuardedIds, gap_steps
from magenta_bridge.generators.note_writer import GridWriter, voice_of
from magenta_bridge.generators.notices import primer_notices
from magenta_bridge.generators.pitches import near_primer
from magenta_bridge.generators.primer import grid_context, prepend, with_notes
from magenta_bridge.generators.sampling import Choice, Grammar
from magenta_bridge.generators.step_generator import StepGenerator, pitches_of, sampler_of
from magenta_bridge.limits import PRIMER_STEPS
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.runtime.loop import Automaton

ARGUMENTS: Final = sampling_arguments(
    polyphony.EVENT_IDS,
    *PITCH_ARGUMENTS,
    density_argument("notes begin"),
    Argument(
        "voices", ArgumentType.INT, 0,
        "Most notes that sound at once; 0 as the model learned them.", 0, 8,
    ),
    PROGRAM,
    top_p=0.97,
)  # fmt: skip
_LENGTHS: Final = (np.arange(polyphony.EVENT_IDS) == polyphony.END).astype(np.int32)
_CACHED_RULES: Final = 32
# The frame ends, a note begins, or a note goes on.
_KINDS: Final = np.repeat([0, 1, 2], [1, polyphony.PITCHES, polyphony.PITCHES]).astype(np.int32)
_KIND_FLOOR: Final = 1.0
_GUARDED: Final = GuardedIds(
    onsets=np.where(_KINDS == 1, np.arange(polyphony.EVENT_IDS), -1).astype(np.int32),
    steps=_LENGTHS,
    # Only a higher note may follow one that goes on.
    waits=_KINDS == 2,
    run=8,
    loop=16,
    share=18,
)


class PolyphonyWriter(GridWriter):
    """Writes notes frame by frame; arguments as in ``NoteWriter``."""

    _frame: frozenset[int] = frozenset()

    def add(self, ids: Sequence[int]) -> None:
        """Read the next event ids."""
        for value in ids:
            pitch = polyphony.pitch_of(value)
            if pitch is None:
                for silent in self._sounding.keys() - self._frame:
                    self._end(silent)
                self._frame = frozenset()
                self._step += 1
                continue
            self._frame |= {pitch}
            if value < polyphony.HELD:
                self._end(pitch)
                self._begin(pitch)


class PolyphonyGenerator(StepGenerator):
    """Generates and continues music in several voices with an exported step program.

    At least one note begins exactly where the section does, no note of the primer continues
    into it, and nothing sounds beyond its end.

    Args:
        bundle: A bundle of encoding ``polyphony``.
    """

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(
            bundle, ARGUMENTS, steps_per_quarter=STEPS_PER_QUARTER, event_ids=polyphony.EVENT_IDS
        )

    def _notices(self, request: Request) -> list[Notice]:
        """See ``BundleGenerator``; a bar of many notes has more ids, so that fewer bars fit."""
        music, section = request.music, request.section
        meter, _, ids = grid_context(
            music, request.options, section, select=_without_drums, encode=polyphony.encode
        )
        steps = int(np.count_nonzero(ids == polyphony.END))
        if steps + bar_steps(*METERS[meter]) > PRIMER_STEPS.value:
            return super()._notices(request)
        # Half a step, because notes are moved to the nearest one.
        quarters = section.origin_quarters - (steps + 0.5) / STEPS_PER_QUARTER
        context = float(section.tempo.seconds(quarters)), f"{steps:,} sixteenths"
        return primer_notices("polyphony", music, request.options, section, context=context)

    def _plan(self, request: Request) -> tuple[Choice, PolyphonyWriter]:
        music, section, values = request.music, request.section, request.values
        meter, primer, context = grid_context(
            music, request.options, section, select=_without_drums, encode=polyphony.encode
        )
        pitches = pitches_of(values)
        near = near_primer(pitches, [note.pitch for note in primer.notes])
        rules = _rules_of(pitches.tobytes(), int(values["voices"]))
        choice = Choice(
            inputs=prepend(polyphony.start_id(meter), context),
            grammar=Grammar(rules, section.steps, lengths=_LENGTHS),
            sampler=sampler_of(values, _KINDS, kind_floor=_KIND_FLOOR),
            guard=Guard(
                _GUARDED,
                gap_steps(section, STEPS_PER_QUARTER),
                np.concatenate([[True], pitches, pitches]),
                np.concatenate([[True], near, pitches]),
            ),
            bias=_onset_bias(float(values["density"])),
        )
        return choice, PolyphonyWriter(music, section, voice_of(music, int(values["program"])))


def _without_drums(music: NoteSequence) -> NoteSequence:
    return with_notes(music, (note for note in music.notes if not note.is_drum))


@functools.lru_cache(_CACHED_RULES)
def _rules_of(pitches: bytes, voices: int) -> Automaton:
    return frame_rules(np.frombuffer(pitches, dtype=np.bool_), voices)


def frame_rules(pitches: NDArray[np.bool_], voices: int) -> Automaton:
    """Return the rules of a section: its first frame begins a note and holds none.

    The network itself has the other rules of a frame: pitches in ascending order, and only
    those held that sounded before.

    Args:
        pitches: Pitches that may sound, ``(128,)``; at least one.
        voices: Maximum number of pitches in a frame; 0 for any number.
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


def _onset_bias(density: float) -> NDArray[np.float32] | None:
    """Return what multiplies the odds of each onset by ``exp(density / 2)``, ``(EVENT_IDS,)``.

    Half, because the model itself continues in the density of its context.
    """
    if not density:
        return None
    bias = np.zeros(polyphony.EVENT_IDS, dtype=np.float32)
    bias[polyphony.NEW : polyphony.HELD] = density / 2.0
    return bias
