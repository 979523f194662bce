"""One melody line as ids on a grid of sixteenths, in the terms of Magenta's ``Melody``.

Each step of the grid holds one event: a note begins (``0..127``, its pitch), the sounding note
ends (``NOTE_OFF``), or nothing changes (``NO_EVENT``: the note goes on, or silence does). The
id of an event is the event plus 2, so that ids count from 0. Two more kinds of id are only input,
never produced: one START id per meter begins a piece, and ``PAD`` fills before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings.meters import (
    METERS,
    STEPS_PER_QUARTER,
    bar_steps,
    check_grid,
    closest_meter,
)
from magenta_bridge.errors import InvalidSequenceError
from magenta_bridge.noteseq import NoteSequence

__all__ = [
    "METERS",
    "STEPS_PER_QUARTER",
    "bar_steps",
    "closest_meter",
    "decode",
    "encode",
    "grammar_mask",
    "sounds_after",
    "start_id",
    "transpose_ids",
]

NO_EVENT: Final = -2
NOTE_OFF: Final = -1
EVENT_OFFSET: Final = 2
EVENT_IDS: Final = 130
PAD: Final = EVENT_IDS + len(METERS)
INPUT_IDS: Final = PAD + 1


def start_id(meter_index: int) -> int:
    """Return the id that begins a piece in ``METERS[meter_index]``."""
    return EVENT_IDS + meter_index


def encode(
    sequence: NoteSequence, *, start_step: int = 0, end_step: int | None = None
) -> NDArray[np.int32]:
    """Write a monophonic quantized sequence as ids.

    Args:
        sequence: Quantized at ``STEPS_PER_QUARTER``; drums are ignored.
        start_step: First step.
        end_step: End step, exclusive; ``total_quantized_steps`` by default.

    Returns:
        Ids ``(end_step - start_step,)`` in ``0..EVENT_IDS - 1``. A note that sounds before
        ``start_step`` is left out, one that sounds at ``end_step`` ends there.

    Raises:
        InvalidSequenceError: Not quantized on the grid, or two notes sound at once.
    """
    check_grid(sequence, "A melody is written")
    end = sequence.total_quantized_steps if end_step is None else end_step
    ids = np.full(max(end - start_step, 0), NO_EVENT + EVENT_OFFSET, dtype=np.int32)
    notes = sorted(
        (n for n in sequence.notes if not n.is_drum), key=lambda n: n.quantized_start_step
    )
    sounding_until = 0
    for note in notes:
        if note.quantized_start_step < sounding_until:
            raise InvalidSequenceError(
                f"A melody holds one note at a time, but another begins at step "
                f"{note.quantized_start_step} while one sounds until {sounding_until}.",
                field="sequence.notes",
            )
        sounding_until = note.quantized_end_step
        _write_note(ids, note, start_step)
    return ids


def _write_note(ids: NDArray[np.int32], note: NoteSequence.Note, start_step: int) -> None:
    begin = note.quantized_start_step - start_step
    finish = note.quantized_end_step - start_step
    if not 0 <= begin < len(ids):
        return
    ids[begin] = note.pitch + EVENT_OFFSET
    if finish < len(ids):
        ids[finish] = NOTE_OFF + EVENT_OFFSET


def decode(
    ids: Sequence[int] | NDArray[np.integer], *, start_step: int = 0, velocity: int = 100
) -> NoteSequence:
    """Read ids back as a quantized sequence; the inverse of ``encode``.

    A NOTE_OFF in silence is ignored. A note that sounds at the end ends there.

    Args:
        ids: Event ids ``(steps,)`` in ``0..EVENT_IDS - 1``.
        start_step: Step of the first id.
        velocity: Velocity of every note, 1..127.

    Returns:
        A NoteSequence quantized at ``STEPS_PER_QUARTER``, without times in seconds.

    Raises:
        InvalidSequenceError: An id is not an event.
    """
    sequence = NoteSequence()
    sequence.quantization_info.steps_per_quarter = STEPS_PER_QUARTER
    total = start_step + len(ids)
    sounding: NoteSequence.Note | None = None
    for step, raw in enumerate(ids, start=start_step):
        event = int(raw) - EVENT_OFFSET
        if not NO_EVENT <= event < EVENT_IDS - EVENT_OFFSET:
            raise InvalidSequenceError(f"{int(raw)} at step {step} is not a melody event id.")
        if event == NO_EVENT:
            continue
        if sounding is not None:
            sounding.quantized_end_step = step
            sounding = None
        if event != NOTE_OFF:
            sounding = sequence.notes.add(
                pitch=event, velocity=velocity, quantized_start_step=step, quantized_end_step=total
            )
    sequence.total_quantized_steps = total
    return sequence


def sounds_after(ids: Iterable[int]) -> bool:
    """Return whether a note sounds after the last of these event ids."""
    sounding = False
    for value in ids:
        if value != NO_EVENT + EVENT_OFFSET:
            sounding = EVENT_OFFSET <= value < EVENT_IDS
    return sounding


def grammar_mask(*, sounding: bool, onset: bool = False) -> NDArray[np.bool_]:
    """Return which ids may come next: ``(EVENT_IDS,)``, True where allowed.

    Args:
        sounding: Whether a note sounds, which allows NOTE_OFF.
        onset: Allow only the beginning of a note.
    """
    allowed = np.ones(EVENT_IDS, dtype=np.bool_)
    allowed[NOTE_OFF + EVENT_OFFSET] = sounding and not onset
    allowed[NO_EVENT + EVENT_OFFSET] = not onset
    return allowed


def transpose_ids(ids: NDArray[np.int32], semitones: int) -> NDArray[np.int32]:
    """Move the pitches among event ids by ``semitones``; all other ids stay.

    Pitches that would leave 0..127 move to the nearest octave inside.
    """
    pitches = ids - EVENT_OFFSET + semitones
    pitches = np.where(pitches < 0, pitches % 12, pitches)
    pitches = np.where(pitches > 127, 120 + pitches % 12 - 12 * (pitches % 12 > 7), pitches)
    noted = (ids >= EVENT_OFFSET) & (ids < EVENT_IDS)
    return np.where(noted, pitches + EVENT_OFFSET, ids).astype(np.int32)
