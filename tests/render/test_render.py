"""``mb.render`` writes pictures and sound."""

from __future__ import annotations

import wave
from pathlib import Path

from PIL import Image

import magenta_bridge as mb


def _clip() -> mb.NoteSequence:
    clip = mb.NoteSequence(total_time=1.0)
    clip.notes.add(pitch=60, velocity=80, end_time=1.0)
    return clip


def test_a_clip_is_drawn(tmp_path: Path) -> None:
    alone, both = tmp_path / "a.png", tmp_path / "b.png"
    mb.render.pianoroll(_clip(), alone)
    mb.render.pianoroll(_clip(), str(both), primer=_clip())
    with Image.open(alone) as one, Image.open(both) as two:
        assert one.size == two.size
        assert one.tobytes() != two.tobytes()


def test_a_clip_is_recorded(tmp_path: Path) -> None:
    mb.render.wav(_clip(), str(tmp_path / "a.wav"))
    with wave.open(str(tmp_path / "a.wav")) as sound:
        assert (sound.getnchannels(), sound.getframerate()) == (2, 44_100)
