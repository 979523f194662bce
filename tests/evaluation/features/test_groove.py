"""Drum performances as one hears them: with dynamics and timing, from people and from a model."""

from __future__ import annotations

import numpy as np
import pytest

from magenta_bridge.encodings import groove
from magenta_bridge.encodings.groove import Hit
from magenta_bridge.evaluation.features.groove import GROOVE
from magenta_bridge.generators.bundle import shipped_bundles
from magenta_bridge.generators.loading import load_generator

# A loud kick on each quarter, a soft hat a sixth of a sixteenth behind each eighth, 16 bars.
HITS = sorted(
    [Hit(tick, 0, 120, 0) for tick in range(0, 768, 12)]
    + [Hit(tick, 2, 25, 1) for tick in range(0, 768, 6)]
)
PIECE = np.append([groove.start_id(2)], groove.encode(HITS)).astype(np.int32)


def test_dynamics_are_counted_right() -> None:
    (found,) = GROOVE.openings([PIECE])
    assert (found["density"], found["kinds"], found["empty_bars"]) == (12.0, 2.0, 0.0)
    assert found["soft"] == pytest.approx(2 / 3)
    assert found["loud"] == pytest.approx(1 / 3)
    assert found["dynamics"] == pytest.approx(np.std([127, 25, 25]), abs=1.0)


def test_a_piece_is_heard_with_its_timing() -> None:
    music = GROOVE.whole(PIECE)
    assert music.total_time == 32.0
    hats = [note.start_time for note in music.notes if note.pitch == 42]
    np.testing.assert_allclose(hats[:3], np.arange(3) / 4 + 1 / 72)
    assert [len(GROOVE.excerpts([PIECE], part)) for part in (1, 2)] == [1, 1]
    assert GROOVE.excerpts([PIECE], 2)[0].total_time == 16.0


def test_samples_are_as_coarse_as_pieces() -> None:
    """Else a classifier would know them by velocities that no id stands for."""
    (path,) = (path for path in shipped_bundles() if path.stem == "lstm_drums")
    (music,) = GROOVE.drawn(load_generator(path), [PIECE], 1)
    assert len(music.notes) > 50
    assert {note.velocity for note in music.notes} <= {
        hit.velocity for hit in groove.decode(np.arange(groove.SHIFT))
    }
    places = np.array([note.start_time for note in music.notes]) * 72
    np.testing.assert_allclose(places, np.round(places), atol=1e-6)
