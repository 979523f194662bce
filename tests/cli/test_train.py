"""``magenta-bridge train``: a folder of MIDI files in, a bundle out."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from magenta_bridge import write
from magenta_bridge.arguments import write_argument
from magenta_bridge.generators.loading import find_bundle_file, load_generator
from magenta_bridge.lab import model_card
from magenta_bridge.noteseq import GeneratorOptions, NoteSequence
from tests.cli.program import call_program, run_program

TUNES = Path(__file__).parents[1] / "data" / "midi"

_RECIPE = """
[bundle]
id = "tiny"
description = "Scales, to try the machinery."

[network]
units = [12]
embedding_units = 8
dropout = 0.1

[training]
epochs = 2
window_steps = 32
batch = 8
"""


def _write_tunes(folder: Path, count: int) -> None:
    """Write random walks over a scale, different enough to be different tune families."""
    folder.mkdir()
    scale = np.array([60, 62, 64, 65, 67, 69, 71, 72, 74, 76])
    for number in range(count):
        rng = np.random.default_rng(number)
        walk = np.clip(np.cumsum(rng.integers(-2, 3, 48)), -5, 4) + 5
        tune = NoteSequence(ticks_per_quarter=480)
        tune.tempos.add(qpm=120)
        tune.time_signatures.add(numerator=4, denominator=4)
        for beat, degree in enumerate(walk.tolist()):
            tune.notes.add(
                pitch=int(scale[degree]),
                velocity=100 if beat % 4 == 0 else 70,
                start_time=beat * 0.5,
                end_time=beat * 0.5 + 0.5,
            )
        tune.total_time = 24.0
        write(tune, folder / f"tune{number:02}.mid")


@pytest.fixture
def few_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Measure fewer samples than a published card."""
    monkeypatch.setattr(model_card, "SAMPLES", 24)


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("few_samples")
def test_a_folder_becomes_a_bundle_that_generates(tmp_path: Path) -> None:
    """A second call finds the run finished; with more music, the run is refused."""
    _write_tunes(tmp_path / "midi", 24)
    (tmp_path / "tiny.toml").write_text(_RECIPE, encoding="utf-8")
    bundle = tmp_path / "tiny.mag"
    words: list[str | Path] = [
        "train",
        tmp_path / "midi",
        "--recipe",
        tmp_path / "tiny.toml",
        "-o",
        bundle,
    ]
    words += ["--run", tmp_path / "run", "--id", "tiny-scales", "--description", "Mine."]
    first = call_program(*words)
    assert first.returncode == 0, first.stderr
    assert "epoch   2" in first.stderr
    card = bundle.with_suffix(".md").read_text(encoding="utf-8")
    assert "sixteenth step" in card
    assert bundle.with_suffix(".png").read_bytes().startswith(b"\x89PNG")

    options = GeneratorOptions()
    options.generate_sections.add(start_time=0.0, end_time=8.0)
    write_argument(options, "seed", 3)
    generator = load_generator(bundle)
    assert (generator.info.id, generator.info.description) == ("tiny-scales", "Mine.")
    assert generator.generate(NoteSequence(), options).notes

    second = call_program(*words)
    assert second.returncode == 0, second.stderr
    assert "epoch" not in second.stderr
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(".")]

    _write_tunes(tmp_path / "midi" / "more", 5)
    third = call_program(*words)
    assert third.returncode == 1
    assert "other music" in third.stderr


def test_too_little_music_is_refused(tmp_path: Path) -> None:
    _write_tunes(tmp_path / "midi", 3)
    result = call_program("train", tmp_path / "midi", "-o", tmp_path / "mine.mag")
    assert result.returncode == 1
    assert "at least 12" in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "mine.mag").exists()


def test_an_id_is_short_and_plain(tmp_path: Path) -> None:
    result = call_program("train", tmp_path, "--id", "My Tunes!", "-o", tmp_path / "mine.mag")
    assert result.returncode == 1
    assert "'My Tunes!' is not an id; use 1 to 64 small letters" in result.stderr


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    result = call_program("train", tmp_path / "nowhere", "-o", tmp_path / "mine.mag")
    assert result.returncode == 1
    assert "nowhere" in result.stderr


@pytest.mark.parametrize(
    ("output", "card", "message"),
    [
        ("mine.md", "card.md", "must be a file that ends in .mag"),
        ("file/mine.mag", "card.md", "cannot be created"),
        ("mine.mag", "file/card.md", "cannot be created"),
        ("mine.mag", "mine.png", "cannot be the model card"),
        ("mine.mag", "notes.md", "notes.md exists, and is not as an earlier training wrote it"),
        ("notes.mag", "card.md", "notes.mag exists"),
        ("plot.mag", "card.md", "plot.png exists"),
    ],
)
def test_outputs_are_checked_before_the_music_is_read(
    tmp_path: Path, output: str, card: str, message: str
) -> None:
    """An hour of training must not end in a folder that cannot be created."""
    users = [tmp_path / name for name in ("file", "notes.md", "notes.mag", "plot.png")]
    for path in users:
        path.touch()
    words: list[str | Path] = ["train", tmp_path, "-o", tmp_path / output]
    words += ["--card", tmp_path / card]
    result = call_program(*words)
    assert result.returncode == 1
    assert message in result.stderr
    assert "Reading" not in result.stderr
    assert sorted(tmp_path.iterdir()) == sorted(users)


def test_the_bundle_to_start_from_is_not_overwritten(tmp_path: Path) -> None:
    bundle = shutil.copy(find_bundle_file("lstm_melody"), tmp_path / "mine.mag")
    result = call_program("train", tmp_path, "--from", bundle, "-o", bundle)
    assert "is the bundle to start from" in result.stderr


def test_a_command_line_without_data_is_refused() -> None:
    result = run_program("train")
    assert result.returncode == 2
    assert "folder" in result.stderr


def test_a_recipe_is_not_combined_with_a_family(tmp_path: Path) -> None:
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(_RECIPE, encoding="utf-8")
    result = run_program("train", tmp_path, "--recipe", recipe, "--family", "gru")
    assert result.returncode == 2
    assert "cannot be combined" in result.stderr


def test_a_missing_bundle_to_start_from_is_refused(tmp_path: Path) -> None:
    result = call_program("train", tmp_path, "--from", "missing")
    assert result.returncode == 1
    assert "There is no bundle missing" in result.stderr
    assert "lstm_melody" in result.stderr


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("few_samples")
def test_a_shipped_bundle_is_fine_tuned_on_a_small_folder(tmp_path: Path) -> None:
    """It begins far ahead of a network with random weights."""
    words: list[str | Path] = [
        "-o",
        tmp_path / "mine.mag",
        "--run",
        tmp_path / "run",
        "--epochs",
        "1",
    ]
    result = call_program("train", TUNES, "--from", "gru_melody", *words)
    assert result.returncode == 0, result.stderr
    state = json.loads((tmp_path / "run" / "state.json").read_text(encoding="utf-8"))
    assert state["history"]["validation_loss"][0] < 1.2  # 4.8 nats without its weights
    assert list((tmp_path / "run" / "logs").iterdir())
    metadata = load_generator(tmp_path / "mine.mag").info
    assert (metadata.family, metadata.encoding) == ("gru", "melody")


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("few_samples")
def test_the_adversarial_family_is_trained_and_measured_like_any_other(tmp_path: Path) -> None:
    """From files to a bundle that generates bars, with the critic's curves beside it."""
    recipe = _RECIPE.replace('id = "tiny"', 'id = "tiny"\nfamily = "gan"')
    network = "units = 8\ncritic_units = 8\nembedding_units = 4\n\n[training]\nepochs = 1\n"
    (tmp_path / "tiny.toml").write_text(recipe.partition("units = ")[0] + network, encoding="utf-8")
    words: list[str | Path] = ["--recipe", tmp_path / "tiny.toml", "-o", tmp_path / "tiny.mag"]
    result = call_program("train", TUNES, *words, "--run", tmp_path / "run")
    assert result.returncode == 0, result.stderr
    state = json.loads((tmp_path / "run" / "state.json").read_text(encoding="utf-8"))
    assert {"critic", "real", "made", "nats"} <= set(state["history"])
    card = (tmp_path / "tiny.md").read_text(encoding="utf-8")
    assert "**network, float32**" in card
    assert "human music: the validation pieces" in card
    assert (tmp_path / "tiny.png").read_bytes().startswith(b"\x89PNG")
    options = GeneratorOptions()
    options.generate_sections.add(start_time=0.0, end_time=8.0)
    assert load_generator(tmp_path / "tiny.mag").generate(NoteSequence(), options).notes


@pytest.mark.parametrize(("family", "encoding"), [("lstm", "duo"), ("gan", "drums")])
def test_a_pair_without_a_network_is_refused(tmp_path: Path, family: str, encoding: str) -> None:
    words: list[str | Path] = ["--family", family, "--encoding", encoding]
    result = call_program("train", TUNES, *words, "-o", tmp_path / "mine.mag")
    assert result.returncode == 1
    assert f"There is no {family} of {encoding} to train" in result.stderr
    assert "gan of duo" in result.stderr
    assert "Traceback" not in result.stderr


def test_an_adversarial_bundle_is_not_fine_tuned(tmp_path: Path) -> None:
    words: list[str | Path] = ["--from", "gan_melody", "-o", tmp_path / "mine.mag"]
    result = call_program("train", TUNES, *words)
    assert result.returncode == 1
    assert "not supported" in result.stderr
