"""NoteSequences as sound, through a SoundFont."""

from __future__ import annotations

import importlib.util
import io
import wave
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magenta_bridge.errors import FileFormatError, NotFoundError
from magenta_bridge.files import save_bytes
from magenta_bridge.noteseq import NoteSequence
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
_FILE_NAME = "TimGM6mb.sf2"


def render_wav(sequence: NoteSequence, path: Path, *, sound_font: Path | None = None) -> None:
    """Render a piece to a WAV file: 16 bit, stereo, 44.1 kHz.

    The file ends 0.75 s after the piece, for the last notes to fade. Loudness is the SoundFont's
    own at velocity 80; a piece that would clip is scaled to a peak of -1 dBFS. The sustain pedal
    is rendered; other control changes and pitch bends are ignored.

    Args:
        sequence: The piece, in seconds. Without notes the file is silent.
        path: The file; replaced when the sound is complete.
        sound_font: A ``.sf2`` file; None for the installed one.

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
    """Return the WAV file of ``render_wav``.

    Args:
        sequence: The piece, in seconds.
        sound_font: A ``.sf2`` file; None for the installed one.
        sample_rate: Samples per second.
        mono: Mix both channels to one.

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
    """Return samples of shape ``(2, frames)``, not scaled."""
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
    # The synthesizer plays every note at full velocity and adds notes linearly, so each velocity
    # is rendered separately and scaled.
    for strength, score in _scores_by_strength(sequence, ends, length_s).items():
        played = synthesizer.render(score, stereo=True)
        mixed += played[:, : mixed.shape[1]] * np.float32((strength / _PLAIN_VELOCITY) ** 2)
    return mixed


def _scores_by_strength(
    sequence: NoteSequence, ends: list[float], length_s: float
) -> dict[int, Any]:
    """Return one symusic score per velocity, rounded to steps of 4, all of one length."""
    from symusic import Note, Score, Track

    parts: dict[int, dict[tuple[int, bool], list[tuple[float, float, int]]]]
    parts = defaultdict(lambda: defaultdict(list))
    for note, end in zip(sequence.notes, ends, strict=True):
        strength = max(1, round(note.velocity / _VELOCITY_STEP)) * _VELOCITY_STEP
        voice = (note.program, note.is_drum)
        parts[strength][voice].append((note.start_time, end - note.start_time, note.pitch))
    scores = {}
    for strength, voices in parts.items():
        # Rendering stops after the last note; one at the very end leaves time for fading.
        voices[0, False].append((length_s, 0.1, 0))
        score: Any = Score(480, ttype=_SECONDS)
        for (program, is_drum), played in voices.items():
            track: Any = Track(name="", program=program, is_drum=is_drum, ttype=_SECONDS)
            for start, duration, pitch in sorted(played):
                track.notes.append(Note(start, duration, pitch, 100, _SECONDS))
            score.tracks.append(track)
        scores[strength] = score
    return scores


def find_sound_font(given: Path | None = None) -> Path:
    """Return the given SoundFont, or by default that of pretty_midi's wheel.

    Raises:
        NotFoundError: The file does not exist.
    """
    if given is not None:
        if given.is_file():
            return given
        raise NotFoundError(f"There is no SoundFont at {given}; give the path of a .sf2 file.")
    # find_spec does not import pretty_midi, which would take a second.
    spec = importlib.util.find_spec("pretty_midi")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        bundled = Path(folder) / _FILE_NAME
        if bundled.is_file():
            return bundled
    raise NotFoundError(
        f"The SoundFont {_FILE_NAME} is missing; run: "
        "pip install --force-reinstall pretty_midi, or name a .sf2 file of your own."
    )
