"""A bundle is loaded into this process by its id or its file."""

from __future__ import annotations

import pytest

import magenta_bridge as mb
from magenta_bridge.client.request import DEFAULT_BARS
from magenta_bridge.generators.loading import find_bundle_file
from tests.architecture.sources import ROOT


def test_a_shipped_bundle_continues_a_tune() -> None:
    generator = mb.load("lstm_melody")
    primer = mb.read(ROOT / "tests/data/midi/melody.mid")
    clip = generator.generate(primer=primer, bars=2, seed=1, temperature=0.9)
    assert isinstance(clip, mb.NoteSequence)
    assert min(note.start_time for note in clip.notes) >= primer.total_time
    assert clip == generator.generate(primer=primer, bars=2, seed=1, temperature=0.9)
    assert clip != generator.generate(primer=primer, bars=2, seed=2, temperature=0.9)
    assert "lstm_melody" in repr(generator)
    assert {row.name for row in generator.info.arguments} >= {"temperature", "seed"}


def test_a_file_is_loaded_as_the_bundle_of_its_id() -> None:
    path = find_bundle_file("gru_melody")
    clips = [mb.load(name).generate(seed=3) for name in (path, "gru_melody")]
    assert clips[0] == clips[1]
    assert clips[0].total_time == DEFAULT_BARS * 2


def test_an_unknown_bundle_is_refused() -> None:
    with pytest.raises(mb.NotFoundError):
        mb.load("missing")
