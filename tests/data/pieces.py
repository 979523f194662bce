"""Pieces of music made for the tests of training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from magenta_bridge.data.corpus import Piece
from magenta_bridge.data.dataset import Tune
from magenta_bridge.encodings import melody
from magenta_bridge.formats.midi import note_sequence_to_midi
from magenta_bridge.noteseq import NoteSequence

STEP_SECONDS = 0.125  # a sixteenth at 120 qpm
SOFT, LOUD = 80, 105


def make_piece(
    name: str,
    pitches: Sequence[int],
    *,
    steps: int = 2,
    meter: tuple[int, int] = (4, 4),
    title: str = "",
    accents: Sequence[int] = (),
) -> Piece:
    """Return a piece of equally long notes at 120 qpm.

    Args:
        name: Name of the piece.
        pitches: The notes in order.
        steps: Length of each note in sixteenths.
        meter: Written time signature.
        title: Title, for families.
        accents: Indices of the loud notes.
    """
    music = NoteSequence(ticks_per_quarter=480)
    music.tempos.add(qpm=120.0)
    music.time_signatures.add(numerator=meter[0], denominator=meter[1])
    music.sequence_metadata.title = title
    for index, pitch in enumerate(pitches):
        start = index * steps * STEP_SECONDS
        music.notes.add(
            pitch=pitch,
            velocity=LOUD if index in accents else SOFT,
            start_time=start,
            end_time=start + steps * STEP_SECONDS,
        )
    music.total_time = len(pitches) * steps * STEP_SECONDS
    return Piece(name, music)


def draw_pitches(seed: int, count: int = 32) -> list[int]:
    """Draw notes of a scale; another seed gives another melody."""
    rng = np.random.default_rng(seed)
    scale = (60, 62, 64, 65, 67, 69, 71, 72, 74)
    return [int(pitch) for pitch in rng.choice(scale, size=count)]


def draw_tune(seed: int, steps: int = 64, *, meter: tuple[int, int] = (4, 4)) -> Tune:
    """Draw a melody whose every second step begins a note, so that there is much to learn."""
    pitches = np.array(draw_pitches(seed, steps // 2), dtype=np.int32)
    ids = np.zeros(steps, dtype=np.int32)
    ids[: 2 * len(pitches) : 2] = pitches + melody.EVENT_OFFSET
    return Tune(f"drawn/{seed:03}.mid#0", "", melody.METERS.index(meter), ids, pitches)


def write_pieces(folder: Path, count: int) -> list[Path]:
    """Write drawn pieces of four bars as MIDI files ``000.mid``, ``001.mid``, ..."""
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{number:03}.mid" for number in range(count)]
    for number, file in enumerate(files):
        piece = make_piece(file.name, draw_pitches(number))
        file.write_bytes(note_sequence_to_midi(piece.music))
    return files
