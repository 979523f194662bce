"""Warming up generates a bar; a generator that cannot is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from magenta_bridge.errors import BundleError, CancelledError
from magenta_bridge.generators.generator import Interrupt, SequenceGenerator, never_interrupt
from magenta_bridge.generators.loading import first_bar, warm_up
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from tests.contract.fake_generator import FaultyGenerator, GatedGenerator, ScaleGenerator


class _Counting(ScaleGenerator):
    def __init__(self) -> None:
        super().__init__()
        self.sections: list[tuple[float, float]] = []

    def stream(
        self,
        input_sequence: NoteSequence,
        generator_options: GeneratorOptions,
        *,
        interrupt: Interrupt = never_interrupt,
    ) -> Iterator[NoteSequence]:
        section = generator_options.generate_sections[0]
        self.sections.append((section.start_time, section.end_time))
        return super().stream(input_sequence, generator_options, interrupt=interrupt)


def test_warming_up_writes_one_bar() -> None:
    counting = _Counting()
    warm_up(counting)
    assert counting.sections == [(0.0, 2.0)]


def test_each_shipped_generator_writes_its_first_bar(generator: SequenceGenerator) -> None:
    bar = first_bar(generator)
    assert all(note.end_time <= 2.0 for note in bar.notes)
    warm_up(generator)


def test_a_generator_that_cannot_write_is_refused() -> None:
    with pytest.raises(BundleError, match="faulty"):
        warm_up(FaultyGenerator())


def test_warming_up_can_be_interrupted() -> None:
    gated = GatedGenerator()

    def stop() -> None:
        raise CancelledError("Enough.")

    with pytest.raises(CancelledError):
        warm_up(gated, stop)
    assert gated.ended.is_set()
