"""What a melody generator reads of a request."""

from __future__ import annotations

import random

import numpy as np
import pytest

from magenta_bridge.encodings import melody, polyphony
from magenta_bridge.generators.bundle import shipped_bundles
from magenta_bridge.generators.loading import load_generator
from magenta_bridge.generators.primer import (
    grid_context,
    input_notes_before,
    melody_context,
    read_section,
)
from magenta_bridge.limits import PRIMER_EVENTS, PRIMER_STEPS
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.runtime.loop import LoopSession
from tests.generators.section_checks import options
from tests.sequences.music import music

REST = melody.NO_EVENT + melody.EVENT_OFFSET


def context(primer: NoteSequence, start: float) -> tuple[tuple[int, int], list[int]]:
    """Return the meter and the events before a section that starts at ``start``."""
    wanted = options(start, start + 2.0)
    meter, ids = melody_context(primer, wanted, read_section(primer, wanted))
    return melody.METERS[meter], (ids - melody.EVENT_OFFSET).tolist()


def rests(count: int) -> list[int]:
    """Return steps on which nothing happens."""
    return [melody.NO_EVENT] * count


def test_a_tune_is_read_from_its_first_bar() -> None:
    primer = music((60, 0, 1), (62, 1, 2), qpm=120, meter=(4, 4))
    assert context(primer, 2.0) == ((4, 4), [60, *rests(7), 62, *rests(7)])


def test_silence_before_the_tune_is_left_out_in_whole_bars() -> None:
    """Five bars of rest, then an entry on the second beat."""
    primer = music((60, 10.5, 12.0), qpm=120, meter=(4, 4))
    assert context(primer, 12.0) == ((4, 4), [*rests(4), 60, *rests(11)])


def test_silence_after_the_tune_is_read() -> None:
    primer = music((60, 0, 2), qpm=120, meter=(4, 4))
    ids = context(primer, 4.0)[1]
    assert ids == [60, *rests(15), melody.NOTE_OFF, *rests(15)]


def test_without_a_tune_the_section_begins_its_bar() -> None:
    assert context(music(qpm=120, meter=(3, 4)), 3.0) == ((3, 4), [])


def test_a_section_may_start_within_a_bar() -> None:
    """On the third beat, it follows two silent beats of the bar."""
    assert context(music(qpm=120, meter=(4, 4)), 1.0) == ((4, 4), rests(8))


def test_an_upbeat_is_read_before_its_bar() -> None:
    """A bar of 1/4, then 3/4: the upbeat is the third beat of the bar before."""
    primer = music((69, 0, 0.5), (73, 0.5, 2.0), qpm=120, meter=(1, 4))
    primer.time_signatures.add(time=0.5, numerator=3, denominator=4)
    assert context(primer, 2.0) == ((3, 4), [*rests(8), 69, *rests(3), 73, *rests(11)])


def test_music_in_an_earlier_meter_is_read() -> None:
    """Also where the section is the first in its meter."""
    primer = music((60, 0, 1), (62, 1, 2), qpm=120, meter=(4, 4))
    primer.time_signatures.add(time=2.0, numerator=3, denominator=4)
    meter, ids = context(primer, 2.0)
    assert meter == (3, 4)
    assert [event for event in ids if event >= 0] == [60, 62]
    assert len(ids) % melody.bar_steps(3, 4) == 0


@pytest.mark.parametrize("meter", [(5, 4), (7, 8), (11, 8)])
def test_a_bar_line_of_an_unlearned_meter_is_one_for_the_model(meter: tuple[int, int]) -> None:
    """However many bars have passed, what follows begins a bar."""
    bar = 2.0 * meter[0] / meter[1]
    for bars in (1, 2, 3, 7):
        primer = music((60, 0, bars * bar), qpm=120, meter=meter)
        known, ids = context(primer, bars * bar)
        assert len(ids) % melody.bar_steps(*known) == 0


def test_the_newest_bars_of_a_long_primer_are_read() -> None:
    notes = [(60 + index % 12, index * 0.5, index * 0.5 + 0.5) for index in range(4_000)]
    ids = context(music(*notes, qpm=120, meter=(4, 4)), 2_000.0)[1]
    assert len(ids) == PRIMER_STEPS.value
    assert ids[-4] == 60 + 3_999 % 12


def test_a_note_just_before_the_section_is_the_sections_own() -> None:
    """Half a step early by hand; it would end as soon as it began."""
    primer = music((60, 0, 1.9), (62, 1.99, 2.4), qpm=120, meter=(4, 4))
    assert [event for event in context(primer, 2.0)[1] if event >= 0] == [60]


def test_any_number_of_overlapping_sections_is_read_as_their_union() -> None:
    noise = random.Random(5)  # noqa: S311
    primer = music(*((60, at / 8, at / 8 + 0.1) for at in range(160)), qpm=120, meter=(4, 4))
    for _ in range(30):
        wanted = options(20.0, 22.0)
        for _ in range(noise.randrange(6)):
            start = noise.uniform(0, 20)
            wanted.input_sections.add(start_time=start, end_time=start + noise.uniform(0.1, 6))
        spans = [(each.start_time, each.end_time) for each in wanted.input_sections]
        read = input_notes_before(primer, wanted, read_section(primer, wanted), since=-1.0)
        expected = [
            note.start_time
            for note in primer.notes
            if not spans or any(start <= note.start_time < end for start, end in spans)
        ]
        assert [note.start_time for note in read.notes] == expected


def test_of_dense_chords_the_newest_bars_are_read_and_that_is_said() -> None:
    """4,096 steps of 64 voices would be eight times as many ids as a second of work."""
    chords = [(pitch, at * 2.0, at * 2.0 + 2.0) for at in range(256) for pitch in range(32, 96)]
    primer = music(*chords, qpm=120, meter=(4, 4))
    wanted = options(512.0, 514.0)
    _, _, ids = grid_context(
        primer, wanted, read_section(primer, wanted), select=lambda notes: notes,
        encode=polyphony.encode,
    )  # fmt: skip
    assert PRIMER_EVENTS.value // 4 < len(ids) <= PRIMER_EVENTS.value
    assert len(ids) == 65 * np.count_nonzero(ids == polyphony.END)
    path = next(path for path in shipped_bundles() if path.stem == "gru_polyphony")
    said = load_generator(path).notices(primer, wanted)
    assert [notice.code for notice in said] == ["EARLIER_NOTES_NOT_READ"]
    assert "sixteenths" in said[0].message


def test_a_primer_is_run_through_the_network_once_for_all_variations() -> None:
    path = next(path for path in shipped_bundles() if path.stem == "gru_melody")
    primer = music(*((60 + at % 12, at / 4, at / 4 + 0.2) for at in range(64)), qpm=120)
    wanted = options(16.0, 24.0)
    wanted.args["seed"].int_value = 3
    shared = load_generator(path)
    first, again = (shared.generate(primer, wanted) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(LoopSession, "feed")
        third = shared.generate(primer, wanted)
    assert first == again == third == load_generator(path).generate(primer, wanted)
