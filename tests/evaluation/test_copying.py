"""Copies of the primer are distinguished from continuations."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from magenta_bridge.description import GeneratorInfo
from magenta_bridge.encodings import melody
from magenta_bridge.evaluation.copying import Copying
from magenta_bridge.evaluation.features.melody import MELODY
from magenta_bridge.generators.generator import Interrupt, SequenceGenerator
from magenta_bridge.generators.generator import never_interrupt as never
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from magenta_bridge.sequences.edit import cut

_START = melody.start_id(melody.METERS.index((4, 4)))
_TUNE = np.repeat(np.array([62, 66, 69, 71, 74, 71, 69, 66], dtype=np.int32) + 2, 16)


class _Parrot(SequenceGenerator):
    """Plays the primer again, moved by some semitones."""

    info = GeneratorInfo("parrot", "Repeats.", "none", "melody", (), (), 4)

    def __init__(self, semitones: int) -> None:
        self._semitones = semitones

    def stream(
        self,
        input_sequence: NoteSequence,
        generator_options: GeneratorOptions,
        *,
        interrupt: Interrupt = never,
    ) -> Iterator[NoteSequence]:
        """Yield the primer, moved behind itself."""
        interrupt()
        start = generator_options.generate_sections[0].start_time
        again = cut(input_sequence, 0.0, start)
        for note in again.notes:
            note.pitch += self._semitones
            note.start_time += start
            note.end_time += start
        again.total_time = 2 * start
        yield again


def _piece(
    *parts: np.ndarray[tuple[int], np.dtype[np.int32]],
) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.concatenate([np.array([_START], dtype=np.int32), *parts])


def test_a_parrot_copies_and_a_transposing_parrot_does_not() -> None:
    pieces = [_piece(_TUNE, _TUNE[::-1] + 1), _piece(_TUNE, _TUNE)]
    assert MELODY.copying(_Parrot(0), pieces) == Copying(generated=1.0, human=0.5, primers=2)
    assert MELODY.copying(_Parrot(5), pieces) == Copying(generated=0.0, human=0.5, primers=2)


def test_short_pieces_are_passed_over() -> None:
    assert MELODY.copying(_Parrot(0), [_piece(_TUNE)]).primers == 0
