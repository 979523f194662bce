"""Bars of tracks survive encoding and decoding, transposed to the white keys."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from magenta_bridge.encodings import bars as pianoroll
from magenta_bridge.encodings.meters import METERS

_SCALE = (0, 2, 4, 5, 7, 9, 11)


@given(st.lists(st.integers(0, 41), min_size=1, max_size=70), st.integers(0, 1))
def test_ids_in_range_survive(compact: list[int], track: int) -> None:
    line = pianoroll.from_bar(np.array(compact), track)
    lines = (line, line) if track == 0 else (np.zeros_like(line), line)
    bars = pianoroll.to_bars(lines, pianoroll.STEPS)
    back = pianoroll.from_bar(bars[:, track].ravel()[: len(line)], track)
    assert back.tolist() == line.tolist()


@given(st.lists(st.integers(2, 129), min_size=1, max_size=40), st.integers(-6, 5))
def test_any_pitch_moves_by_octaves_into_range(line: list[int], shift: int) -> None:
    ids = np.array(line, dtype=np.int32)
    bars = pianoroll.to_bars((ids,), 12, shift=shift)
    found = bars[:, 0, :12].ravel()[: len(ids)]
    assert bars.max() < pianoroll.EVENT_IDS
    assert not bars[:, :, 12:].any()
    assert ((found + pianoroll.LOWEST[0] - ids - shift) % 12 == 0).all()


@given(st.integers(0, 11))
def test_white_shift_detects_the_key(tonic: int) -> None:
    ids = np.array([62 + tonic + degree for degree in _SCALE], dtype=np.int32)
    shifted = ids - 2 + pianoroll.white_shift(ids)
    assert {int(pitch) % 12 for pitch in shifted} == set(_SCALE)


def test_every_meter_has_whole_bars() -> None:
    for meter in range(len(METERS)):
        kind, bar = pianoroll.meter_kind(meter)
        assert kind < pianoroll.METER_KINDS
        assert bar in (12, 16)
