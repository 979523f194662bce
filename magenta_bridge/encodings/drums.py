"""Drum patterns as ids: which of nine kinds of drum are struck on each sixteenth.

The nine kinds are those of Magenta's drums RNN (``MultiDrumOneHotEncoding``): General MIDI's
drums, grouped by their role. An event id is a set of kinds, bit ``k`` for ``CLASSES[k]``, so a
step is one choice of 512. A hit has no length. As in the other grids, a START id per meter begins
a piece and ``PAD`` fills before it; models never produce either.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings.meters import METERS, STEPS_PER_QUARTER, check_grid
from magenta_bridge.errors import InvalidSequenceError
from magenta_bridge.noteseq import NoteSequence


@dataclass(frozen=True)
class DrumClass:
    """One kind of drum.

    Attributes:
        name: Its name.
        pitch: MIDI pitch on which it is played.
        others: Other MIDI pitches that are read as it.
    """

    name: str
    pitch: int
    others: tuple[int, ...]


CLASSES: Final = (
    DrumClass("kick", 36, (35,)),
    DrumClass(
        "snare", 38,
        (27, 28, 31, 32, 33, 34, 37, 39, 40, 56, 65, 66, 75, 85),
    ),
    DrumClass(
        "closed hi-hat", 42,
        (44, 54, 68, 69, 70, 71, 73, 78, 80, 22),
    ),
    DrumClass("open hi-hat", 46, (67, 72, 74, 79, 81, 26)),
    DrumClass("low tom", 45, (29, 41, 43, 61, 64, 84)),
    DrumClass("mid tom", 48, (47, 60, 63, 77, 86, 87)),
    DrumClass("high tom", 50, (30, 62, 76, 83)),
    DrumClass("crash", 49, (52, 55, 57, 58)),
    DrumClass("ride", 51, (53, 59, 82)),
)  # fmt: skip
EVENT_IDS: Final[int] = 2 ** len(CLASSES)
PAD: Final = EVENT_IDS + len(METERS)
INPUT_IDS: Final = PAD + 1
SILENCE: Final = 0

_CLASS_OF: Final = {
    pitch: index for index, kind in enumerate(CLASSES) for pitch in (kind.pitch, *kind.others)
}


def start_id(meter_index: int) -> int:
    """Return the id that begins a piece in ``METERS[meter_index]``."""
    return EVENT_IDS + meter_index


def class_of(pitch: int) -> int | None:
    """Return the index in ``CLASSES`` of a MIDI pitch, or None."""
    return _CLASS_OF.get(pitch)


def encode(
    sequence: NoteSequence, *, start_step: int = 0, end_step: int | None = None
) -> NDArray[np.int32]:
    """Write the drums of a quantized sequence as ids.

    Args:
        sequence: Quantized at ``STEPS_PER_QUARTER``; notes without ``is_drum``, and pitches
            outside ``CLASSES``, are ignored.
        start_step: First step.
        end_step: End step, exclusive; ``total_quantized_steps`` by default.

    Returns:
        Ids ``(end_step - start_step,)`` in ``0..EVENT_IDS - 1``.

    Raises:
        InvalidSequenceError: Not quantized on the grid.
    """
    check_grid(sequence, "Drums are written")
    end = sequence.total_quantized_steps if end_step is None else end_step
    ids = np.zeros(max(end - start_step, 0), dtype=np.int32)
    for note in sequence.notes:
        kind = class_of(note.pitch)
        step = note.quantized_start_step - start_step
        if note.is_drum and kind is not None and 0 <= step < len(ids):
            ids[step] |= 1 << kind
    return ids


def decode(
    ids: Sequence[int] | NDArray[np.integer], *, start_step: int = 0, velocity: int = 100
) -> NoteSequence:
    """Read ids back as a quantized sequence; the inverse of ``encode``.

    Args:
        ids: Event ids ``(steps,)`` in ``0..EVENT_IDS - 1``.
        start_step: Step of the first id.
        velocity: Velocity of every hit, 1..127.

    Returns:
        A NoteSequence quantized at ``STEPS_PER_QUARTER``, without times in seconds; each hit
        lasts one step on the pitch of its class.

    Raises:
        InvalidSequenceError: An id is not an event.
    """
    sequence = NoteSequence()
    sequence.quantization_info.steps_per_quarter = STEPS_PER_QUARTER
    for step, raw in enumerate(ids, start=start_step):
        if not 0 <= int(raw) < EVENT_IDS:
            raise InvalidSequenceError(f"{int(raw)} at step {step} is not a drum event id.")
        for kind in struck(int(raw)):
            sequence.notes.add(
                pitch=CLASSES[kind].pitch,
                velocity=velocity,
                is_drum=True,
                quantized_start_step=step,
                quantized_end_step=step + 1,
            )
    sequence.total_quantized_steps = start_step + len(ids)
    return sequence


def struck(event: int) -> list[int]:
    """Return the indices in ``CLASSES`` of the drums in an event id, ascending."""
    return [kind for kind in range(len(CLASSES)) if event >> kind & 1]


def hit_counts() -> NDArray[np.int32]:
    """Return the number of drums in each event id, ``(EVENT_IDS,)`` in 0..9."""
    events = np.arange(EVENT_IDS)
    bits = events[:, np.newaxis] >> np.arange(len(CLASSES)) & 1
    counts: NDArray[np.int32] = bits.sum(axis=1).astype(np.int32)
    return counts


def grammar_mask(*, without: Iterable[int] = ()) -> NDArray[np.bool_]:
    """Return which ids may come next: ``(EVENT_IDS,)``, True where allowed.

    Any set of drums may follow any other; silence is always allowed.

    Args:
        without: Indices in ``CLASSES`` of the forbidden drums.
    """
    silent = sum(1 << kind for kind in set(without))
    allowed: NDArray[np.bool_] = np.arange(EVENT_IDS) & silent == 0
    return allowed
