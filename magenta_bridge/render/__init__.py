"""Music as pictures and sound: ``pianoroll`` and ``wav`` write files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from magenta_bridge.noteseq import NoteSequence

__all__ = ["pianoroll", "wav"]


def pianoroll(
    clip: NoteSequence,
    path: str | os.PathLike[str],
    *,
    primer: NoteSequence | None = None,
) -> None:
    """Draw a clip as a piano roll.

    Args:
        clip: The music, in seconds.
        path: The PNG file, replaced if it exists.
        primer: The music before it, in another color; None for none.

    Raises:
        NotFoundError: ``path`` cannot be written.
    """
    from magenta_bridge.render.piano_roll import NEW_COLOR, PRIMER_COLOR, Layer, draw_piano_roll

    layers = [Layer(clip, NEW_COLOR)]
    if primer is not None:
        layers = [Layer(primer, PRIMER_COLOR, "primer"), Layer(clip, NEW_COLOR, "new bars")]
    draw_piano_roll(layers, Path(path))


def wav(
    clip: NoteSequence,
    path: str | os.PathLike[str],
    *,
    sound_font: str | os.PathLike[str] | None = None,
) -> None:
    """Play a clip into a WAV file: 16 bit, stereo, 44.1 kHz.

    Args:
        clip: The music, in seconds.
        path: The WAV file, replaced if it exists.
        sound_font: A ``.sf2`` file; None for the installed one.

    Raises:
        NotFoundError: The SoundFont does not exist, or ``path`` cannot be written.
        FileFormatError: The SoundFont cannot be read.
    """
    from magenta_bridge.render.audio import render_wav

    render_wav(clip, Path(path), sound_font=None if sound_font is None else Path(sound_font))
