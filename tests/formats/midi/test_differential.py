"""Our reader and mido find the same music in random tracks with every kind of event."""

from __future__ import annotations

import os
import random

from tests.formats.random_tracks import midos_music, our_music, random_file

COUNT = int(os.environ.get("MAGENTA_BRIDGE_RANDOM_TRACKS", "2000"))


def test_random_tracks_are_read_as_mido_reads_them() -> None:
    rng = random.Random(18)  # noqa: S311
    for index in range(COUNT):
        drawn, plain = random_file(rng)
        assert our_music(drawn) == midos_music(plain), f"track {index}: {drawn.hex()}"
        assert our_music(plain) == midos_music(plain), f"track {index}: {plain.hex()}"
