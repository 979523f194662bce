"""One piece as arrays on the grid of sixteenths: what every measure of music reads."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from magenta_bridge.encodings.meters import METERS, STEPS_PER_QUARTER, closest_meter
from magenta_bridge.encodings.meters import bar_steps as steps_in_bar
from magenta_bridge.errors import InvalidSequenceError
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.sequences.meter import meter_at
from magenta_bridge.sequences.quantize import quantize


@dataclass(frozen=True, eq=False)
class Tones:
    """The notes of one quantized piece, sorted by start, then by pitch.

    Attributes:
        start: First step of each note, in sixteenths from 0, ``(notes,)``.
        end: First step after each note, above its start, ``(notes,)``.
        pitch: MIDI pitch 0..127, or MIDI drum, ``(notes,)``.
        drum: Whether it is a drum, ``(notes,)``.
        steps: Length of the piece in steps; no note ends after it.
        bar_steps: Length of a bar in steps, 1 or more.
    """

    start: NDArray[np.int64]
    end: NDArray[np.int64]
    pitch: NDArray[np.int64]
    drum: NDArray[np.bool_]
    steps: int
    bar_steps: int

    def __len__(self) -> int:
        return len(self.start)

    @property
    def bars(self) -> int:
        """Bars that the piece lasts; a last one that is cut short counts."""
        return -(-self.steps // self.bar_steps)

    @property
    def length(self) -> NDArray[np.int64]:
        """Steps that each note lasts, 1 or more, ``(notes,)``."""
        return self.end - self.start

    def chosen(self, which: NDArray[np.bool_]) -> Tones:
        """Return the same piece with some of its notes only.

        Args:
            which: Whether to keep each note, ``(notes,)``.
        """
        return replace(
            self,
            start=self.start[which],
            end=self.end[which],
            pitch=self.pitch[which],
            drum=self.drum[which],
        )

    def pitched(self) -> Tones:
        """Return the piece without its drums."""
        return self.chosen(~self.drum)


def tones_of(
    sequence: NoteSequence, *, steps: int | None = None, bar_steps: int | None = None
) -> Tones:
    """Read a piece.

    Args:
        sequence: In seconds, or quantized at ``STEPS_PER_QUARTER``.
        steps: Length of the piece where it is known, in steps; by default, as far as the last
            note or ``total_quantized_steps``. Notes are cut there, and later ones left out.
        bar_steps: Steps in a bar; by default, those of the first meter (4/4 where none is
            written), or of the nearest in ``METERS`` where that is no whole number.

    Raises:
        InvalidSequenceError: It is quantized on another grid, or a time is not finite.
        LimitExceededError: The music is too long.
    """
    grid = _on_grid(sequence)
    notes = sorted(grid.notes, key=lambda each: (each.quantized_start_step, each.pitch))
    start = np.array([note.quantized_start_step for note in notes], dtype=np.int64)
    end = np.array([note.quantized_end_step for note in notes], dtype=np.int64)
    length = max(grid.total_quantized_steps, int(end.max(initial=0))) if steps is None else steps
    whole = Tones(
        start=start,
        end=np.minimum(end, length),
        pitch=np.array([note.pitch for note in notes], dtype=np.int64),
        drum=np.array([note.is_drum for note in notes], dtype=np.bool_),
        steps=length,
        bar_steps=bar_steps or _bar_steps(sequence),
    )
    return whole.chosen(start < length)


def _on_grid(sequence: NoteSequence) -> NoteSequence:
    found = sequence.quantization_info.steps_per_quarter
    if found not in (0, STEPS_PER_QUARTER):
        raise InvalidSequenceError(
            f"Music is measured on a grid of {STEPS_PER_QUARTER} steps per quarter, not {found}; "
            "give it in seconds, or quantize it to that grid.",
            field="sequence.quantization_info",
        )
    return sequence if found else quantize(sequence, STEPS_PER_QUARTER)


def _bar_steps(sequence: NoteSequence) -> int:
    meter = meter_at(sequence, 0.0)
    exact = steps_in_bar(meter.numerator, meter.denominator)
    if exact >= 1 and exact.is_integer():
        return int(exact)
    return int(steps_in_bar(*METERS[closest_meter(meter.numerator, meter.denominator)]))
