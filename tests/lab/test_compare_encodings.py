"""``magenta-bridge compare`` for the encodings of only one shipped bundle."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from magenta_bridge.arguments import write_argument
from magenta_bridge.formats import write
from magenta_bridge.generators.bundle import read_bundle, write_bundle
from magenta_bridge.generators.loading import find_bundle_file, load_generator
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from tests.cli.program import run_program

# A piece counts as a duo if both tracks keep playing, which is about half of them.
PIECES = {"lstm_drums": 14, "lstm_performance": 14, "gan_duo": 28}
# Eight bars of 4/4 at 120 quarter notes a minute.
SECONDS = 16.0


def _music_of(path: Path, folder: Path, pieces: int) -> None:
    """Write pieces that a bundle generates without a primer."""
    generator = load_generator(path)
    frame = NoteSequence()
    frame.tempos.add(qpm=120.0)
    frame.time_signatures.add(numerator=4, denominator=4)
    folder.mkdir()
    for seed in range(pieces):
        options = GeneratorOptions()
        options.generate_sections.add(start_time=0.0, end_time=SECONDS)
        write_argument(options, "seed", seed + 1000)
        write(generator.generate(frame, options), folder / f"{seed:02}.mid")


def _renamed(path: Path, copy: Path) -> None:
    """Write the same model under another id."""
    held = read_bundle(path)
    write_bundle(
        copy,
        generator_id="other",
        description=held.description,
        details=held.details,
        program=held.program.flatbuffer,
        network=held.network,
    )


@pytest.mark.timeout(240)
@pytest.mark.parametrize("name", PIECES)
def test_one_model_under_two_names_gets_the_same_figures(name: str, tmp_path: Path) -> None:
    """Only speed may differ; the model scores its own music better than n-grams do."""
    path = find_bundle_file(name)
    _music_of(path, tmp_path / "music", PIECES[name])
    _renamed(path, tmp_path / "other.mag")
    page = tmp_path / "report.html"
    result = run_program(
        "compare", name, tmp_path / "other.mag", "--data", tmp_path / "music", "-o", page,
        "--samples", "3", "--json", timeout=230,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    one, other = found["bundles"][name], found["bundles"]["other"]
    assert one["likelihood"] == other["likelihood"]
    assert one["music"] == other["music"]
    (apart,) = found["differences"]
    assert set(apart["bits_per_note"].values()) == {0.0}
    floors = [each["bits_per_note"]["mean"] for each in found["baselines"].values()]
    assert one["likelihood"]["bits_per_note"]["mean"] < min(floors)
    assert (one["music"]["musegan"]["TD"] is not None) == (name == "gan_duo")
    assert (one["music"]["musegan"]["DP"] is not None) == (name == "lstm_drums")
    assert page.read_text(encoding="utf-8").count("<audio") == 3
