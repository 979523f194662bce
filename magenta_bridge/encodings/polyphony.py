"""Music of several voices as ids: on each sixteenth, the pitches that sound, from the lowest up.

A frame is the pitches that sound during one sixteenth in ascending order, each as ``NEW`` (it
begins here) or ``HELD`` (it sounds on from the frame before), closed by ``END``. A set of notes
can be written in one way only, so the likelihood of the ids is the joint likelihood of the
notes. The order of ascending pitches is that of Walder, "Modelling Symbolic Music: Beyond the
Piano Roll" (2016); note beginnings and continuations are separate ids as in Magenta's polyphony
RNN (Simon and Oore; after Liang, "BachBot", 2016). As in the other grids, a START id per meter
begins a piece and ``PAD`` stands before it; models never produce either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings.meters import METERS, STEPS_PER_QUARTER
from magenta_bridge.errors import InvalidSequenceError
from magenta_bridge.noteseq import NoteSequence

PITCHES: Final = 128
END: Final = 0
NEW: Final = 1
HELD: Final = NEW + PITCHES
EVENT_IDS: Final = HELD + PITCHES
PAD: Final = EVENT_IDS + len(METERS)
INPUT_IDS: Final = PAD + 1
# What a pitch does in a row of ``frames_of``.
SILENT, SOUNDS_ON, BEGINS = 0, 1, 2


def start_id(meter_index: int) -> int:
    """Returns the id that begins a piece in ``METERS[meter_index]``."""
    return EVENT_IDS + meter_index


def pitch_of(value: int) -> int | None:
    """Returns the pitch of a ``NEW`` or ``HELD`` id; None for any other."""
    return (value - NEW) % PITCHES if NEW <= value < EVENT_IDS else None


def encode(
    sequence: NoteSequence, *, start_step: int = 0, end_step: int | None = None
) -> NDArray[np.int32]:
    """Writes the notes of a quantized sequence as ids.

    What sounds already at ``start_step`` begins there. Of notes on one pitch that overlap, the
    later ones are not struck again: they are one note as long as all of them. A note that
    begins where another on its pitch ends is struck.

    Args:
        sequence: Quantized at ``STEPS_PER_QUARTER``; drums are ignored.
        start_step: First frame written.
        end_step: First frame not written; ``total_quantized_steps`` by default.

    Returns:
        Ids in ``0..EVENT_IDS - 1``, one ``END`` for each frame.

    Raises:
        InvalidSequenceError: Not quantized on the grid, or a pitch is not 0..127.
    """
    if sequence.quantization_info.steps_per_quarter != STEPS_PER_QUARTER:
        raise InvalidSequenceError(
            f"Voices are written on a grid of {STEPS_PER_QUARTER} steps per quarter; quantize the "
            "sequence to it first.",
            field="sequence.quantization_info",
        )
    end = sequence.total_quantized_steps if end_step is None else end_step
    frames = np.zeros((max(end - start_step, 0), PITCHES), dtype=np.uint8)
    reached: dict[int, int] = {}
    notes = [note for note in sequence.notes if not note.is_drum]
    for note in sorted(notes, key=lambda each: (each.quantized_start_step, each.pitch)):
        if not 0 <= note.pitch < PITCHES:
            raise InvalidSequenceError(f"A pitch must be 0 to 127, got {note.pitch}.")
        first = max(note.quantized_start_step - start_step, 0)
        last = min(note.quantized_end_step - start_step, len(frames))
        if first >= last:
            continue
        struck = first >= reached.get(note.pitch, 0)
        from_here = max(first, reached.get(note.pitch, 0))
        frames[from_here:last, note.pitch] = SOUNDS_ON
        if struck:
            frames[first, note.pitch] = BEGINS
        reached[note.pitch] = max(last, reached.get(note.pitch, 0))
    return ids_of(frames)


def ids_of(frames: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Writes frames ``(frames, PITCHES)`` as ids; the inverse of ``frames_of``."""
    closed = np.concatenate([frames, np.ones((len(frames), 1), dtype=np.uint8)], axis=1)
    rows, pitches = np.nonzero(closed)
    ids = np.where(closed[rows, pitches] == BEGINS, NEW, HELD) + pitches
    whole: NDArray[np.int32] = np.where(pitches == PITCHES, END, ids).astype(np.int32)
    return whole


def frames_of(ids: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Reads ids as frames.

    Args:
        ids: Event ids; what follows the last ``END`` is one frame more, not closed.

    Returns:
        ``(frames, PITCHES)``: ``SILENT``, ``SOUNDS_ON`` or ``BEGINS``.
    """
    ends = ids == END
    frame = np.cumsum(ends) - ends
    count = int(ends.sum()) + bool(len(ids) and not ends[-1])
    frames = np.zeros((count, PITCHES), dtype=np.uint8)
    kinds = np.where(ids < HELD, BEGINS, SOUNDS_ON)
    frames[frame[~ends], (ids[~ends] - NEW) % PITCHES] = kinds[~ends]
    return frames


def decode(
    ids: Sequence[int] | NDArray[np.integer], *, start_step: int = 0, velocity: int = 100
) -> NoteSequence:
    """Reads ids back as a quantized sequence; the inverse of ``encode``.

    Args:
        ids: Event ids; the last one is ``END``.
        start_step: Step of the first frame.
        velocity: Velocity of every note, 1..127.

    Returns:
        A NoteSequence quantized at ``STEPS_PER_QUARTER``, without times in seconds, notes in
        order of beginning and pitch.

    Raises:
        InvalidSequenceError: An id is not an event, pitches do not ascend in a frame, a pitch
            sounds on that did not sound before, or the last frame is not closed.
    """
    values = np.asarray(ids, dtype=np.int64)
    check_ids(values)
    frames = frames_of(values)
    sequence = NoteSequence(total_quantized_steps=start_step + len(frames))
    sequence.quantization_info.steps_per_quarter = STEPS_PER_QUARTER
    for begin, pitch in zip(*np.nonzero(frames == BEGINS), strict=True):
        lasting = frames[begin + 1 :, pitch] == SOUNDS_ON
        length = 1 + (int(np.argmin(lasting)) if not lasting.all() else len(lasting))
        sequence.notes.add(
            pitch=int(pitch),
            velocity=velocity,
            quantized_start_step=start_step + int(begin),
            quantized_end_step=start_step + int(begin) + length,
        )
    return sequence


def check_ids(ids: NDArray[np.integer]) -> None:
    """Makes sure that ids are frames; see ``decode`` for the errors."""
    before, now, lowest = np.zeros(PITCHES, np.bool_), np.zeros(PITCHES, np.bool_), 0
    for place, value in enumerate(int(each) for each in ids):
        if not 0 <= value < EVENT_IDS or not grammar_mask(before, lowest=lowest)[value]:
            raise InvalidSequenceError(f"The id {value} at place {place} cannot stand there.")
        pitch = pitch_of(value)
        if pitch is None:
            before, now, lowest = now, np.zeros(PITCHES, np.bool_), 0
        else:
            now[pitch], lowest = True, pitch + 1
    if len(ids) and ids[-1] != END:
        raise InvalidSequenceError("The last frame is not closed by an END.")


def grammar_mask(before: NDArray[np.bool_], *, lowest: int = 0) -> NDArray[np.bool_]:
    """Returns which ids may come next: ``(EVENT_IDS,)``, True where allowed.

    ``END`` is always among them.

    Args:
        before: Which pitches sounded in the frame before, ``(PITCHES,)``.
        lowest: One above the last pitch of the frame so far, 0..128.
    """
    allowed = np.zeros(EVENT_IDS, dtype=np.bool_)
    allowed[END] = True
    allowed[NEW + lowest : NEW + PITCHES] = True
    allowed[HELD + lowest : HELD + PITCHES] = before[lowest:]
    return allowed


def transpose_ids(ids: NDArray[np.int32], semitones: int) -> NDArray[np.int32]:
    """Moves every pitch up; ``END``, START and ``PAD`` stay.

    Raises:
        InvalidSequenceError: A pitch would leave 0..127.
    """
    pitched = (ids >= NEW) & (ids < EVENT_IDS)
    pitches = (ids[pitched] - NEW) % PITCHES + semitones
    if len(pitches) and not 0 <= int(pitches.min()) <= int(pitches.max()) < PITCHES:
        raise InvalidSequenceError(f"Transposed by {semitones}, a pitch leaves 0 to 127.")
    moved: NDArray[np.int32] = ids.copy()
    moved[pitched] += semitones
    return moved
