"""A recording has the length and dynamics of its music, is audible, and is not clipped."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from magenta_bridge.errors import FileFormatError, NotFoundError
from magenta_bridge.noteseq import NoteSequence
from magenta_bridge.render.audio import SAMPLE_RATE, TAIL_S, render_wav, wav_bytes
from tests.render.tunes import tune


def _samples(path: Path) -> NDArray[np.float64]:
    """Return samples of shape ``(frames, 2)``, from -1 to 1."""
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (2, 2, 44_100)
        data = file.readframes(file.getnframes())
    return np.frombuffer(data, "<i2").reshape(-1, 2) / 32768.0


def _record(sequence: NoteSequence, tmp_path: Path) -> NDArray[np.float64]:
    render_wav(sequence, tmp_path / "take.wav")
    return _samples(tmp_path / "take.wav")


def _loudness(samples: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.mean(samples**2)))


def test_a_recording_has_the_length_of_its_notes_and_a_tail_and_is_audible(tmp_path: Path) -> None:
    samples = _record(tune([60, 64, 67, 72]), tmp_path)
    assert len(samples) == round((2.0 + TAIL_S) * SAMPLE_RATE)
    assert _loudness(samples[: 2 * SAMPLE_RATE]) > 0.005
    assert np.abs(samples).max() < 1.0


def test_a_recording_can_be_small(tmp_path: Path) -> None:
    """One channel at half the rate is the mean of both channels."""
    notes = tune([60, 64, 67, 72])
    with wave.open(io.BytesIO(wav_bytes(notes, sample_rate=22_050, mono=True))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22_050)
        assert file.getnframes() == round((2.0 + TAIL_S) * 22_050)
        small = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32768.0
    assert _loudness(small) == pytest.approx(_loudness(_record(notes, tmp_path)), rel=0.3)


def test_the_last_note_fades_instead_of_being_cut(tmp_path: Path) -> None:
    strings = tune([60])
    strings.notes[0].program = 48
    samples = _record(strings, tmp_path)
    end = SAMPLE_RATE // 2
    assert np.abs(samples[end : end + 2000]).max() > 0.01
    assert np.abs(samples[-2000:]).max() < 0.001


def test_music_starts_when_its_first_note_does(tmp_path: Path) -> None:
    samples = _record(tune([60], start=1.0), tmp_path)
    assert np.abs(samples[: SAMPLE_RATE - 100]).max() == 0.0
    assert np.abs(samples[SAMPLE_RATE : SAMPLE_RATE + 20_000]).max() > 0.01


def test_a_loud_cluster_is_attenuated_instead_of_clipped(tmp_path: Path) -> None:
    sequence = NoteSequence()
    for pitch in range(40, 90):
        sequence.notes.add(pitch=pitch, velocity=127, end_time=1.0, program=48)
    peak = np.abs(_record(sequence, tmp_path)).max()
    assert peak == pytest.approx(10 ** (-1 / 20), abs=1e-3)


def test_a_loud_note_is_louder_than_a_soft_one(tmp_path: Path) -> None:
    loud = _loudness(_record(tune([60], velocity=100), tmp_path))
    soft = _loudness(_record(tune([60], velocity=50), tmp_path))
    assert 3.0 < loud / soft < 5.0


def test_drums_use_the_drum_kit(tmp_path: Path) -> None:
    beat = tune([38])
    plain = _record(beat, tmp_path)
    beat.notes[0].is_drum = True
    assert not np.array_equal(plain, _record(beat, tmp_path))


def test_the_sustain_pedal_holds_a_note(tmp_path: Path) -> None:
    strings = tune([60])
    strings.notes[0].program = 48
    strings.control_changes.add(time=0.0, control_number=64, control_value=127)
    strings.control_changes.add(time=2.0, control_number=64, control_value=0)
    samples = _record(strings, tmp_path)
    assert len(samples) == round((2.0 + TAIL_S) * SAMPLE_RATE)
    assert np.abs(samples[int(1.8 * SAMPLE_RATE) : 2 * SAMPLE_RATE]).max() > 0.01


def test_music_without_notes_is_silence_of_the_same_length(tmp_path: Path) -> None:
    samples = _record(NoteSequence(total_time=1.0), tmp_path)
    assert len(samples) == round((1.0 + TAIL_S) * SAMPLE_RATE)
    assert np.abs(samples).max() == 0.0


def test_the_same_music_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav"):
        render_wav(tune([60, 62, 64]), tmp_path / name)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_a_missing_sound_font_is_reported(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no SoundFont at"):
        render_wav(tune([60]), tmp_path / "a.wav", sound_font=tmp_path / "none.sf2")
    assert not list(tmp_path.iterdir())


def test_an_invalid_sound_font_is_reported(tmp_path: Path) -> None:
    fake = tmp_path / "fake.sf2"
    fake.write_text("not a SoundFont")
    with pytest.raises(FileFormatError, match="is not a SoundFont"):
        render_wav(tune([60]), tmp_path / "a.wav", sound_font=fake)
    assert not (tmp_path / "a.wav").exists()
