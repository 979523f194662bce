"""Drum performances as grooves: what is kept, what belongs together, what an epoch hears."""

from __future__ import annotations

import numpy as np
import pytest

from magenta_bridge.data.corpus import Piece
from magenta_bridge.data.dataset import Tune
from magenta_bridge.data.drums import DATASET, groove_title
from magenta_bridge.data.splits import tune_families
from magenta_bridge.encodings import drums
from magenta_bridge.encodings.meters import METERS
from magenta_bridge.noteseq import NoteSequence

STEP = 0.125  # a sixteenth at 120 qpm
KICK, SNARE = 1, 2
BAR = [KICK, 0, 0, 0, SNARE, 0, 0, 0, KICK, 0, KICK, 0, SNARE, 0, 0, 0]


def played(ids: list[int], name: str = "a.mid", meter: tuple[int, int] = (4, 4)) -> Piece:
    """Return a piece that strikes these events, each a little late, as hands do."""
    music = NoteSequence(ticks_per_quarter=480, total_time=len(ids) * STEP)
    music.tempos.add(qpm=120.0)
    music.time_signatures.add(numerator=meter[0], denominator=meter[1])
    for note in drums.decode(ids).notes:
        begin = note.quantized_start_step * STEP + 0.02
        music.notes.add(
            pitch=note.pitch, velocity=80, is_drum=True, start_time=begin, end_time=begin + 0.05
        )
    return Piece(name, music)


def test_a_performance_becomes_the_grid_it_was_played_on() -> None:
    (tune,) = DATASET.tunes_of([played(BAR * 4)])
    assert tune.ids.tolist() == BAR * 4
    assert METERS[tune.meter] == (4, 4)
    assert tune.name == "a.mid#0"
    assert DATASET.start_id(tune) == drums.start_id(tune.meter)


def test_silence_at_the_ends_goes_in_whole_bars_and_a_long_rest_cuts() -> None:
    rest = [0] * 16
    ids = [*rest, *BAR, *BAR, *rest, *BAR, *rest, *rest, *BAR, *BAR, *rest]
    found = DATASET.tunes_of([played(ids)])
    assert [tune.ids.tolist() for tune in found] == [[*BAR, *BAR, *rest, *BAR], BAR * 2]
    assert [tune.name for tune in found] == ["a.mid#0", "a.mid#1"]


def test_other_notes_are_not_heard() -> None:
    piece = played(BAR * 2)
    piece.music.notes.add(pitch=36, velocity=80, start_time=STEP, end_time=1.0)
    (tune,) = DATASET.tunes_of([piece])
    assert tune.ids.tolist() == BAR * 2


@pytest.mark.parametrize(
    "piece",
    [
        played(BAR),
        played([KICK, *[0] * 63]),
        played([]),
        played(BAR * 4, meter=(5, 4)),
    ],
    ids=["one bar", "one hit", "nothing", "an unknown meter"],
)
def test_too_little_or_the_wrong_meter_is_left_out(piece: Piece) -> None:
    assert DATASET.tunes_of([piece]) == []


def test_a_change_of_meter_leaves_the_piece_out() -> None:
    piece = played(BAR * 4)
    piece.music.time_signatures.add(time=2.0, numerator=3, denominator=4)
    assert DATASET.tunes_of([piece]) == []


def test_takes_of_one_groove_are_one_family() -> None:
    names = [
        "groove/drummer1/session1/1_funk_80_beat_4-4.mid",
        "groove/drummer1/session2/9_funk_80_fill_4-4.mid",
        "groove/drummer1/session1/2_funk_90_beat_4-4.mid",
        "groove/drummer2/session1/1_funk_80_beat_4-4.mid",
        "groove/drummer1/eval_session/1_funk-groove1_138_beat_4-4.mid",
        "groove/drummer7/eval_session/1_funk-groove1_138_beat_4-4.mid",
    ]
    empty = np.zeros(16, dtype=np.int32)
    # Enough others that these titles are no commonplace of the corpus.
    titles = {name: groove_title(played([], name)) for name in names}
    titles |= {f"other/{number}.mid": "" for number in range(20)}
    tunes = [Tune(f"{name}#0", title, 2, empty) for name, title in titles.items()]
    families = tune_families(tunes)
    assert families[0] == families[1]
    assert families[4] == families[5]
    assert len({families[0], families[2], families[3], families[4]}) == 4


def test_another_file_keeps_its_title() -> None:
    piece = played(BAR, "mine/song.mid")
    piece.music.sequence_metadata.title = "My song"
    assert groove_title(piece) == "My song"


def test_an_epoch_exchanges_toms_and_nothing_else() -> None:
    low, mid, high = 1 << 4, 1 << 5, 1 << 6
    tune = Tune("a#0", "", 2, np.array([KICK, low, SNARE | mid, high, 0], dtype=np.int32))
    dataset, rng = DATASET, np.random.default_rng(0)
    heard = [dataset.augment(tune, rng, (-1, 1)) for _ in range(40)]
    assert {tuple(ids[[0, 4]].tolist()) for ids in heard} == {(KICK, 0)}
    assert all(ids[2] & 0b1111 == SNARE for ids in heard)
    orders = {(int(ids[1]), int(ids[2]) & ~SNARE, int(ids[3])) for ids in heard}
    assert all(sorted(order) == [low, mid, high] for order in orders)
    assert len(orders) == 6


def test_without_variation_the_tune_stays() -> None:
    tune = Tune("a#0", "", 2, np.array([16, 32, 64], dtype=np.int32))
    rng = np.random.default_rng(0)
    for _ in range(10):
        assert DATASET.augment(tune, rng, (0, 0)).tolist() == [16, 32, 64]
