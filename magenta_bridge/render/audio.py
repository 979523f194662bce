"""NoteSequences as sound, through a SoundFont."""

from __future__ import annotations

import io
import wave
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magenta_bridge.errors import FileFormatError
from magenta_bridge.files import save_bytes
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.render.soundfont import find_sound_font
from magenta_bridge.sequences.pedal import sounding_ends

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Samples = NDArray[np.float32]

SAMPLE_RATE = 44_100
TAIL_S = 0.75

_LOUDEST = 10 ** (-1 / 20)
_PLAIN_VELOCITY = 80
_VELOCITY_STEP = 4
_LINEAR_INTERPOLATION = 1
_SECONDS = "second"


def render_wav(sequence: NoteSequence, path: Path, *, sound_font: Path | None = None) -> None:
    """Plays a piece into a WAV file: 16 bit, stereo, 44.1 kHz.

    The file lasts until 0.75 s after the end, for the last notes to fade. Loudness is the
    SoundFont's own at velocity 80; a piece that would clip is made softer as a whole, to a
    peak of -1 dBFS. The sustain pedal counts; other control changes and pitch bends do not.

    Args:
        sequence: The piece, in seconds. Without notes the file is silent.
        path: Where to; an existing file is replaced once the sound is complete.
        sound_font: A ``.sf2`` file; None for the one that is installed along.

    Raises:
        NotFoundError: The SoundFont is missing, or ``path`` cannot be written.
        FileFormatError: The SoundFont cannot be read.
    """
    save_bytes(path, wav_bytes(sequence, sound_font=sound_font))


def wav_bytes(
    sequence: NoteSequence,
    *,
    sound_font: Path | None = None,
    sample_rate: int = SAMPLE_RATE,
    mono: bool = False,
) -> bytes:
    """Returns the WAV file that ``render_wav`` writes.

    Args:
        sequence: The piece, in seconds.
        sound_font: A ``.sf2`` file; None for the one that is installed along.
        sample_rate: Samples in a second.
        mono: One channel, the mean of both.

    Raises:
        NotFoundError: The SoundFont is missing.
        FileFormatError: The SoundFont cannot be read.
    """
    import numpy as np

    samples = _render(sequence, find_sound_font(sound_font), sample_rate)
    if mono:
        samples = samples.mean(axis=0, keepdims=True)
    peak = float(np.abs(samples).max(initial=0.0))
    if peak > _LOUDEST:
        samples *= _LOUDEST / peak
    pcm = np.round(samples.T * 32767.0).astype("<i2")
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(len(samples))
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(pcm.tobytes())
    return buffer.getvalue()


def _render(sequence: NoteSequence, sound_font: Path, sample_rate: int) -> Samples:
    """Returns samples of shape ``(2, frames)``, as loud as they come."""
    import numpy as np
    from symusic import Synthesizer

    ends = sounding_ends(sequence)
    length_s = max([*ends, sequence.total_time]) + TAIL_S
    mixed = np.zeros((2, round(length_s * sample_rate)), np.float32)
    if not ends:
        return mixed
    try:
        synthesizer = Synthesizer(sound_font, sample_rate, _LINEAR_INTERPOLATION)
    except (RuntimeError, ValueError) as error:
        raise FileFormatError(f"{sound_font} is not a SoundFont: {error}. Give a .sf2 file.") from (
            error
        )
    # The synthesizer plays every note at full strength, and adds notes up linearly: playing
    # each strength apart and scaling it gives notes their velocities.
    for strength, score in _scores_by_strength(sequence, ends, length_s).items():
        played = synthesizer.render(score, stereo=True)
        mixed += played[:, : mixed.shape[1]] * np.float32((strength / _PLAIN_VELOCITY) ** 2)
    return mixed


def _scores_by_strength(
    sequence: NoteSequence, ends: list[float], length_s: float
) -> dict[int, Any]:
    """Returns one symusic score per velocity, rounded to steps of 4, all of one length."""
    from symusic import Note, Score, Track

    parts: dict[int, dict[tuple[int, bool], list[tuple[float, float, int]]]]
    parts = defaultdict(lambda: defaultdict(list))
    for note, end in zip(sequence.notes, ends, strict=True):
        strength = max(1, round(note.velocity / _VELOCITY_STEP)) * _VELOCITY_STEP
        voice = (note.program, note.is_drum)
        parts[strength][voice].append((note.start_time, end - note.start_time, note.pitch))
    scores = {}
    for strength, voices in parts.items():
        # The render stops with its last note: one at the very end, cut off later, leaves time
        # for the others to fade.
        voices[0, False].append((length_s, 0.1, 0))
        score: Any = Score(480, ttype=_SECONDS)
        for (program, is_drum), played in voices.items():
            track: Any = Track(name="", program=program, is_drum=is_drum, ttype=_SECONDS)
            for start, duration, pitch in sorted(played):
                track.notes.append(Note(start, duration, pitch, 100, _SECONDS))
            score.tracks.append(track)
        scores[strength] = score
    return scores
